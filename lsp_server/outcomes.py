"""What becomes of each suggestion: shown, taken in whole or in part, rejected, or left without a verdict.

An acceptance is what the client says. The rest is read off the document, as few clients say it:
rejected      seen, and then something else was typed there, it was dismissed, or the cursor went away
ignored       no verdict: the user typed it out, took a part of it, or the document or the session ended
superseded    another suggestion took its place, or it was gone before anybody could have read it
Typing along is none of these, and neither is a later request for what is left of the same suggestion.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from inference.ledger import Ending, Entry, Ledger
from lsp_server.documents import Document, Place
from lsp_server.tracked import Tracked, Verdict, replaced

if TYPE_CHECKING:
    from lsp_server.suggestions import Placed

LOOK_AFTER = 30.0
"""Seconds until a suggestion is compared with what the user wrote, and an accepted one with what is left."""
SEEN_AFTER = 0.25
"""Seconds on the screen before typing something else counts as a rejection: about a choice reaction time."""
PATIENCE = 2.0
"""Seconds a client gets to say that it was an acceptance, and a user to come back to the line."""
TRACKED = 200
"""Suggestions followed at once; a keystroke costs a few microseconds for each."""


class Timer(Protocol):
    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Timer]


class Outcomes:
    """Follows the suggestions of one session and writes into its ledger, if there is one."""

    def __init__(self, later: Later | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.ledger: Ledger | None = None
        self.project = ""
        self.client = ""
        self.on_verdict: Callable[[str, bool], None] = lambda document, accepted: None
        """Hears of each verdict: the document's key, and whether at least a part was taken."""
        self._later = later
        self._clock = clock
        self.session = os.urandom(6).hex()
        self._made = 0
        self._tracked: dict[str, Tracked] = {}
        self._current: dict[str, Tracked] = {}
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._client_tells = False
        """This client says which suggestions it shows, so that being handed out is not enough."""

    def made(self, placed: Placed, ahead: str = "", withheld: str = "") -> str:
        """Return the id of a suggestion that is about to be shown, or withheld for a reason.

        `ahead` stands before it in what the client inserts and is not in the document yet. What is left of
        the suggestion before after typing along keeps its id.
        """
        document, place, suggestion = placed.document, placed.place, placed.suggestion
        texts = tuple(ahead + text for text in suggestion.texts)
        now, current = self._clock(), self._current.get(document.uri)
        whole = current.continued(place, texts) if current and current.document is document else None
        if current and whole:
            tracked, news = current, whole != current.texts or (current.shown_at is None and not withheld)
            tracked.texts, tracked.partial = whole, suggestion.partial
        else:
            if current:
                self._replace(current, place)
            self._made += 1
            id = f"{self.session}-{self._made}"
            tracked, news = Tracked.of(id, document, place, texts, now, suggestion.partial), True
            self._current[document.uri] = self._tracked[id] = tracked
            while len(self._tracked) > TRACKED:
                self._finish(next(iter(self._tracked.values())))
        if news and self.ledger:
            hidden = withheld if tracked.shown_at is None else ""
            self.ledger.suggested(self._entry(tracked, placed, hidden))
        if not withheld and not self._client_tells:
            self._shown(tracked)
        self._wake()
        return tracked.id

    def latest(self, document: Document) -> str:
        """Return the id of the last suggestion in a document, shown or not; empty where there is none."""
        current = self._current.get(document.uri)
        return current.id if current and current.document is document else ""

    def withheld(self, placed: Placed, reason: str) -> None:
        """Note a suggestion that is not shown; what the user writes instead labels it all the same."""
        self.made(placed, withheld=reason)

    def compare(self, document: Document, place: Place, text: str, tell: Callable[[bool], None]) -> None:
        """Find out whether the user comes to write a text that was never shown, and tell."""
        self._made += 1
        tracked = Tracked.of(f"{self.session}-{self._made}", document, place, (text,), self._clock(), False)
        tracked.tell, tracked.ended = tell, True
        self._tracked[tracked.id] = tracked
        self._wake()

    def shown(self, id: str) -> None:
        """Note that the client says it shows a suggestion."""
        self._client_tells = True
        tracked = self._tracked.get(id)
        if tracked and not tracked.confirmed and not tracked.ended:
            tracked.confirmed = True
            self._shown(tracked, by_client=True)

    def accepted(self, id: str, number: int) -> None:
        """Note that the client put a whole suggestion, or all that was left of it, into the document."""
        tracked = self._tracked.get(id)
        if tracked is None or tracked.taken_at is not None:
            return
        self._shown(tracked)
        now = self._clock()
        tracked.take(tracked.texts[min(number, len(tracked.texts) - 1)], now)
        tracked.labelled = False
        self._end(tracked, "accepted", len(tracked.taken), by_client=True)
        self._wake()

    def partially_accepted(self, id: str, item: str, length: int) -> None:
        """Note that the first `length` characters of `item`, what was left of a suggestion when the client
        got it, are in the document."""
        tracked = self._tracked.get(id)
        if tracked is None or tracked.taken_at is not None or length <= 0:
            return
        self._shown(tracked)
        text = next((text for text in tracked.texts if text.endswith(item) or item.endswith(text)), item)
        start = len(text) - len(item)  # below 0 where the item repeats what the user had typed before
        reached, before = start + min(length, len(item)), max(0, start, tracked.reached)
        if reached > before:
            first = tracked.characters == 0
            tracked.characters += reached - before
            tracked.reached = reached
            if self.ledger:
                self.ledger.partially_accepted(tracked.id, tracked.characters)
            if first:
                self.on_verdict(tracked.document.uri, True)

    def dismissed(self, id: str) -> None:
        """Note that the client's user put a suggestion away, or left it."""
        tracked = self._tracked.get(id)
        if tracked and not tracked.ended and not tracked.verdict:
            self._end(tracked, "ignored" if tracked.characters else "rejected", by_client=True)

    def editing(self, document: Document, start: Place, end: Place, text: str) -> None:
        """Follow an edit that is about to be made."""
        for tracked in self._tracked.values():
            if tracked.document is document:
                tracked.move(start, end, text)

    def replaced(self, document: Document, before: Sequence[str]) -> None:
        """Follow a change of the whole text that was just made."""
        if self._tracked:
            start, end, text = replaced(before, document.lines)
            self.editing(document, start, end, text)
            self.edited(document, max(start[0], start[0] + text.count("\n") - 1))

    def edited(self, document: Document, line: int) -> None:
        """Look at a document after an edit that ended in `line`."""
        current, now = self._current.get(document.uri), self._clock()
        if current and current.document is document and not current.ended:
            standing = current.standing() if current.reaches(line) else None
            if standing is None or standing[1]:
                self._judge(current, "left" if standing is None else "finished")
            elif current.verdict == "left":
                current.verdict = None  # taken back
        for tracked in self._tracked.values():
            if tracked.document is document:
                if tracked.taken_at is not None:
                    tracked.find_end()
                tracked.cursor(line, now)
        self._look(now)

    def moved(self, document: Document, place: Place) -> None:
        """Note where the cursor is."""
        line, current = place[0], self._current.get(document.uri)
        if current and current.document is document and not current.ended and not current.reaches(line):
            self._judge(current, "left")
        for tracked in self._tracked.values():
            if tracked.document is document:
                tracked.cursor(line, self._clock())
        self._wake()

    def closed(self, document: Document) -> None:
        """Look for the last time at a document that is closed."""
        for tracked in list(self._tracked.values()):
            if tracked.document is document:
                self._finish(tracked)
        self._current.pop(document.uri, None)

    def close(self) -> None:
        """Look at everything for the last time; the ledger is closed by whoever opened it."""
        for tracked in list(self._tracked.values()):
            self._finish(tracked)
        self._current.clear()
        if self._timer:
            self._timer.cancel()

    def look(self) -> None:
        """Do what is due by the clock."""
        self._timer = None
        self._look(self._clock())

    def _look(self, now: float) -> None:
        for tracked in list(self._tracked.values()):
            if tracked.verdict and not tracked.ended and now >= tracked.verdict_at + PATIENCE:
                self._conclude(tracked)
            if now >= self._label_due(tracked):
                self._label(tracked)
            if tracked.taken_at is None:
                known = tracked.labelled and tracked.ended
            else:
                known = now >= tracked.taken_at + LOOK_AFTER
            if known:
                self._finish(tracked)
        self._wake()

    def _judge(self, tracked: Tracked, verdict: Verdict) -> None:
        if not tracked.verdict:
            tracked.verdict, tracked.verdict_at = verdict, self._clock()

    def _conclude(self, tracked: Tracked) -> None:
        """Turn what it looks like into an ending: the client did not say that it was accepted."""
        seen = tracked.shown_at is not None and tracked.verdict_at - tracked.shown_at >= SEEN_AFTER
        if tracked.verdict == "finished" or tracked.characters:
            self._end(tracked, "ignored")
        else:
            self._end(tracked, "rejected" if seen else "superseded")

    def _replace(self, current: Tracked, place: Place) -> None:
        """Note that another suggestion, at `place`, follows the current one."""
        standing = None if current.ended or current.verdict else current.standing()
        if standing is not None:
            if current.reaches(place[0]):
                self._end(current, "ignored" if current.characters else "superseded")
            else:
                self._judge(current, "left")

    def _shown(self, tracked: Tracked, by_client: bool = False) -> None:
        first = tracked.shown_at is None
        if first:
            tracked.shown_at = self._clock()
        if self.ledger and (first or by_client):
            self.ledger.shown(tracked.id, by_client)

    def _end(self, tracked: Tracked, how: Ending, characters: int = 0, by_client: bool = False) -> None:
        tracked.ended = True
        if tracked.shown_at is None:
            return  # nobody saw it, so that nothing came of it
        if self.ledger:
            self.ledger.ended(tracked.id, how, characters, by_client)
        if how in ("accepted", "rejected") and not tracked.characters:
            self.on_verdict(tracked.document.uri, how == "accepted")

    def _label(self, tracked: Tracked) -> None:
        if not tracked.labelled:
            tracked.labelled = True
            if tracked.tell:
                tracked.tell(tracked.kept())
            elif self.ledger:
                self.ledger.labelled(tracked.id, tracked.kept())

    def _finish(self, tracked: Tracked) -> None:
        """Learn what can still be learned from a suggestion, and forget it."""
        del self._tracked[tracked.id]
        if self._current.get(tracked.document.uri) is tracked:
            del self._current[tracked.document.uri]
        self._label(tracked)
        if tracked.taken_at is not None and self.ledger:
            self.ledger.survived(tracked.id, tracked.survived())
        if not tracked.ended:
            if tracked.verdict:
                self._conclude(tracked)
            else:
                self._end(tracked, "ignored")

    def _wake(self) -> None:
        """Look again when the next thing is due."""
        if not self._later:
            return
        due = min((self._due(tracked) for tracked in self._tracked.values()), default=float("inf"))
        if self._timer and self._timer_at <= due:
            return
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if due < float("inf"):
            self._timer_at = due
            self._timer = self._later(max(0.0, due - self._clock()) + 0.01, self.look)

    def _due(self, tracked: Tracked) -> float:
        due = [] if tracked.labelled else [self._label_due(tracked)]
        if tracked.verdict and not tracked.ended:
            due.append(tracked.verdict_at + PATIENCE)
        if tracked.taken_at is not None:
            due.append(tracked.taken_at + LOOK_AFTER)
        return min(due, default=float("inf"))

    def _label_due(self, tracked: Tracked) -> float:
        start = tracked.made_at if tracked.taken_at is None else tracked.taken_at
        due = start + LOOK_AFTER
        return due if tracked.left_at is None else min(due, max(start, tracked.left_at) + PATIENCE)

    def _entry(self, tracked: Tracked, placed: Placed, withheld: str) -> Entry:
        suggestion, text = placed.suggestion, tracked.texts[0]
        return Entry(
            id=tracked.id,
            time=time.time(),
            project=self.project,
            client=self.client,
            language=placed.document.language,
            model=suggestion.model,
            source=suggestion.source,
            confidence=suggestion.confidence,
            characters=len(text),
            lines=text.strip("\n").count("\n") + 1,
            alternatives=len(tracked.texts),
            latency_ms=suggestion.latency_ms,
            evaluated_tokens=suggestion.usage.evaluated_tokens,
            reused_tokens=suggestion.usage.reused_tokens,
            generated_tokens=suggestion.usage.generated_tokens,
            partial=suggestion.partial,
            withheld=withheld,
        )
