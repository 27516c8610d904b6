"""What stands at some lines of a file: which definition, which test, and whether it is written yet.

Read once per text (`Outline`), asked for every move of a cursor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from actions.target import LONGEST, WHOLE
from syntax.extract import facts
from syntax.facts import Symbol
from syntax.stubs import stubs
from tools.suites import is_test

FUNCTIONS = ("function", "method")
CALLED = re.compile(r"""^(\s*)(?:it|test|specify)(?:\.\w+)*\(\s*(["'`])(.+?)\2""")
"""How JavaScript's frameworks write a test: a call with its name."""
MARKED = re.compile(r"#\[(\w+::)*test\b|@(\w+)?Test\b|\[(Fact|Theory|Test|TestMethod)\b")
"""What makes a function a test in Rust, Java, Kotlin and C#."""
SCRIPTS = ("javascript", "javascriptreact", "typescript", "typescriptreact")


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at some lines."""

    name: str = ""
    """Of the innermost definition that can be rewritten as a whole, dotted."""
    kind: str = ""
    written: bool = True
    """False for a function whose body is empty or says that it is to be written."""
    test: str = ""
    """Of the test these lines are in."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What one text defines."""

    path: str
    language: str
    lines: Sequence[str]
    symbols: tuple[Symbol, ...] = ()
    """The definitions that can be rewritten as a whole."""
    stubs: frozenset[tuple[int, int]] = frozenset()
    """Lines of the functions that have no body yet."""


def outline(text: str, language: str, path: str) -> Outline:
    """Read a text. Takes as long as parsing it twice."""
    symbols = tuple(symbol for symbol in facts(text, language).symbols if symbol.kind in WHOLE)
    functions = [(symbol.first, symbol.last) for symbol in symbols if symbol.kind in FUNCTIONS]
    return Outline(path, language, text.split("\n"), symbols, stubs(text, language, functions))


def place(outline: Outline, first: int, last: int) -> Place:
    """Return what stands at the lines from `first` to `last`, both part of it and counted from 0."""
    around = sorted(
        (symbol for symbol in outline.symbols if symbol.first <= first and last <= symbol.last),
        key=lambda symbol: symbol.last - symbol.first,
    )
    symbol = next((symbol for symbol in around if symbol.last - symbol.first < LONGEST), None)
    test = next((symbol for symbol in around if _is_test(outline, symbol)), None)
    name = test.name if test else _called(outline, first)
    if symbol is None:
        return Place(test=name)
    written = (symbol.first, symbol.last) not in outline.stubs
    return Place(symbol.qualified, symbol.kind, written, name)


def _is_test(outline: Outline, symbol: Symbol) -> bool:
    if symbol.kind not in FUNCTIONS:
        return False
    if outline.language == "python":
        return symbol.name.startswith("test") and is_test(outline.path)
    if outline.language == "go":
        return symbol.name.startswith(("Test", "Fuzz", "Example")) and is_test(outline.path)
    above = outline.lines[max(0, symbol.first - 2) : symbol.first + 3]
    return outline.language not in SCRIPTS and any(MARKED.search(line) for line in above)


def _called(outline: Outline, line: int) -> str:
    """Return the test that a line is in, where tests are calls; empty where it is in none."""
    if outline.language not in SCRIPTS:
        return ""
    for number in range(min(line, len(outline.lines) - 1), -1, -1):
        if found := CALLED.match(outline.lines[number]):
            return found[3] if line <= _closed(outline.lines, number, len(found[1])) else ""
    return ""


def _closed(lines: Sequence[str], first: int, indent: int) -> int:
    """Return the line that ends what `first` begins: the next that is indented no deeper."""
    if lines[first].rstrip().endswith((");", ")")) and lines[first].count("(") == lines[first].count(")"):
        return first
    for number in range(first + 1, len(lines)):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return number
    return len(lines) - 1
