"""A recorded hunk as a typist's changes: similar lines are edited where they differ, others retyped."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.edits import FileEdit

SIMILAR = 0.6
"""Lines this much alike (difflib's ratio) are one line that was changed."""


@dataclass(frozen=True)
class Change:
    """`removed` characters at `at` give way to `text`; offsets count the changes before as made."""

    at: int
    removed: int
    text: str


def changes(file: FileEdit) -> list[Change]:
    """The changes a typist makes to get from the file before to the file after, in order."""
    lines = file.before.splitlines(keepends=True)
    found: list[Change] = []
    offset, at = 0, 0
    for hunk in file.hunks:
        offset += sum(map(len, lines[at : hunk.start]))
        old = lines[hunk.start : hunk.start + hunk.removed]
        for change in _block(old, list(hunk.inserted)):
            found.append(replace(change, at=change.at + offset))
        offset += sum(map(len, hunk.inserted))
        at = hunk.start + hunk.removed
    return found


def _block(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    """Changes that turn some lines into others; offsets from the first line's start."""
    offset = 0
    for gone, come in _aligned(old, new):
        removed, text = "".join(gone), "".join(come)
        if len(gone) == len(come) == 1:
            for change in _within_line(removed, text):
                yield replace(change, at=change.at + offset)
        else:
            yield Change(offset, len(removed), text)
        offset += len(text)


def _aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Pair lines that are alike, in order; between the pairs stand blocks of lines that are not."""
    pairs = _pairs(old, new) if len(old) * len(new) <= 2500 else []
    i = j = 0
    for a, b in [*pairs, (len(old), len(new))]:
        if i < a or j < b:
            yield old[i:a], new[j:b]
        if a < len(old):
            yield old[a : a + 1], new[b : b + 1]
        i, j = a + 1, b + 1


def _pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The pairs of similar lines with the greatest similarity in all (dynamic programming)."""
    best = [[(0.0, (0, 0))] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            alike = _similarity(old[i], new[j])
            options = [(best[i + 1][j][0], (1, 0)), (best[i][j + 1][0], (0, 1))]
            if alike >= SIMILAR:
                options.append((best[i + 1][j + 1][0] + alike, (1, 1)))
            best[i][j] = max(options)
    found, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        step = best[i][j][1]
        if step == (1, 1):
            found.append((i, j))
        i, j = i + step[0], j + step[1]
    return found


def _similarity(one: str, other: str) -> float:
    one, other = one.strip(), other.strip()
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() if one and other else 0.0


def _within_line(old: str, new: str) -> Iterator[Change]:
    """Changes of the words that differ; what stands between two of them and is short is retyped."""
    before, after = re.findall(r"\w+|\s+|[^\w\s]", old), re.findall(r"\w+|\s+|[^\w\s]", new)
    spans: list[list[int]] = []  # first and last character in the old line, then in the new
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, k, j, m in matcher.get_opcodes():
        if kind == "equal":
            continue
        span = [len("".join(part)) for part in (before[:i], before[:k], after[:j], after[:m])]
        if spans and span[0] - spans[-1][1] < 4:
            spans[-1][1], spans[-1][3] = span[1], span[3]
        else:
            spans.append(span)
    for start, end, first, last in spans:
        yield Change(first, end - start, new[first:last])
