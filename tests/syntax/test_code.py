"""Comments and documentation are no code; everything else is."""

from __future__ import annotations

import pytest

from syntax.code import code_of, errors

PLAIN = "def f(x):\n    y = 'a  b'\n    return y + x\n"
DOCUMENTED = '''"""Module."""
# about f
def f(x):
    """Say what.

    More.
    """
    y = 'a  b'  # two blanks
    return y + \\
        x
'''


def test_documentation_and_layout_are_no_code() -> None:
    assert code_of(DOCUMENTED, "python") == code_of(PLAIN, "python")


@pytest.mark.parametrize(
    ("old", "new"), [("'a  b'", "'a b'"), ("y + x", "y - x"), ("f(x)", "f(x, z)"), ("return ", "")]
)
def test_a_change_of_code_is_told(old: str, new: str) -> None:
    assert code_of(PLAIN.replace(old, new), "python") != code_of(PLAIN, "python")


def test_a_string_that_is_not_the_first_statement_is_code() -> None:
    assert code_of("x = 1\n'text'\n", "python") != code_of("x = 1\n", "python")
    assert code_of("class A:\n    'doc'\n    x = 1\n", "python") == code_of("class A:\n    x = 1\n", "python")


@pytest.mark.parametrize(
    ("language", "plain", "documented"),
    [
        (
            "javascript",
            "function f() { return 1; }\n",
            "/** Says. */\nfunction f() { // one\n  return 1; }\n",
        ),
        (
            "go",
            "package a\nfunc F() int { return 1 }\n",
            "package a\n// F returns.\nfunc F() int { return 1 }\n",
        ),
        ("rust", "fn f() -> i32 { 1 }\n", "/// One.\nfn f() -> i32 { 1 /* one */ }\n"),
    ],
)
def test_other_languages(language: str, plain: str, documented: str) -> None:
    assert code_of(documented, language) == code_of(plain, language) is not None


def test_nothing_is_said_of_what_does_not_parse() -> None:
    assert code_of("def f(:\n", "python") is None
    assert code_of("some words", "plaintext") is None


def test_errors_are_told_by_their_lines() -> None:
    assert errors("def f(:\n    pass\n", "python")[0] == 0
    assert errors("x = 1\ny = (2\n", "python") != []
    assert errors("x = 1\n", "python") == [] == errors("some ( words", "plaintext")
