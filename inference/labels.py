"""Labels without asking: whether what the user has now is what was suggested. Pure comparisons of texts.

First lines are compared, so that what was never shown is labelled too. That half of an accepted text has to
survive for 30 s is how public studies of code completion count what people keep.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

SURVIVES = 0.5
"""Share of an accepted suggestion's characters, blanks aside, that must still be there."""
LONGEST_COMPARED = 500
"""Characters: comparing is quadratic, and this many take 2 ms. Few suggestions are longer."""

_TOKEN = re.compile(r"\w+|[^\w\s]")


def first_line(text: str) -> tuple[int, str]:
    """Return the first line of a suggestion that says anything, and how many lines stand before it."""
    for number, line in enumerate(text.split("\n")):
        if line.strip():
            return number, line
    return 0, ""


def is_kept(head: str, text: str, after: str, now: Sequence[str], partial: bool = False) -> bool:
    """Tell whether the user has the first line of `text`, suggested between `head` and `after` of a line.

    `now` holds the lines from that one on, without line ends. Runs of blanks count as one. The user may have
    closed the line in another way than `after`. A text cut short (`partial`) need only be the beginning.
    """
    number, line = first_line(text)
    if not line or number >= len(now):
        return False
    whole = text.rstrip("\n").count("\n") == 0
    start = head + line if number == 0 else line
    wanted = {_plain(start)}
    if whole:
        wanted.add(_plain(start + after))
    have = _plain(now[number])
    return have in wanted or (partial and whole and have.startswith(_plain(start)))


def survives(accepted: str, now: str) -> bool:
    """Tell whether at least half of the accepted characters are still in `now`, in their order."""
    before = _TOKEN.findall(accepted[:LONGEST_COMPARED])
    after = _TOKEN.findall(now[: 2 * LONGEST_COMPARED])
    total = sum(map(len, before))
    if not total:
        return True
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = sum(len(token) for block in blocks for token in before[block.a : block.a + block.size])
    return kept >= SURVIVES * total


def _plain(line: str) -> str:
    return " ".join(line.split())
