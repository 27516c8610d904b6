"""What a model writes twice: lines that stand below or above already, and its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.filters.layout import columns
from inference.filters.place import Place

NEAR_SHARE = 0.05
"""Share of characters in which two blocks of lines may differ and still be the same (Tabby)."""
TRIVIAL = 4
"""A line with no more characters says nothing about being a copy: `}`, `end`, `else`."""
PERIODS = ((1, 10), (10, 30), (20, 45), (30, 60))
"""A text loops when its last `n` words repeat a pattern of at most `p` words: (p, n), Copilot's figures."""
SAME_LINES = 3
"""So many equal lines in a row are a loop; the first stays."""
COPIED_LINES = 5
"""So many lines in a row that stand above are a copy; fewer are often how a file does things."""
ALIKE_LINES = 6
"""So many lines in a row that only differ in numbers are a loop; the first three stay."""

LONGEST_NEAR = 240
"""Characters of two blocks that are compared; a distance costs their product."""

_UNIMPORTANT = str.maketrans({",": None, ";": None, " ": None, "'": '"', "`": '"'})
_WORD = re.compile(r"\w+|([^\w\s])\1*")
_IN_LINE = re.compile(r"(.{3,40}?)\1{5,}\S{0,40}$|(.{10,80}?)\2{3,}\S{0,80}$")


def lines_below(text: str, place: Place) -> str:
    """Cut where the text runs into the lines that follow the cursor's."""
    below = [_compared(row) for row in place.below if row.strip()]
    rows = text.split("\n")
    if not below:
        return text
    next_column = columns(next(row for row in place.below if row.strip()))
    first = 0 if not place.head.strip() and not place.rest.strip() else 1
    for number in range(first, len(rows)):
        if not rows[number].strip():
            continue
        tail = [_compared(row) for row in rows[number:] if row.strip()]
        begins = columns(rows[number] if number else place.head + rows[number])
        if _runs_into(tail, below, begins == next_column):
            return "\n".join(rows[:number])
    return text


def _compared(row: str) -> str:
    """Return a line without its indentation, unless it is too short to be told from others without it."""
    bare = row.strip()
    return bare if len(bare) > TRIVIAL else row.rstrip()


def _runs_into(tail: Sequence[str], below: Sequence[str], aligned: bool) -> bool:
    """Tell whether `tail` begins as the lines below do, up to the end of either or for three lines.

    A single line counts only where it is as deep: `return None` may stand inside a block and after it.
    """
    shared = 0
    while shared < min(len(tail), len(below)) and _same(tail[shared], below[shared]):
        shared += 1
    if shared == len(tail):
        return aligned or shared > 1
    if any(_tells(row) for row in tail[:shared]) and (shared == len(below) or shared > 2):
        return True
    count = min(3, len(tail), len(below))  # a block may differ by a character or two
    alike = count > 2 and all(_tells(row) for row in tail[:count])
    return alike and _near("\n".join(tail[:count]), "\n".join(below[:count]))


def _tells(row: str) -> bool:
    return len(row.strip()) > TRIVIAL


def _same(a: str, b: str) -> bool:
    """Tell whether two lines are the same but for commas, semicolons, white space and kinds of quotes."""
    if a == b:
        return True
    if abs(len(a) - len(b)) > 2 or not _tells(a):
        return False
    return a.translate(_UNIMPORTANT) == b.translate(_UNIMPORTANT)


def _near(a: str, b: str) -> bool:
    a, b = a[:LONGEST_NEAR], b[:LONGEST_NEAR]
    most = max(1, int(NEAR_SHARE * max(len(a), len(b))))
    return abs(len(a) - len(b)) <= most and edit_distance(a, b, most) <= most


