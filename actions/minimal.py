"""The smallest edits that make one text of another: they leave cursors, marks and the undo list sane."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in place of what stands from `start` up to `end`, both offsets in characters of the old text."""

    start: int
    end: int
    text: str


def minimal(before: str, after: str) -> tuple[Edit, ...]:
    """Return edits in ascending order that do not touch each other.

    Lines are compared first, and of changed ones what they begin and end with stays.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = _starts(old)
    edits = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            edits.append(_trimmed(starts[i], "".join(old[i:j]), "".join(new[k:m])))
    return tuple(edits)


def applied(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with all edits made."""
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _starts(lines: Sequence[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _trimmed(start: int, old: str, new: str) -> Edit:
    """Return the edit without what both texts begin and end with; a CRLF is never split."""
    head = len(os.path.commonprefix((old, new)))
    if head and old[head - 1] == "\r":
        head -= 1
    left, right = old[head:], new[head:]
    tail = len(os.path.commonprefix((left[::-1], right[::-1])))
    if tail and left[-tail:].startswith("\n") and "\r" in (left[-tail - 1 : -tail], right[-tail - 1 : -tail]):
        tail -= 1
    return Edit(start + head, start + len(old) - tail, right[: len(right) - tail])
