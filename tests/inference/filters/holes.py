"""Holes in the committed sources: a place a user could stand at, and the text that really stood there."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.prompts import CursorContext

SOURCES = Path(__file__).parent / "sources"
LANGUAGES = {
    "python": "inventory.py",
    "javascript": "router.js",
    "typescript": "store.ts",
    "go": "queue.go",
    "rust": "matrix.rs",
    "c": "table.c",
    "lua": "signals.lua",
    "java": "Ledger.java",
}


@dataclass(frozen=True)
class Hole:
    language: str
    kind: str
    """What was taken out: the rest of a line, a whole line, a block, or what a bracket holds."""
    prefix: str
    suffix: str
    removed: str

    @property
    def context(self) -> CursorContext:
        name = LANGUAGES[self.language]
        return CursorContext(
            f"file:///{name}", self.prefix, self.suffix, path=f"src/{name}", language=self.language
        )


def source(language: str) -> str:
    return (SOURCES / f"{LANGUAGES[language]}.txt").read_text(encoding="utf-8")


def punched(language: str, count: int, seed: int = 0) -> list[Hole]:
    """Return `count` different holes in the source of a language, always the same ones."""
    rng = random.Random(f"{language}{seed}")
    kinds = [list(found(language)) for found in (rests, lines, blocks, arguments)]
    for holes in kinds:
        rng.shuffle(holes)
    chosen: list[Hole] = []
    while len(chosen) < count and any(kinds):
        for holes in kinds:
            if holes and len(chosen) < count:
                chosen.append(holes.pop())
    return chosen


def rests(language: str) -> Iterator[Hole]:
    """From the beginning of a word in a line to its end."""
    text = source(language)
    for match in re.finditer(r"(?<=[ (.=])\w", text):
        end = text.index("\n", match.start())
        if end - match.start() > 3:
            yield _hole(language, "rest", text, match.start(), end)


def lines(language: str) -> Iterator[Hole]:
    """A line without its indentation, where more than a closing mark stands."""
    text = source(language)
    for match in re.finditer(r"^([ \t]+)(\S.*)$", text, re.MULTILINE):
        if len(match[2]) > 5:
            yield _hole(language, "line", text, match.start(2), match.end(2))


def blocks(language: str) -> Iterator[Hole]:
    """The body of a block of up to six lines, with the line break before it."""
    rows = source(language).split("\n")
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row) + 1)
    text = source(language)
    for number, row in enumerate(rows[:-1]):
        depth = _depth(row)
        end = number + 1
        while end < len(rows) and (not rows[end].strip() or _depth(rows[end]) > depth):
            end += 1
        while end > number + 1 and not rows[end - 1].strip():
            end -= 1
        if row.strip() and 1 < end - number <= 7:
            yield _hole(language, "block", text, starts[number] + len(row), starts[end] - 1)


def arguments(language: str) -> Iterator[Hole]:
    """What a pair of brackets in one line holds."""
    text = source(language)
    for match in re.finditer(r"(?<=\()[^()\n]{2,40}(?=\))", text):
        yield _hole(language, "argument", text, match.start(), match.end())


def _hole(language: str, kind: str, text: str, start: int, end: int) -> Hole:
    return Hole(language, kind, text[:start], text[end:], text[start:end])


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