def edit_distance(a: str, b: str, most: int) -> int:
    """Return Levenshtein's distance, or `most` + 1 where it is larger."""
    if a == b:
        return 0
    if abs(len(a) - len(b)) > most:
        return most + 1
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):  # only the cells near the diagonal can be within `most`
        first, last = max(1, i - most), min(len(b), i + most)
        above, row[first - 1] = row[first - 1], i if first == 1 else most + 1
        least = row[first - 1]
        for j in range(first, last + 1):
            beside = row[j] if j < i + most else most + 1
            above, row[j] = row[j], min(beside + 1, row[j - 1] + 1, above + (x != b[j - 1]))
            least = min(least, row[j])
        if least > most:
            return most + 1
    return min(row[-1], most + 1)


def lines_above(text: str, place: Place) -> str:
    """Drop a text that says again what stands above the cursor; cut where it begins to."""
    above = [row.strip() for row in place.above if row.strip()]
    if place.head.strip():
        rows = [place.head.strip() + text.split("\n", 1)[0].rstrip(), *text.split("\n")[1:]]
    else:
        rows = text.split("\n")
    filled = [(number, row.strip()) for number, row in enumerate(rows) if row.strip()]
    if not above or not filled or place.kind != "code":
        return text
    words = [row for _, row in filled]
    if len(words[0]) > TRIVIAL and words[0] == above[-1] and re.search(r"\w[^#]*[(=]", words[0]):
        return ""
    for count in range(2, min(len(words), len(above)) + 1):
        if words[:count] == above[-count:] and sum(len(row) > TRIVIAL for row in words[:count]) > 1:
            return ""
    for at in range(1, len(words) - COPIED_LINES + 1):
        if _copied(words[at : at + COPIED_LINES], above):
            return "\n".join(text.split("\n")[: filled[at][0]])
    return text


def _copied(block: Sequence[str], lines: Sequence[str]) -> bool:
    return any(list(block) == list(lines[i : i + len(block)]) for i in range(len(lines) - len(block) + 1))


def loops(text: str, place: Place) -> str:
    """Keep the first round of lines, or blocks of lines, that repeat without end."""
    rows = text.split("\n")
    bare = [row.strip() for row in rows]
    for size in range(1, len(rows) // 2 + 1):
        need = SAME_LINES if size == 1 else 2
        for start in range(len(rows) - size * need + 1):
            block = bare[start : start + size]
            if len("".join(block)) <= TRIVIAL or (size > 1 and not _telling(block)):
                continue
            rounds = 1
            while bare[start + rounds * size : start + (rounds + 1) * size] == block:
                rounds += 1
            if rounds >= need:
                return "\n".join(rows[: start + size])
    shapes = [re.sub(r"\d+", "0", row) for row in bare]
    for start in range(len(rows) - ALIKE_LINES + 1):
        if len(set(shapes[start : start + ALIKE_LINES])) == 1 and re.search(r"\w{2}", shapes[start]):
            return "\n".join(rows[: start + 3])
    return text


def _telling(block: Sequence[str]) -> bool:
    """Tell whether a block of lines is long enough that repeating it at once is no accident."""
    return sum(len(row) for row in block) > 12 and bool(block[0])


def stutters(text: str, place: Place) -> str:
    """Cut a line that repeats a few characters or words over and over, and all after it."""
    rows = text.split("\n")
    for number, row in enumerate(rows):
        bare = row.strip()
        found = _IN_LINE.search(bare)
        if found and len(set(found[1] or found[2])) > 2:
            return "\n".join(rows[:number])
    words = [match[0] for match in _WORD.finditer(text)]
    if not _repeats(words):
        return text
    for number in range(len(rows) - 1, -1, -1):
        kept = "\n".join(rows[:number])
        if not _repeats([match[0] for match in _WORD.finditer(kept)]):
            return kept
    return ""


def _repeats(words: Sequence[str]) -> bool:
    """Tell whether the end of `words` is one short pattern again and again."""
    return any(len(words) >= length and _period(words[-length:]) <= period for period, length in PERIODS)


def _period(words: Sequence[str]) -> int:
    """Return the length of the shortest pattern `words` repeats (the prefix function of KMP)."""
    back = [0] * len(words)
    for i in range(1, len(words)):
        j = back[i - 1]
        while j and words[i] != words[j]:
            j = back[j - 1]
        back[i] = j + (words[i] == words[j])
    return len(words) - back[-1]
