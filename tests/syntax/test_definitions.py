"""What a text defines comes out by name, kind, lines and signature, in every language."""

from __future__ import annotations

import pytest

from syntax.definitions import LARGEST, definitions, identifiers

PYTHON = '''import os

LIMIT: int = 3


@dataclass(frozen=True)
class Tree(Base):
    """Words that are no code."""

    root: int = 0

    @property
    def height(self) -> int:
        return 1

    async def walk(
        self,
        depth: int,
    ) -> None:
        def inner(): ...


def plant(seed): return seed
'''
GO = """package wood

const Limit = 3

type Tree struct {
	Root int
}

func (t *Tree) Walk(depth int) error {
	return nil
}

func Plant(seed int) *Tree {
	return nil
}
"""
RUST = """pub struct Tree<T> {
    root: T,
}

impl<T> Tree<T> {
    pub fn walk(&self, depth: u8) -> bool {
        true
    }
}

pub trait Grow {
    fn grow(&mut self);
}

const LIMIT: u8 = 3;
mod wood { pub fn plant() {} }
"""
C = """#ifndef WOOD_H
#define WOOD_H
#define LIMIT 3
typedef struct { int root; } Tree;
struct Leaf { int green; };
struct Leaf *pick(Tree *tree,
                  int depth)
{
    return 0;
}
int plant(void);
#endif
"""
CPP = """namespace wood {
template <typename T>
class Tree : public Base {
 public:
  int walk(int depth) const { return depth; }
  void grow(int);
};
int Tree::cut(int depth) { return depth; }
}
"""
JAVA = """public class Tree extends Base {
    static final int LIMIT = 3;
    public Tree(int root) { }
    int walk(int depth) throws Error {
        return depth;
    }
}
interface Grow { void grow(); }
enum Kind { OAK, ELM }
"""
LUA = """local M = {}
local LIMIT = 3
function M.plant(seed)
  return seed
end
function M:walk(depth) end
M.grow = function(by) return by end
local function cut() end
return M
"""
JAVASCRIPT = """import fs from "fs";
const path = require("path");
export const LIMIT = 3;
export class Tree extends Base {
  constructor(root) { super(); }
  walk(depth) {
    return depth;
  }
}
export const plant = async (seed) => {
  return seed;
};
export default function cut(tree) { }
"""
TYPESCRIPT = """export interface Grow {
  by: number;
  grow(by: number): void;
}
export type Kind = "oak" | "elm";
export enum Size { Small, Large }
export abstract class Tree<T> implements Grow {
  private root: T;
  abstract grow(by: number): void;
  async walk(depth: number): Promise<void> { }
}
export const plant = (seed: string): Tree<string> => {
  return null!;
};
declare function cut(tree: Tree<string>): void;
"""
TSX = "export function App(props: Props) {\n  return <Tree root={props.root}>wood</Tree>;\n}\n"

CASES = {
    "python": (PYTHON, "LIMIT:constant Tree:class Tree.height:method Tree.walk:method plant:function"),
    "go": (GO, "Limit:constant Tree:type Tree.Walk:method Plant:function"),
    "rust": (RUST, "Tree:type Tree.walk:method Grow:class Grow.grow:method LIMIT:constant plant:function"),
    "c": (C, "WOOD_H:constant LIMIT:constant Tree:type Leaf:type pick:function plant:function"),
    "cpp": (CPP, "Tree:class Tree.walk:method Tree.cut:method"),
    "java": (JAVA, "Tree:class Tree.Tree:method Tree.walk:method Grow:class Grow.grow:method Kind:type"),
    "lua": (
        LUA,
        "M:constant LIMIT:constant M.plant:method M.walk:method M.grow:method cut:function",
    ),
    "javascript": (
        JAVASCRIPT,
        "LIMIT:constant Tree:class Tree.constructor:method Tree.walk:method plant:function cut:function",
    ),
    "typescript": (
        TYPESCRIPT,
        "Grow:class Grow.grow:method Kind:type Size:type Tree:class Tree.grow:method Tree.walk:method "
        "plant:function cut:function",
    ),
    "typescriptreact": (TSX, "App:function"),
}


@pytest.mark.parametrize("language", CASES)
def test_definitions_of_every_kind_are_found(language: str) -> None:
    text, expected = CASES[language]
    found = definitions(text, language)
    assert [f"{one.qualified}:{one.kind}" for one in found] == expected.split()
    lines = text.split("\n")
    for one in found:
        assert one.name in "\n".join(lines[one.first : one.last + 1])
        assert set(one.stub.split("\n")) <= {line.rstrip() for line in lines}


def stub(language: str, name: str) -> str:
    return next(one.stub for one in definitions(CASES[language][0], language) if one.qualified == name)


def test_a_stub_is_the_signature_without_the_body() -> None:
    assert stub("python", "Tree.walk") == (
        "    async def walk(\n        self,\n        depth: int,\n    ) -> None:"
    )
    assert stub("go", "Tree.Walk") == "func (t *Tree) Walk(depth int) error {"
    assert stub("c", "pick") == "struct Leaf *pick(Tree *tree,\n                  int depth)"
    assert stub("typescript", "plant") == "export const plant = (seed: string): Tree<string> => {"


def test_the_stub_of_a_class_holds_the_heads_of_its_members() -> None:
    assert stub("python", "Tree").split("\n") == [
        "class Tree(Base):",
        "    root: int = 0",
        "    def height(self) -> int:",
        "    async def walk(",
        "        self,",
        "        depth: int,",
        "    ) -> None:",
    ]
    assert stub("cpp", "Tree").split("\n")[-1] == "  void grow(int);"


def test_a_type_is_shown_whole() -> None:
    assert stub("go", "Tree") == "type Tree struct {\n\tRoot int\n}"


def test_lines_count_from_its_decorator_to_its_end() -> None:
    tree = definitions(PYTHON, "python")[1]
    lines = PYTHON.split("\n")
    assert lines[tree.first] == "@dataclass(frozen=True)"
    assert lines[tree.last] == "        def inner(): ..."


@pytest.mark.parametrize("language", CASES)
def test_a_text_cut_anywhere_is_no_error(language: str) -> None:
    text = CASES[language][0]
    for end in range(0, len(text), 7):
        definitions(text[:end], language)
        definitions(text[end:], language)


def test_identifiers_leave_out_comments_and_strings() -> None:
    text = "def f(a):\n    # neither\n    return a.name('nor')\n"
    assert identifiers(text, "python") == [("f", 0), ("a", 0), ("a", 2), ("name", 2)]


def test_a_language_without_a_grammar_has_words_and_no_definitions() -> None:
    assert definitions("define f (x)", "fantasy") == ()
    assert identifiers("let us\ngo", "fantasy") == [("let", 0), ("us", 0), ("go", 1)]


@pytest.mark.parametrize("text", ["", "\n", "\ud800x = 1\n", "\0", "é = 1\n", "x = 1\r\ny = 2\r\n"])
def test_odd_texts_are_taken(text: str) -> None:
    definitions(text, "python")
    identifiers(text, "python")


def test_what_is_too_large_is_not_parsed() -> None:
    assert definitions("x = 1\n" * (LARGEST // 6 + 1), "python") == ()


def test_others_get_their_turn_while_a_large_text_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("syntax.definitions._collect", lambda *_: None)
    monkeypatch.setattr("syntax.definitions.time.sleep", pauses.append)
    definitions(PYTHON * 10, "python")
    assert pauses == [], "a small text is not worth it"
    definitions(PYTHON * 300, "python")
    assert len(pauses) > 5
