"""What the last edit of a document was, for the rules that ask for quiet: key, deletion, paste or undo."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.quiet import Change, Kind, kind_of
from lsp_server.documents import Document, Place

REMEMBERED = 30
"""Edits of a document an undo may go back by."""
LONGEST = 4000
"""Characters of a removed text that are remembered; whoever undoes more has pasted or restored anyhow."""
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Edit:
    """What stood at `start` went, and `inserted` came."""

    start: Place
    removed: str
    inserted: str

    def undoes(self, other: Edit) -> bool:
        return (self.start, self.removed, self.inserted) == (other.start, other.inserted, other.removed)


class Edits:
    """The last edits of each document."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._edits: dict[str, deque[Edit]] = {}
        self._last: dict[str, tuple[Kind, float]] = {}

    def made(self, document: Document, edits: Sequence[Edit], suggested: Sequence[str] = ()) -> None:
        """Take note of one notification's edits; what begins like a text in `suggested` was accepted."""
        known = self._edits.setdefault(document.uri, deque(maxlen=REMEMBERED))
        edits = _joined(edits)
        kind: Kind = "typed"
        if not (len(edits) == 1 and _accepts(edits[0], suggested)):
            undone = bool(edits) and any(edits[0].undoes(other) for other in known)
            kind = kind_of([(len(edit.removed), edit.inserted) for edit in edits], undone)
        known.extend(edits)
        self._last[document.uri] = kind, self._clock()

    def forget(self, document: Document) -> None:
        """Know nothing of a document's edits any more: it is closed, or all of its text was replaced."""
        self._edits.pop(document.uri, None)
        self._last.pop(document.uri, None)

    def last(self, document: Document) -> Change | None:
        """Return the last edit and how long ago it was; None where nothing is known of one."""
        if document.uri not in self._last:
            return None
        kind, at = self._last[document.uri]
        return Change(kind, self._clock() - at)


def edit(document: Document, start: Place, end: Place, inserted: str) -> Edit:
    """Return an edit that is about to be made."""
    (first, from_), (last, to) = start, max(start, end)
    if first == last:
        removed = document.lines[first][from_:to]
    else:
        removed = document.lines[first][from_:] + "".join(document.lines[first + 1 : last])[:LONGEST]
        removed += document.lines[last][:to]
    return Edit(start, removed[:LONGEST], inserted)


def _joined(edits: Sequence[Edit]) -> list[Edit]:
    """Return edits with those that go on where the one before ended as one: several keys come together."""
    joined: list[Edit] = []
    for edit in edits:
        both = _both(joined[-1], edit) if joined else None
        if both:
            joined[-1] = both
        else:
            joined.append(edit)
    return joined


def _both(first: Edit, then: Edit) -> Edit | None:
    """Return two edits as one where the second types on or backspaces; None where it is in another place."""
    end = _end(first.start, first.inserted)
    if then.start == end:
        return Edit(first.start, first.removed + then.removed, first.inserted + then.inserted)
    if _end(then.start, then.removed) != end:
        return None
    if first.inserted.endswith(then.removed):
        return Edit(first.start, first.removed, first.inserted.removesuffix(then.removed) + then.inserted)
    if then.removed.endswith(first.inserted):
        return Edit(then.start, then.removed.removesuffix(first.inserted) + first.removed, then.inserted)
    return None


def _end(start: Place, text: str) -> Place:
    """Return the place behind a text."""
    *before, last = _LINE_END.split(text)
    return (start[0] + len(before), len(last) + (0 if before else start[1]))


def _accepts(edit: Edit, suggested: Sequence[str]) -> bool:
    """Tell whether an edit puts in a suggestion, or the next part of one. A single character is a key."""
    plain = edit.inserted.replace("\r\n", "\n")
    return len(plain) > 1 and any(
        edit.removed + text == plain or text.startswith(plain) for text in suggested
    )
