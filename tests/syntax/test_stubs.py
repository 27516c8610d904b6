"""A function without a body yet is told from one that is written, in each language's way of saying so."""

from __future__ import annotations

import pytest

from syntax.extract import facts
from syntax.stubs import stubs

PYTHON = '''\
class Cart:
    def total(self):
        """Doc."""
        # TODO

    @property
    def size(self):
        pass

    def written(self): return 1


def dots():
    ...


def raised(a):
    """Doc."""
    raise NotImplementedError("later")


def documented(a):
    "Doc only."


def written_raise(a):
    raise ValueError(a)


def written_two(a):
    pass
    return a
'''
JAVASCRIPT = """\
export const arrow = (a) => { };
export function thrown(a) { throw new Error("not implemented"); }
class A {
  method() { /* later */ }
  written() { return 1; } }
const writtenExpression = (a) => a + 1;
function noted(a) {
  // TODO: add
}
function writtenThrow(a) {
  throw new RangeError(a);
}
"""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", PYTHON),
        ("javascript", JAVASCRIPT),
        ("go", 'package a\nfunc F() int {\n\tpanic("not implemented")\n}\nfunc written() int { return 1 }\n'),
        ("rust", "fn f() -> i32 {\n    todo!()\n}\n\nfn written() -> i32 {\n    1\n}\n"),
        ("java", "class A {\n  int f() { throw new UnsupportedOperationException(); }\n\n"
                 "  int written() { return 1; }\n}\n"),
    ],
)  # fmt: skip
def test_what_is_not_written_yet(language: str, text: str) -> None:
    functions = [symbol for symbol in facts(text, language).symbols if symbol.kind in ("function", "method")]
    found = stubs(text, language, [(symbol.first, symbol.last) for symbol in functions])
    for symbol in functions:
        assert ((symbol.first, symbol.last) in found) != symbol.name.startswith("written"), symbol.name
    assert len(functions) >= 2


def test_what_cannot_be_read_has_none() -> None:
    assert stubs("def f(): pass\n", "", [(0, 0)]) == frozenset()
    assert stubs("", "python", [(0, 0), (5, 9)]) == frozenset()
