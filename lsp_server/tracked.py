"""One suggestion in a document that goes on changing: where it stands by now, and how much of it is there.

The line it was made for is followed through the edits; everything else is a comparison of texts. What was
suggested stays in memory and goes nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from inference.cache import PAIRED
from inference.labels import first_line, is_kept, survives
from inference.lines import plain_line_ends
from lsp_server.documents import Document, Place

Verdict = Literal["left", "finished"]
"""The user wrote something else, or has written all of it."""


@dataclass
class Tracked:
    """A suggestion from when it was made until nothing more can be learned from it. Times are the clock's."""

    id: str
    document: Document
    place: Place
    head: str
    """What stood before it in its line."""
    after: str
    """What stood behind it."""
    texts: tuple[str, ...]
    """Whole alternatives from `place` on, also when the user has typed a part of them."""
    made_at: float
    partial: bool
    shown_at: float | None = None
    confirmed: bool = False
    """The client itself said it was shown."""
    verdict: Verdict | None = None
    """What it looks like; it becomes an ending unless the client says soon that it was accepted."""
    verdict_at: float = 0.0
    ended: bool = False
    left_at: float | None = None
    """Since when the cursor seems to be in another line than its first."""
    labelled: bool = False
    taken: str = ""
    """The text that was accepted."""
    taken_at: float | None = None
    end: Place | None = None
    """Where the accepted text ends."""
    reached: int = 0
    """How far into the text partial accepts have come."""
    characters: int = 0
    """How many characters they put in."""
    tell: Callable[[bool], None] | None = None
    """Hears the label in the ledger's place, where nobody was shown it."""

    @classmethod
    def of(
        cls, id: str, document: Document, place: Place, texts: tuple[str, ...], now: float, partial: bool
    ) -> Tracked:
        line = plain_line_ends(document.lines[place[0]])
        after = line[place[1] :].rstrip("\n")
        return cls(id, document, place, line[: place[1]], after, texts, now, partial)

    def standing(self) -> tuple[int, bool] | None:
        """Return how many characters of it stand in the document, and whether all; None if others do."""
        found = None
        for text in self.texts:
            now = self._text_from_line(text.count("\n") + 1)
            typed = typed_along(self.head, text, self.after, now)
            if typed is not None and (found is None or typed > found[0]):
                found = typed, typed == len(text)
        return found

    def continued(self, place: Place, texts: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the whole texts of a suggestion at `place` that is this one, grown or in part typed already;
        None if it is another."""
        (line, index), (here, _) = place, self.place
        reach = here + max(text.count("\n") for text in self.texts)
        if self.ended or self.verdict or not texts or not here <= line <= reach:
            return None
        lines = self.document.lines
        before = plain_line_ends("".join(lines[here:line]) + lines[line][:index])
        if not before.startswith(self.head):
            return None
        typed = before[len(self.head) :]
        whole = typed + texts[0]
        for text in self.texts:
            if whole.startswith(text) or text.startswith(whole):
                return tuple(typed + more for more in texts)
        return None

    def move(self, start: Place, end: Place, text: str) -> None:
        """Follow an edit that is about to be made."""
        self.place = moved(self.place, start, end, text)
        if self.end:
            self.end = moved(self.end, start, end, text)

    def reaches(self, line: int) -> bool:
        """Tell whether a cursor in this line may still be typing along it."""
        return self.place[0] <= line <= self.place[0] + max(text.count("\n") for text in self.texts)

    def cursor(self, line: int, now: float) -> None:
        """Note whether a cursor in this line may still be writing its first line."""
        if self.place[0] <= line <= self.place[0] + first_line(self.label_text)[0]:
            self.left_at = None
        elif self.left_at is None:
            self.left_at = now

    @property
    def label_text(self) -> str:
        return self.taken or self.texts[0]

    def kept(self) -> bool:
        """Tell whether the user has its first line by now."""
        here = self.place[0]
        blank = first_line(self.label_text)[0]
        now = [plain_line_ends(line) for line in self.document.lines[here : here + blank + 1]]
        return is_kept(self.head, self.label_text, self.after, now, self.partial)

    def take(self, text: str, now: float) -> None:
        """Note the accepted text, which some clients put in only after they said so."""
        self.taken, self.taken_at = text, now
        self.find_end()

    def find_end(self) -> None:
        """Find where the accepted text ends, if it is there."""
        lines = self.taken.count("\n")
        if self.end is None and self._text_from_line(lines + 1).startswith(self.head + self.taken):
            line, index = self.place
            self.end = (line + lines, 0) if lines else (line, index + len(self.taken))

    def survived(self) -> bool:
        """Tell whether most of the accepted text is still where it was put."""
        here, last = self.place[0], (self.end or self.place)[0]
        return survives(self.taken, "".join(self.document.lines[here : last + 1]))

    def _text_from_line(self, lines: int) -> str:
        here = self.place[0]
        return plain_line_ends("".join(self.document.lines[here : here + lines]))


def typed_along(head: str, text: str, after: str, now: str) -> int | None:
    """Return how much of `text` stands between `head` and `after` at the beginning of `now`, or None where
    something else does. What editors close by themselves may stand before `after`."""
    if not now.startswith(head):
        return None
    rest = now[len(head) :]
    common = len(os.path.commonprefix((text, rest)))
    for typed in range(common, -1, -1):
        line = rest[typed:].partition("\n")[0]
        if line.endswith(after) and PAIRED.issuperset(line[: len(line) - len(after)]):
            return typed
    return len(text) if common == len(text) else None


def moved(place: Place, start: Place, end: Place, text: str) -> Place:
    """Return where a place is after the text between two others was replaced; it stays before what is
    inserted at it, and goes to the beginning of what takes it away."""
    if place <= start:
        return place
    if place < end:
        return start
    ends = plain_line_ends(text).split("\n")
    line = place[0] + len(ends) - 1 - (end[0] - start[0])
    if place[0] > end[0]:
        return line, place[1]
    return line, place[1] - end[1] + len(ends[-1]) + (start[1] if len(ends) == 1 else 0)


def replaced(before: Sequence[str], after: Sequence[str]) -> tuple[Place, Place, str]:
    """Return the one edit of whole lines that makes `after` of `before`."""
    first, most = 0, min(len(before), len(after))
    while first < most and before[first] == after[first]:
        first += 1
    last = 0
    while last < most - first and before[-1 - last] == after[-1 - last]:
        last += 1
    return (first, 0), (len(before) - last, 0), "".join(after[first : len(after) - last])
