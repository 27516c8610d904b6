"""What prompts show of other places: fed by events, prepared in idle moments, read by keystrokes.

Nothing here runs between a keystroke and its answer but `ready`, which filters a short list.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.prompts import max_lines_at, window
from inference.types import Snippet
from lsp_server.documents import Document, Place
from lsp_server.functions import Functions
from lsp_server.suggestions import absolute_path, matches, relative_path, why_quiet
from lsp_server.trail import Trail
from lsp_server.warming import warm_soon
from retrieval.context import (
    Candidate,
    Gathered,
    Gatherer,
    Query,
    Surroundings,
    assemble,
    budget,
    ready,
    step,
)
from retrieval.definitions import OpenDefinitions, Outline
from retrieval.neighbourhoods import NEIGHBOUR_LINES
from retrieval.ring import RecentPlaces
from settings.private import is_private
from syntax.definitions import Definition, definitions

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.context")

TICK = 1.0
"""Seconds between two steps in idle times, as llama.vim has it."""
IDLE_AFTER = 3.0
"""Seconds without a change until nobody is typing, for clients that do not say where the cursor rests."""
HEAD_LINES = 80
"""Where imports stand."""
WARM_DOCUMENTS = 2
"""Documents whose prompts are kept up to date in idle times: the present one and the one before."""
MOST_TROUBLES = 50
TROUBLE_LINES = 10
"""Lines from the cursor within which a diagnostic counts."""


@dataclass
class Focus:
    """What one document's prompts show."""

    document: Document
    place: Place
    where: str
    """The function it was chosen for; it stays while the cursor does."""
    revision: int = -1
    """The document's when the cursor came to that function."""
    shown: tuple[Candidate, ...] = ()
    wanted: tuple[Candidate, ...] | None = None
    """What would be shown if it were chosen now; None before it was ever chosen."""


@dataclass(frozen=True)
class Trouble:
    """A diagnostic: where it is, and the words it says."""

    line: int
    words: frozenset[str]


