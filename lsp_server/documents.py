"""Open documents as the client has them: lines, incremental changes, and views of the text at one moment.

Lines end where LSP says (\\n, \\r\\n, \\r), and a keystroke costs one line, not the file. Places in here are
(line, index) in Python characters; what a client counts is translated at the edge by positions.py.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from inference.lines import split_lines
from lsp_server.positions import Encoding, to_index, to_units

CHANGES_KEPT = 256
"""How far back typed_since looks; a request that old was superseded long ago."""

LONGEST_TYPED = 10_000
"""Characters of one edit that may still count as typing."""
LARGEST = 20_000_000
"""Characters in a document; what is larger is data."""

Place = tuple[int, int]


@dataclass(frozen=True)
class Change:
    """One edit: what stood at `start` went, and `inserted` came."""

    revision: int
    start: Place
    removed: str
    inserted: str
    line: str
    """The line `start` is in, as it was before."""
    plain: bool
    """False where line ends went or merged, or everything was replaced."""


class Document:
    """The text of one open document."""

    def __init__(self, uri: str, language: str, version: int | None, text: str) -> None:
        self.uri = uri
        self.language = language
        self.version = version
        self.revision = 0
        """Counts changes by itself: not every client sends versions that rise."""
        self.lines = split_lines(text)
        self.unfit = _unfit(text)
        """Why no model should see this text, or an empty string."""
        self._changes: deque[Change] = deque(maxlen=CHANGES_KEPT)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def replace_all(self, text: str) -> None:
        """Take over the whole text of a client that sends whole documents."""
        self.lines = split_lines(text)
        self.unfit = _unfit(text)
        self._record(Change(self.revision + 1, (0, 0), "", text, "", plain=False))

    def replace(self, start: Place, end: Place, text: str) -> None:
        """Replace what stands between two places that exist."""
        (first, from_), (last, to) = start, max(start, end)
        before = self.lines[first]
        change = self._change(start, (last, to), text)
        new = split_lines(text) if "\n" in text or "\r" in text else [text]
        new[-1] += self.lines[last][to:]
        new[0] = before[:from_] + new[0]
        if len(new) > 1 and new[-1] == "\n" and new[-2].endswith("\r"):
            new[-2:] = [new[-2] + "\n"]
            change = replace(change, plain=False)
        if first > 0 and new[0] == "\n" and self.lines[first - 1].endswith("\r"):
            first -= 1  # nothing stands between a lone \r and a \n any more: they are one line end now
            new[0] = self.lines[first] + "\n"
            change = replace(change, plain=False)
        self.lines[first : last + 1] = new
        self._record(change)

    def place(self, line: int, units: int, encoding: Encoding) -> Place:
        """Return the place a client means; beyond a line or the text is its end, before it its start."""
        if line < 0:
            return 0, 0
        if line >= len(self.lines):
            return len(self.lines) - 1, len(self.lines[-1])
        content = self.lines[line]
        end = len(content)
        if content.endswith("\n"):
            end -= 1
        if content.endswith("\r", 0, end):
            end -= 1
        return line, min(end, to_index(content, units, encoding))

    def column(self, place: Place, encoding: Encoding) -> int:
        """Return a place's column as the client counts."""
        return to_units(self.lines[place[0]], place[1], encoding)

    def typed_since(self, revision: int, place: Place) -> tuple[str, Place] | None:
        """Return what was typed at `place` after `revision` and where that ends; None after other changes.

        Typing may come as any edit with the same effect: clients that compare lines report an "l" typed
        before "l" behind it, and replacing a word by a longer one is typing its rest.
        """
        if revision == self.revision:
            return "", place
        if not self._changes or self._changes[0].revision > revision + 1:
            return None
        typed, end = "", place
        for change in self._changes:
            if change.revision <= revision:
                continue
            step = _at(change, end) if change.plain else None
            if step is None:
                return None
            removed, inserted = step
            if not typed.endswith(removed):
                return None
            typed = typed[: len(typed) - len(removed)] + inserted
            end = _advance((end[0], end[1] - len(removed)), inserted)
        return typed, end

    def _change(self, start: Place, end: Place, inserted: str) -> Change:
        """Return an edit that is about to be made, without what it takes away only to put it back."""
        (first, from_), (last, to) = start, end
        line, removed = self.lines[first], ""
        plain = last - first <= 1 and max(to - from_, len(inserted)) <= LONGEST_TYPED
        if plain:
            removed = line[from_:to] if first == last else line[from_:] + self.lines[last][:to]
            common = _common_prefix(removed[::-1], inserted[::-1])
            removed, inserted = removed[: len(removed) - common], inserted[: len(inserted) - common]
            plain = "\n" not in removed and "\r" not in removed
        return Change(self.revision + 1, start, removed, inserted, line, plain)

    def _record(self, change: Change) -> None:
        self.revision = change.revision
        self._changes.append(change)


def _unfit(text: str) -> str:
    if len(text) > LARGEST:
        return "the file is too large"
    return "the file is binary" if "\0" in text else ""


def _at(change: Change, place: Place) -> tuple[str, str] | None:
    """Return (removed before `place`, inserted at `place`) if that is all `change` did, else None."""
    (line, start), removed, inserted = change.start, change.removed, change.inserted
    if line != place[0]:
        return None
    common = _common_prefix(removed, inserted)
    start, removed, inserted = start + common, removed[common:], inserted[common:]
    if not inserted:  # a deletion that ends at the place
        return (removed, "") if start + len(removed) == place[1] else None
    if removed:
        return None
    if start > place[1]:
        between = change.line[place[1] : start]
        moved = between + inserted
        return ("", moved[: len(inserted)]) if moved.endswith(between) else None
    between = change.line[start : place[1]]
    moved = inserted + between
    return ("", moved[len(between) :]) if moved.startswith(between) else None


def _common_prefix(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _advance(place: Place, text: str) -> Place:
    lines = split_lines(text)
    line, index = place
    return (line, index + len(text)) if len(lines) == 1 else (line + len(lines) - 1, len(lines[-1]))
