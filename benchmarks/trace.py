"""A typing trace: lines of a real file typed again, one key at a time, into the file that lacks them."""

from __future__ import annotations

import argparse as _subject
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUBJECT = Path(_subject.__file__)
"""A file every Python brings, of more than 2,000 lines."""


@dataclass(frozen=True)
class Key:
    """One keystroke: the text around the cursor after it."""

    before: str
    after: str


@dataclass(frozen=True)
class Trace:
    """Typing `typed` between `head` and `tail`."""

    path: Path
    head: str
    typed: str
    tail: str

    def keystrokes(self) -> Iterator[Key]:
        """Every state the buffer goes through; indentation comes at once, as editors insert it."""
        at = 0
        while at < len(self.typed):
            at += 1
            if self.typed[at - 1] == "\n":
                while at < len(self.typed) and self.typed[at] == " ":
                    at += 1
            yield Key(self.head + self.typed[:at], self.tail)


def of_file(path: Path = SUBJECT, first_line: int = 1200, keystrokes: int = 300) -> Trace:
    """About `keystrokes` keys from a line on; what follows them in the file is the text after the cursor."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    head, rest = "".join(lines[:first_line]), "".join(lines[first_line:])
    end = rest.index("\n", keystrokes) + 1
    return Trace(path, head, rest[:end], rest[end:])
