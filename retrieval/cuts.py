"""Where a long text is cut: before a block rather than within one, after an empty line if there is one."""

from __future__ import annotations

from collections.abc import Iterator

MOST = 2000
"""Characters of a chunk: definitions up to 2,000 rank better than up to 1,000 (MRR 49 against 46)."""
LEAST = 800
"""Characters a piece has before it is cut, if there is a choice."""
LONGEST_LINE = 1000
"""Characters of a line that are kept; what is longer is data."""
WINDOW, OVERLAP = 40, 8
"""Lines of a window where nothing is known of a text, and those it has in common with the next."""


def cut(lines: list[str], numbers: list[int]) -> Iterator[list[int]]:
    """Yield pieces of at most `MOST` characters of the lines with these ascending numbers, none empty."""
    start = 0
    while start < len(numbers):
        size, end = 0, start
        while end < len(numbers) and (size + len(lines[numbers[end]]) + 1 <= MOST or end == start):
            size += len(lines[numbers[end]]) + 1
            end += 1
        if end < len(numbers):
            end = _border(lines, numbers, start, end)
        piece = numbers[start:end]
        while piece and not lines[piece[-1]]:
            piece.pop()
        while piece and not lines[piece[0]]:
            piece.pop(0)
        if piece:
            yield piece
        start = end


def _border(lines: list[str], numbers: list[int], start: int, end: int) -> int:
    """Return where to cut, at the latest at `end`: where the indentation is least, best after a gap."""
    best, least = end, (1000, 0, 0)
    size = 0
    for at in range(start, end + 1):
        line = lines[numbers[at]]
        if size >= LEAST and line:
            inner = line.lstrip()
            indent = len(line) - len(inner)
            closing = inner.startswith((")", "]", "}", "else", "elif", "except", "finally", "end"))
            gap = at > start and not lines[numbers[at - 1]]
            cost = (indent + 4 * closing - 3 * gap, 0 if gap else 1, -at)
            if cost < least:
                best, least = at, cost
        size += len(line) + 1
    return best


def windows(numbers: list[int]) -> Iterator[list[int]]:
    """Yield overlapping windows of lines."""
    for start in range(0, max(len(numbers) - OVERLAP, 1), WINDOW - OVERLAP):
        yield numbers[start : start + WINDOW]


def packed(lines: list[str], blocks: list[list[int]], most: int = LEAST) -> Iterator[list[int]]:
    """Join neighbouring blocks to pieces of up to `most` characters; a larger block stays alone."""
    waiting: list[int] = []
    size = 0
    for block in blocks:
        length = sum(len(lines[number]) + 1 for number in block)
        if waiting and size + length > most:
            yield waiting
            waiting, size = [], 0
        waiting, size = waiting + block, size + length
    if waiting:
        yield waiting
