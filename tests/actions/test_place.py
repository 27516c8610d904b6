"""What stands at some lines: the definition, the test, and whether it is written."""

from __future__ import annotations

import pytest

from actions.place import Place, outline, place

PYTHON = "class A:\n    def m(self):\n        pass\n\n\ndef test_a():\n    assert A()\n"
SCRIPT = """\
describe("cart", () => {
  it("adds up", async () => {
    expect(1).toBe(1);
  });

  it.skip('waits', () => {});
  test(`one line`, () => expect(1).toBe(1));
});
const after = 1;
"""
RUST = "#[test]\nfn adds() {\n    assert!(true);\n}\n\nfn plain() {\n    work();\n}\n"
GO = 'package a\n\nfunc TestA(t *testing.T) {\n\tt.Error("x")\n}\n\nfunc Help() {\n\twork()\n}\n'


def at(text: str, path: str, language: str, line: int, last: int = -1) -> Place:
    return place(outline(text, language, path), line, max(line, last))


def test_the_innermost_definition_counts() -> None:
    assert at(PYTHON, "a.py", "python", 2) == Place("A.m", "method", written=False)
    assert at(PYTHON, "a.py", "python", 0).name == "A"
    assert at(PYTHON, "a.py", "python", 1, 3).name == "" and at(PYTHON, "a.py", "python", 3).name == ""


def test_a_definition_that_is_too_long_is_not_rewritten_as_a_whole() -> None:
    long = "class Long:\n" + "    x = 1\n" * 200 + "    def m(self):\n        return 1\n"
    assert at(long, "a.py", "python", 5).name == "" and at(long, "a.py", "python", 202).name == "Long.m"


@pytest.mark.parametrize(("path", "test"), [("tests/test_a.py", "test_a"), ("a.py", "")])
def test_a_python_test_is_one_by_its_name_and_its_files(path: str, test: str) -> None:
    found = at(PYTHON, path, "python", 6)
    assert (found.name, found.test) == ("test_a", test)


@pytest.mark.parametrize(
    ("line", "test"),
    [
        (0, ""),
        (1, "adds up"),
        (2, "adds up"),
        (3, "adds up"),
        (4, ""),
        (5, "waits"),
        (6, "one line"),
        (7, ""),
    ],
)
def test_a_script_s_test_is_a_call(line: int, test: str) -> None:
    assert at(SCRIPT, "cart.test.ts", "typescript", line).test == test


def test_rust_and_go_mark_theirs() -> None:
    assert at(RUST, "src/a.rs", "rust", 2).test == "adds" and at(RUST, "src/a.rs", "rust", 6).test == ""
    assert at(GO, "a_test.go", "go", 3).test == "TestA" and at(GO, "a_test.go", "go", 7).test == ""
    assert at(GO, "a.go", "go", 3).test == ""


def test_a_text_without_a_grammar_defines_nothing() -> None:
    assert at("some words\n", "a.txt", "", 0) == Place() and at("", "a.py", "python", 0) == Place()