class Context:
    """One session's context: its ring, the outlines of its documents, and what is ready for each."""

    def __init__(self, ls: NearsideServer, clock: Callable[[], float] = time.monotonic) -> None:
        self._ls, self._clock = ls, clock
        self.trail = Trail(self._path, self._hidden)
        self.outlines = OpenDefinitions()
        self.gatherer = Gatherer(
            (RecentPlaces(self.trail.ring), self.outlines, ls.project, ls.packages)
        )
        self.tokens = 0
        """Context of the engine, as far as it is known."""
        self.skipped: tuple[str, ...] = ()
        """Sources that did not answer when they were asked last."""
        self._focus: dict[str, Focus] = {}
        """By document, the latest last."""
        self._functions: dict[str, Functions] = defaultdict(Functions)
        self._troubles: dict[str, list[Trouble]] = {}
        self._changed_at, self._resting = -IDLE_AFTER, False
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._gathering: set[str] = set()

    # What happens.

    def opened(self, document: Document) -> None:
        self.trail.opened(document)
        self._functions.pop(document.uri, None)
        self._stir()

    def changed(self, document: Document, line: int, lines: int) -> None:
        """Take note of a change at `line` that made the document `lines` lines longer."""
        self._functions[document.uri].changed(line, lines)
        self._changed_at, self._resting = self._clock(), False
        self.trail.at(document, line)
        self._stir()

    def rested(self, document: Document, place: Place) -> None:
        """Take note that the cursor rests somewhere, and nobody is typing."""
        self._resting = True
        self.trail.at(document, place[0])
        self._look(document, place)
        self._stir()

    def saved(self, document: Document) -> None:
        self.trail.saved(document)
        self._stir()

    def closed(self, document: Document) -> None:
        self.trail.closed(document, self._definitions(document))
        uri = document.uri
        for held in (self._focus, self._functions, self._troubles):
            held.pop(uri, None)
        self.outlines.drop(uri)
        self._stir()

    def yanked(self, document: Document, first: int, last: int) -> None:
        """Take note that these lines, from 0 and with the last, were copied."""
        self.trail.yanked(document, first, last)
        self._stir()

    def troubled(self, document: Document, troubles: Sequence[Trouble]) -> None:
        """Replace a document's diagnostics."""
        self._troubles[document.uri] = list(troubles[:MOST_TROUBLES])
        self._stir()

    def renewed(self) -> None:
        """Take note that the project is known better now than when contexts were chosen."""
        for focus in self._focus.values():
            focus.wanted = None
        self._stir()

    # What is ready.

    def ready(self, document: Document, place: Place) -> tuple[Snippet, ...]:
        """Return what a prompt may show besides the text around this cursor. It never waits."""
        focus = self._look(document, place)
        if not focus or not focus.shown:
            return ()
        first = max(0, place[0] - NEIGHBOUR_LINES)
        line = document.lines[place[0]]
        prefix = "".join(document.lines[first : place[0]]) + line[: place[1]]
        suffix = line[place[1] :] + "".join(document.lines[place[0] + 1 : place[0] + 1 + NEIGHBOUR_LINES])
        return ready(focus.shown, self._path(document), Surroundings.of(prefix, suffix))

    def gathered(self, document: Document) -> Gathered:
        """Return what is ready for a document's last place, and what was skipped."""
        focus = self._focus.get(document.uri)
        shown = tuple(candidate.snippet for candidate in focus.shown) if focus else ()
        return Gathered(shown, self.skipped)

    # Idle moments.

    def _stir(self) -> None:
        """Have idle moments used from now on; when all is done, nothing runs."""
        self._wake.set()
        if self._running is None or self._running.done():
            self._running = self._ls.run_in_background(self._run())

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(TICK)
            try:
                if self.idle and not await self.tick():
                    self._wake.clear()
            except Exception:  # a defect here costs context, not completions
                log.exception("Preparing context failed")
                self._wake.clear()

    @property
    def idle(self) -> bool:
        """Whether nobody is typing or waiting."""
        typing = not self._resting and self._clock() - self._changed_at < IDLE_AFTER
        return not typing and not self._ls.asked

    async def tick(self) -> bool:
        """Do one step of what is left to do, and tell whether there may be more.

        A step is: what changed is outlined, one chunk moves into the ring, and at most one snippet changes in
        the prompts of one document, which the engine reads at once.
        """
        while await self._outline_one():
            if not self.idle:
                return True
        self.trail.cut(self._definitions)
        moved = self.trail.ring.advance()
        for focus in list(self._focus.values())[: -WARM_DOCUMENTS - 1 : -1]:
            if await self._refresh(focus):
                return True
        return moved or self.trail.ring.queued > 0 or bool(self.skipped)

    async def _outline_one(self) -> bool:
        for uri, document in list(self._ls.documents.items()):
            known = self.outlines.outlines.get(uri)
            if self._hidden(document):
                self.outlines.drop(uri)
            elif known is None or known.revision != document.revision:
                await self._outline(document)
                return True
        return False

    async def _outline(self, document: Document) -> None:
        revision, lines = document.revision, list(document.lines)
        functions = self._functions[document.uri]
        changes = functions.changes
        found = await asyncio.to_thread(lambda: definitions("".join(lines), document.language))
        if self._ls.documents.get(document.uri) is document:
            outline = Outline.of(self._path(document), document.language, revision, found)
            self.outlines.keep(document.uri, outline)
            functions.outlined(outline, changes)

    async def _refresh(self, focus: Focus) -> bool:
        """Gather again, change one snippet, and have the engine read it; tell whether one changed."""
        wanted = await self._gather(focus)
        if wanted is None or wanted == focus.shown:
            return False
        nothing_typed = focus.revision == focus.document.revision
        focus.shown = wanted if nothing_typed else step(focus.shown, wanted, self._budget)
        warm_soon(self._ls, focus.document, focus.place, 0.0)
        return True

    async def _gather(self, focus: Focus) -> tuple[Candidate, ...] | None:
        """Return what a document's prompts should show; None while that is being found out already."""
        document, uri = focus.document, focus.document.uri
        if uri in self._gathering or self._ls.documents.get(uri) is not document:
            return None
        self._gathering.add(uri)
        try:
            query = self._query(document, focus.place)
            found, skipped = await self.gatherer.gather(query)
            self._tell(skipped)
            if skipped:  # what they said before still stands
                found += focus.shown
            focus.wanted = assemble(self._allowed(found), query, self._budget)
            return focus.wanted
        finally:
            self._gathering.discard(uri)

    def _query(self, document: Document, place: Place) -> Query:
        line = min(place[0], len(document.lines) - 1)
        column = min(place[1], len(document.lines[line]))
        prefix, suffix = window(document.lines, line, column, self._ls.settings.completion)
        near = (t for t in self._troubles.get(document.uri, ()) if abs(t.line - line) <= TROUBLE_LINES)
        words = frozenset(word for trouble in near for word in trouble.words)
        head = "".join(document.lines[:HEAD_LINES])
        path, body = self._path(document), max_lines_at(prefix, suffix, 2) > 1
        return Query(path, document.language, prefix, suffix, head, words, body, self._budget)

    # Where the user is.

    def _look(self, document: Document, place: Place) -> Focus | None:
        """Note where a document is looked at; in another function, have its context chosen anew."""
        if self._hidden(document):
            return None
        where = self._functions[document.uri].at(place[0])
        focus = self._focus.pop(document.uri, None)
        if focus is None or focus.document is not document:
            focus = Focus(document, place, where)
        self._focus[document.uri] = focus
        new = focus.wanted is None or focus.where != where
        if focus.where != where or focus.revision < 0:
            focus.revision = document.revision
        focus.place, focus.where = place, where
        if new and document.uri not in self._gathering:
            self._ls.run_in_background(self._choose(focus))
        return focus

    async def _choose(self, focus: Focus) -> None:
        """Choose what is shown in a function the cursor has come to."""
        where, wanted = None, None
        try:
            while where != focus.where:  # it may move on while its context is gathered
                where, wanted = focus.where, await self._gather(focus)
        except Exception:
            log.exception("Choosing context failed")
        if wanted is not None and wanted != focus.shown:
            focus.shown = wanted
            if self.idle:
                warm_soon(self._ls, focus.document, focus.place, 0.0)

    def _definitions(self, document: Document) -> tuple[Definition, ...]:
        """Return a document's definitions, if they are known as it is now."""
        known = self.outlines.outlines.get(document.uri)
        return known.definitions if known and known.revision == document.revision else ()

    # What may be shown.

    @property
    def _budget(self) -> int:
        return budget(self.tokens, self._ls.settings.completion.max_tokens)

    def _path(self, document: Document) -> str:
        return relative_path(document.uri, self._ls.client.workspace)

    def _hidden(self, document: Document) -> bool:
        """Whether a document's text stays out of other documents' prompts."""
        return is_private(absolute_path(document.uri).as_posix()) or bool(why_quiet(self._ls, document))

    def _allowed(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Leave out what settings or names forbid by now."""
        workspace, globs = self._ls.client.workspace, self._ls.settings.completion.disable_in
        hidden = {self._path(d) for d in self._ls.documents.values() if self._hidden(d)}
        for path in {candidate.snippet.path for candidate in found} if globs else ():
            uri = "file:" + ((workspace / path).as_posix() if workspace else path)
            if any(matches(uri, workspace, glob) for glob in globs):
                hidden.add(path)
        return [candidate for candidate in found if candidate.snippet.path not in hidden]

    def _tell(self, skipped: tuple[str, ...]) -> None:
        """Say once that a source is out, and once that it is back."""
        for name in skipped:
            if name not in self.skipped:
                self._ls.status.log(
                    f"Completions go on without {name}: they did not come in time. They are asked again."
                )
        for name in self.skipped:
            if name not in skipped:
                self._ls.status.log(f"Completions have {name} again.")
        self.skipped = skipped
