"""One line or several lines, by what stands at the cursor (`|`), in eight languages and without a grammar."""

from __future__ import annotations

import pytest

from inference.multiline import max_lines_at
from inference.prompts import CursorContext

MOST = 8
PLACES = [
    ("python", "def f(a):|\n", MOST),
    ("python", "def f(a):\n    |\n", MOST),
    ("python", "def f(a):|\n    return 1\n", 1),
    (
        "python",
        "class A:\n    def f(self):\n        x = 1\n        |\n\n    def g(self):\n        pass\n",
        MOST,
    ),
    ("python", "x = |\n", 1),
    ("python", "# note |\n", 1),
    ("python", '"""Doc |\n"""\n', 1),
    ("python", '"""\n|\n"""\nx = 1\n', 1),
    ("python", 'x = {"a":|}\n', 1),
    ("python", "x: dict[str,|\n", 1),
    ("python", 'd = {\n    "a":|\n}\n', 1),
    ("python", "f = lambda x:|\n", 1),
    ("python", "a[1:|\n", 1),
    ("python", "if x:|\nelse:\n    pass\n", MOST),
    ("python", "call(|", MOST),
    ("python", "for a in b:\n    foo()\n    if a:|", MOST),
    ("javascript", "function f() {|\n}\n", MOST),
    ("javascript", "function f() {|\n", MOST),
    ("javascript", "function f() {|\n  return 1;\n}\n", 1),
    ("javascript", "const f = () => {|\n};\n", MOST),
    ("javascript", "// todo |\n", 1),
    ("javascript", "/**\n * |\n */\nfunction f() {}\n", 1),
    ("javascript", "const s = `a\n|\n`;\n", 1),
    ("javascript", "const o = { a: |\n", 1),
    ("javascript", "if (x) {\n  |\n}\n", MOST),
    ("javascript", "const x = |\n", 1),
    ("javascript", "foo(() => {|\n});\n", MOST),
    ("typescript", "interface A {|\n}\n", MOST),
    ("typescript", "let a:|\n", 1),
    ("typescript", "class A {\n  f(): void {|\n  }\n}\n", MOST),
    ("typescript", "f(): |", 1),
    ("go", "package a\n\nfunc f() {|\n}\n", MOST),
    ("go", "package a\n\nfunc f() {\n\tif x {|\n\t}\n}\n", MOST),
    ("go", "package a\n\nfunc f() {\n\tx := |\n}\n", 1),
    ("go", "package a\n\n// F |\nfunc f() {}\n", 1),
    ("go", "package a\n\nfunc f() {\n\tswitch x {\n\tcase 1:|\n\t}\n}\n", MOST),
    ("rust", "fn f() {|\n}\n", MOST),
    ("rust", "fn f() {\n    let x = |\n}\n", 1),
    ("rust", "fn f() {\n    match x {|\n    }\n}\n", MOST),
    ("rust", "/// Doc |\nfn f() {}\n", 1),
    ("rust", "struct A {|\n}\n", MOST),
    ("c", "int f(void)\n{|\n}\n", MOST),
    ("c", "int f(void) {|\n    return 1;\n}\n", 1),
    ("c", "int x = |\n", 1),
    ("c", "/* a |\n */\nint x;\n", 1),
    ("c", 'char *s = "a |";\n', 1),
    ("c", "int f(void)\n{\n    |\n}\n", MOST),
    ("lua", "function f()|\nend\n", MOST),
    ("lua", "if x then|\nend\n", MOST),
    ("lua", "for i = 1, 2 do|\nend\n", MOST),
    ("lua", "local x = |\n", 1),
    ("lua", "-- a |\n", 1),
    ("lua", "local f = function(a)|\nend\n", MOST),
    ("lua", "if x then|\n  y()\nend\n", 1),
    ("lua", "local a = f(x)|\n", 1),
    ("c", "static int *f(int a)|\n", MOST),
    ("c", "    f(a)|\n", 1),
    ("java", "class A {|\n}\n", MOST),
    ("java", "class A {\n    void f() {|\n    }\n}\n", MOST),
    ("java", "class A {\n    int x = |\n}\n", 1),
    ("java", "class A {\n    // a |\n}\n", 1),
    ("java", "class A {\n    void f() {\n        |\n    }\n}\n", MOST),
    ("java", 'class A {\n    String s = "a |";\n}\n', 1),
    ("zig", "fn f() {|\n}", MOST),
    ("zig", "x = |", 1),
    ("", "|", MOST),
    ("cobol", "MOVE |", 1),
]


def at(language: str, text: str) -> CursorContext:
    prefix, suffix = text.split("|")
    return CursorContext("file:///a", prefix, suffix, language=language)


@pytest.mark.parametrize(("language", "text", "lines"), PLACES)
def test_several_lines_are_asked_for_where_a_block_is_empty_or_a_line_blank(
    language: str, text: str, lines: int
) -> None:
    assert max_lines_at(at(language, text), MOST) == lines


def test_never_more_than_the_user_wants() -> None:
    assert max_lines_at(at("python", "def f():|\n"), 1) == 1
    assert max_lines_at(at("python", "def f():|\n"), 3) == 3


@pytest.mark.parametrize("language", ["zig", "", "no such language", "python\n", "../python"])
def test_a_language_without_a_grammar_is_judged_by_the_text_alone(language: str) -> None:
    assert max_lines_at(at(language, "fn f() {|\n}"), MOST) == MOST
    assert max_lines_at(at(language, "x = |\n"), MOST) == 1
