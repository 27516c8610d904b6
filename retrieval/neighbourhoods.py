"""Neighbourhoods of a place in a file, cut where definitions begin and end, and how alike two texts are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from syntax.definitions import Definition

NEIGHBOUR_LINES = 32
"""llama.vim's figure: half of its nominal 64."""
LONGEST_NEIGHBOURHOOD = 4000
"""Characters; lines that long are data."""
WORD = re.compile(r"\w+")
TELLING = 6
"""Characters a line must have to tell two places apart: `else:` and `}` stand everywhere."""


@dataclass(frozen=True)
class Neighbourhood:
    """Some lines of a file as they were when it was cut."""

    path: str
    text: str
    first: int = field(default=0, compare=False)
    """Line its text began at, from 0. Two chunks with the same path and text are one."""

    @property
    def last(self) -> int:
        return self.first + self.text.count("\n")


def words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Return 2 |common| / (|one| + |other|) of two sets of words, in [0, 1]."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


def telling_lines(text: str) -> frozenset[str]:
    """Return the stripped lines of `text` that say something about where they stand."""
    return frozenset(line for line in map(str.strip, text.split("\n")) if len(line) >= TELLING)


def cut(
    path: str, lines: Sequence[str], line: int, definitions: Sequence[Definition] = ()
) -> Neighbourhood | None:
    """Return the neighbourhood of a line, at most NEIGHBOUR_LINES lines; None where there is nothing to show.

    The largest definition around it that fits is taken whole. In one that does not fit, and between
    definitions, it is a window that does not reach across a definition's border.
    """
    definitions = [d for d in definitions if d.kind != "constant"]  # one line says too little
    around = [d for d in definitions if d.first <= line <= d.last < len(lines)]
    fitting = [d for d in around if d.last - d.first < NEIGHBOUR_LINES]
    if fitting:
        largest = max(fitting, key=lambda d: (d.last - d.first, -d.first))
        first, last = largest.first, largest.last
    else:
        innermost = max(around, key=lambda d: d.first, default=None)
        low, high = (innermost.first, innermost.last) if innermost else (0, len(lines) - 1)
        for other in definitions:
            if other.last < line:
                low = max(low, other.last + 1)
            elif other.first > line:
                high = min(high, other.first - 1)
        first = max(low, min(line - NEIGHBOUR_LINES // 2, high - NEIGHBOUR_LINES + 1))
        last = min(high, first + NEIGHBOUR_LINES - 1)
    picked = [text.rstrip("\r\n") for text in lines[first : last + 1]]
    while picked and not picked[-1].strip():
        picked.pop()
    while picked and not picked[0].strip():
        picked.pop(0)
        first += 1
    text = "\n".join(picked)
    return Neighbourhood(path, text, first) if text and len(text) <= LONGEST_NEIGHBOURHOOD else None
