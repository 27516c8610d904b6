"""What a cursor stands in is known while the line under it is unfinished."""

from __future__ import annotations

import pytest

from syntax.scope import BEFORE_CHARACTERS, Scope, scope

PYTHON = """class A(Base):
    def __init__(self, hidden: Client):
        self.c = hidden

    def run(self, x: Foo, y: int = 3, *rest, **more):
        a = Bar(x)
        b: list[int] = []
        with open(x) as f, Lock() as held:
            for k, v in x.items():
                try:
                    q, r = 1, 2
                except ValueError as e:
                    """
NAMES = {"x": "Foo", "y": "int", "rest": "", "more": "", "a": "Bar", "b": "list[int]", "f": "open"}
NAMES |= {"held": "Lock", "k": "", "v": "", "q": "", "r": "", "e": "ValueError", "self": "A", "cls": "A"}


def at_end(text: str, language: str) -> Scope:
    return scope(text, len(text), language)


@pytest.mark.parametrize(
    "line",
    ["", "self.", "if self.c.get(a, ", "return {a: [self.", "for z in a.", "x = 'unfinished", "# why"],
)
def test_an_unfinished_line_of_python_hides_nothing(line: str) -> None:
    found = at_end(PYTHON + line, "python")
    assert (found.owner, found.bases, found.function) == ("A", ("Base",), "A.run")
    assert {name: found.names.get(name) for name in NAMES} == NAMES
    assert "hidden" not in found.names


def test_what_stands_after_the_cursor_does_not_matter() -> None:
    broken = PYTHON + "self.\n    def (((\nclass"
    assert scope(broken, len(PYTHON) + 5, "python") == at_end(PYTHON + "self.", "python")


def test_between_members_a_cursor_is_in_the_class_alone() -> None:
    found = at_end("class A(B):\n    def f(self):\n        pass\n\n    ", "python")
    assert (found.owner, found.bases, found.function) == ("A", ("B",), "")
    assert at_end("class A(B):\n    @pro", "python").function == ""
    assert at_end("class A:\n    def f(self):\n        pass\n\n", "python").owner == ""


LANGUAGES = {
    "typescript": (
        "class Tree<T> extends Base {\n  walk(d: number, {a, b: c}: P) {\n    const x = new Foo<T>();\n"
        "    for (const k of xs) {\n      if (this.root.",
        ("Tree", "Tree.walk", {"this": "Tree", "d": "number", "a": "", "c": "", "x": "Foo", "k": ""}),
    ),
    "javascript": (
        "const f = async (a) => {\n  const {x, y: z} = await g();\n  const c = make(a);\n  return a.",
        ("", "f", {"a": "", "x": "", "z": "", "c": "make"}),
    ),
    "go": (
        "func (t *Tree) Walk(d, e int) error {\n\tx := NewFoo()\n\tvar y *Bar\n\tz := &Baz{}\n\tif err := x.",
        ("Tree", "Tree.Walk", {"d": "int", "e": "int", "x": "NewFoo", "y": "*Bar", "z": "Baz", "t": "*Tree"}),
    ),
    "rust": (
        "impl Grow for Tree {\n    fn walk(&self, d: u8) {\n        let x = Foo::new();\n"
        "        let y: Bar = z;\n"
        "        for k in xs {\n            self.",
        ("Tree", "Tree.walk", {"self": "Tree", "d": "u8", "x": "Foo::new", "y": "Bar", "k": ""}),
    ),
    "java": (
        "class Tree extends Base {\n    int walk(int d, Foo f) {\n        Bar b = new Bar();\n"
        "        var v = new Baz();\n        for (Leaf l : ls) {\n            f.",
        ("Tree", "Tree.walk", {"this": "Tree", "d": "int", "f": "Foo", "b": "Bar", "v": "Baz", "l": "Leaf"}),
    ),
    "csharp": (
        "class Tree : Base {\n    int Walk(int d) {\n        Bar b = x;\n"
        "        var v = new Baz();\n        b.",
        ("Tree", "Tree.Walk", {"d": "int", "b": "Bar", "v": "Baz"}),
    ),
    "kotlin": (
        "class Tree : Base() {\n    fun walk(d: Int) {\n        val b = Bar()\n        b.",
        ("Tree", "Tree.walk", {"d": "Int", "b": "Bar"}),
    ),
    "c": (
        "int pick(Tree *tree, int d)\n{\n    struct Leaf *leaf = 0;\n    int a, b = 2;\n    if (tree->",
        ("", "pick", {"tree": "Tree", "d": "int", "leaf": "struct Leaf", "a": "int", "b": "int"}),
    ),
    "cpp": (
        "int Tree::cut(int d) {\n    auto x = new Foo();\n    std::vector<int> v;\n"
        "    for (auto k : v) {\n        x->",
        ("Tree", "Tree.cut", {"d": "int", "x": "Foo", "v": "std::vector<int>"}),
    ),
    "ruby": (
        "class Tree < Base\n  def walk(d)\n    x = Foo.new(d)\n    if d\n      x.",
        ("Tree", "Tree.walk", {"d": "", "x": "Foo"}),
    ),
    "php": (
        "<?php\nclass Tree extends Base {\n    function walk(Foo $f) {\n"
        "        $x = new Bar();\n        $x->",
        ("Tree", "Tree.walk", {"$this": "Tree", "$f": "Foo", "$x": "Bar"}),
    ),
    "lua": (
        "function M:walk(d)\n  local x = Foo.new()\n  for i, k in pairs(t) do\n    x:",
        ("M", "M.walk", {"self": "M", "d": "", "x": "Foo.new", "i": "", "k": ""}),
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language(language: str) -> None:
    text, (owner, function, names) = LANGUAGES[language]
    for line in ("", "na"):
        found = at_end(text + line, language)
        assert (found.owner, found.function) == (owner, function)
        assert {name: found.names.get(name) for name in names} == names
        assert found.receiver.partial == line


@pytest.mark.parametrize("language", [*LANGUAGES, "python", "fantasy"])
def test_any_cursor_raises_nothing(language: str) -> None:
    text = LANGUAGES.get(language, (PYTHON,))[0]
    for cursor in range(-1, len(text) + 2, 3):
        scope(text, cursor, language)


def test_far_below_its_head_a_class_is_still_known() -> None:
    methods = "".join(f"    def f{n}(self):\n        return {n}\n\n" for n in range(BEFORE_CHARACTERS // 20))
    text = f"class A(\n    Base,\n):\n    '''Words.'''\n\n{methods}    def last(self, x: Foo):\n        x."
    found = at_end(text, "python")
    assert (found.owner, found.bases, found.function) == ("A", ("Base",), "A.last")
    assert found.names["x"] == "Foo"


def test_lines_of_a_string_that_are_indented_less_are_no_heads() -> None:
    sql = "        x = '''\nSELECT a\n  FROM b\n'''\n" * (BEFORE_CHARACTERS // 20)
    found = at_end(f"class A(Base):\n    def run(self):\n{sql}        self.", "python")
    assert (found.owner, found.function) == ("A", "A.run")


def test_without_a_grammar_there_is_the_receiver() -> None:
    assert at_end("a.b", "fantasy").receiver.parts == ("a",)
