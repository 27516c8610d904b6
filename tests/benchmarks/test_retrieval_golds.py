"""Holes are cut where a name is first used, and golds are what the package says, not what our graph says."""

from __future__ import annotations

from benchmarks.retrieval import named
from benchmarks.retrieval.golds import Gold, head, import_spans, query

PYTHON = "import os\nfrom a import (\n    one,\n    two,\n)\nfrom b import three\n\nx = one(two)\ny = x\n"


def cut(text: str, language: str, line: int, column: int, name: str, root: str | None = None):
    gold = Gold("m", line, column, name, "d", 0, "function", name if root is None else root)
    return query("p", language, gold, {"m": text, "d": f"async def {name}(self):"}.__getitem__)


def test_the_hole_has_no_name_and_no_rest_of_its_line() -> None:
    hole = cut(PYTHON, "python", 7, 4, "one")
    assert hole.prefix.endswith("\n\nx = ")
    assert hole.suffix == "\ny = x\n"
    assert hole.head == "def one"


def test_an_import_of_several_lines_loses_only_the_names_line() -> None:
    hole = cut(PYTHON, "python", 7, 4, "one")
    assert hole.without is not None
    assert hole.without.startswith("import os\nfrom a import (\n    two,\n)\nfrom b import three\n")


def test_an_import_of_one_line_is_gone() -> None:
    hole = cut(PYTHON, "python", 8, 4, "three")
    assert hole.without is not None and "three" not in hole.without and "one" in hole.without


def test_without_an_import_there_is_nothing_to_take_out() -> None:
    assert cut(PYTHON, "python", 7, 4, "four").without is None
    assert cut(PYTHON, "python", 7, 4, "join", root="").without is None


def test_an_import_below_the_cursor_stays() -> None:
    hole = cut("def f():\n    x = three()\n    from b import three\n", "python", 1, 8, "three")
    assert hole.without is None


def test_a_head_has_no_modifiers() -> None:
    assert head("export default async function  load(a, b) {", "load") == "function load"
    assert head("pub(crate) const fn len(&self)", "len") == "fn len"
    assert head("    async def run(self):", "run") == "def run"
    assert head("func (r *Reader) Read(p []byte)", "Read") == "func (r *Reader) Read"


def test_imports_of_other_languages() -> None:
    assert import_spans("import {\n  a,\n} from './b';\nimport './c';\nconst d = 1;\n", "typescript") == [
        (0, 2),
        (3, 3),
    ]
    assert import_spans('package p\n\nimport (\n\t"a"\n\t"b/c"\n)\n', "go") == [(2, 5)]
    assert import_spans("use a::{\n    B,\n    C,\n};\npub use d::E;\n", "rust") == [(0, 3), (4, 4)]


def test_typescript_golds_are_imported_from_the_package() -> None:
    texts = {
        "a.ts": "export class Reader {}\nexport function parseAll() {}\nexport type Shape = number;\n",
        "b.ts": "import { Reader, Shape } from './a';\n// Reader\nlet s: Shape;\nnew Reader(parseAll());\n"
        "new Reader();\n",
        "c.ts": "import { Reader } from 'elsewhere';\nnew Reader();\n",
        "d.ts": "export type Shape = string;\n",
    }
    found = named.golds(texts, "typescript", 9, 9, 1)
    # Shape is defined twice, parseAll is not imported, a comment is no use, and c.ts means another Reader.
    assert [(one.path, one.line, one.column, one.name, one.gold_line) for one in found] == [
        ("b.ts", 3, 4, "Reader", 0)
    ]


def test_go_golds_are_of_the_folder_or_of_an_imported_package() -> None:
    texts = {
        "x/a.go": "package x\n\nfunc Parse() {}\n\ntype thing struct{}\n\nfunc (t thing) DoSomething() {}\n",
        "x/b.go": "package x\n\nfunc g() {\n\tParse()\n\tq.DoSomething()\n}\n",
        "y/c.go": 'package y\n\nimport "m/x"\n\nfunc h() {\n\tx.Parse()\n}\n',
        "z/d.go": "package z\n\nfunc k() {\n\tx.Parse()\n\tq.DoSomething()\n}\n",
    }
    found = named.golds(texts, "go", 9, 9, 1)
    assert {(one.path, one.name, one.root) for one in found} == {
        ("x/b.go", "Parse", ""),
        ("x/b.go", "DoSomething", ""),
        ("y/c.go", "Parse", "x"),
    }


def test_rust_golds_are_used_by_name_or_called_as_methods() -> None:
    texts = {
        "a.rs": "pub struct Frame<'a> {}\n\nimpl Frame {\n    pub fn encode_into(&self) {}\n"
        "    fn take(&self) {}\n}\n",
        "b.rs": "use crate::a::Frame;\n\nfn f(x: Frame) {\n    x.encode_into(1);\n    x.take();\n}\n",
        "c.rs": "fn g() {\n    Frame::new();\n}\n",
    }
    found = named.golds(texts, "rust", 9, 9, 1)
    assert {(one.path, one.name) for one in found} == {("b.rs", "Frame"), ("b.rs", "encode_into")}


def test_draws_are_the_same_each_time_and_bounded() -> None:
    texts = {"a.ts": "".join(f"export class Name{n} {{}}\n" for n in range(20))}
    listed = ", ".join(f"Name{n}" for n in range(20))
    for at in range(5):
        texts[f"b{at}.ts"] = f"import {{ {listed} }} from './a';\n[{listed}];\n"
    once, again = (named.golds(texts, "typescript", 7, 3, 5) for _ in range(2))
    assert once == again and len(once) == 7
    assert max(sum(one.path == path for one in once) for path in texts) == 3
