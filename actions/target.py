"""The part of a file that a draft rewrites: the definition round a place, in whole lines, of a fit size."""

from __future__ import annotations

from dataclasses import dataclass

from inference.lines import plain_line_ends
from syntax.extract import facts

LONGEST = 150
"""Lines a small model rewrites without leaving some out; of more only the selected block is rewritten."""
AROUND = 40
"""Lines of a block where no definition is small enough."""
WHOLE = ("function", "method", "class", "type")
"""Kinds of symbols that are rewritten as a whole."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whole lines of a text, from `first` to `last`, both part of it; counted from 0."""

    first: int
    last: int
    text: str
    """The lines as they are, with plain line ends."""
    name: str = ""
    """Of the definition, dotted; empty for a block."""
    kind: str = ""

    @property
    def indent(self) -> str:
        return _indent(self.text)

    def replaced(self, text: str, code: str) -> str:
        """Return `text` with `code` in place of these lines, indented like them and with its line ends.

        A draft that was written further left or right is moved as a whole by what its first line is off.
        """
        lines = text.splitlines(keepends=True)
        body = _moved(plain_line_ends(code).strip("\n"), self.indent) + "\n"
        crlf = any(line.endswith("\r\n") for line in lines[self.first : self.last + 1])
        if self.last + 1 >= len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
            body = body.removesuffix("\n")
        if crlf:
            body = body.replace("\n", "\r\n")
        return "".join(lines[: self.first]) + body + "".join(lines[self.last + 1 :])


def target(text: str, language: str, first: int, last: int) -> Target:
    """Return what to rewrite for the lines from `first` to `last`: the innermost definition round them.

    Where that is too long, or there is none, it is the block of lines itself, widened to whole paragraphs.
    """
    lines = text.splitlines(keepends=True)
    first, last = max(0, min(first, len(lines) - 1)), max(0, min(last, len(lines) - 1))
    around = [
        symbol
        for symbol in facts(text, language).symbols
        if symbol.kind in WHOLE and symbol.first <= first and last <= symbol.last
    ]
    for symbol in sorted(around, key=lambda symbol: symbol.last - symbol.first):
        if symbol.last - symbol.first < LONGEST:
            return _of(lines, symbol.first, symbol.last, symbol.qualified, symbol.kind)
    while first > 0 and lines[first - 1].strip() and last - first < AROUND:
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].strip() and last - first < AROUND:
        last += 1
    return _of(lines, first, last)


def _of(lines: list[str], first: int, last: int, name: str = "", kind: str = "") -> Target:
    return Target(first, last, plain_line_ends("".join(lines[first : last + 1])), name, kind)


def _indent(text: str) -> str:
    line = next((line for line in text.split("\n") if line.strip()), "")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _moved(code: str, indent: str) -> str:
    """Return code whose first line is indented by `indent`, and the others as far from it as they were."""
    have = _indent(code)
    if have == indent:
        return code
    moved = []
    for line in code.split("\n"):
        if line.startswith(have) and line.strip():
            moved.append(indent + line[len(have) :])
        else:
            moved.append(line)
    return "\n".join(moved)
