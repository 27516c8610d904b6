"""What open documents define, for menus: read in pauses, so that a menu is there when it is opened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.documents import Document
from lsp_server.suggestions import relative_path

if TYPE_CHECKING:
    from actions.place import Outline
    from lsp_server.session import NearsideServer

PAUSE = 0.3
"""Seconds without a change after which a document is read again."""
LARGEST = 400_000
"""Characters of a document in which actions are offered; what is larger is not parsed."""


@dataclass(frozen=True, slots=True)
class _Reading:
    document: Document
    revision: int
    task: asyncio.Task[Outline]


class Outlines:
    """The outlines of the documents in which a menu was opened."""

    def __init__(self, ls: NearsideServer) -> None:
        self._ls = ls
        self._last: dict[str, _Reading] = {}
        self._pauses: dict[str, asyncio.TimerHandle] = {}

    async def of(self, document: Document, *, by_hand: bool) -> Outline | None:
        """Return a document's outline; None where it is too large, and for who does not ask by hand while
        the document changes."""
        last = self._last.get(document.uri)
        revision = document.revision
        fresh = last and last.document is document and last.revision == revision
        if not fresh and not by_hand:
            await asyncio.sleep(PAUSE)
            if document.revision != revision:
                return None
        reading = self._read(document)
        return await asyncio.shield(reading.task) if reading else None

    def changed(self, document: Document) -> None:
        """Read a document again in the next pause, if a menu was ever opened there."""
        if document.uri in self._last:
            self._stop(document.uri)
            loop = asyncio.get_running_loop()
            self._pauses[document.uri] = loop.call_later(PAUSE, self._read, document)

    def closed(self, uri: str) -> None:
        self._stop(uri)
        self._last.pop(uri, None)

    def _stop(self, uri: str) -> None:
        if timer := self._pauses.pop(uri, None):
            timer.cancel()

    def _read(self, document: Document) -> _Reading | None:
        """Return the reading of a document as it is now, begun if there is none."""
        last = self._last.get(document.uri)
        if last and last.document is document and last.revision == document.revision:
            return last
        if sum(map(len, document.lines)) > LARGEST or self._ls.documents.get(document.uri) is not document:
            return None
        path = relative_path(document.uri, self._ls.client.workspace)
        task = self._ls.run_in_background(asyncio.to_thread(_outline, document.text, path))
        last = self._last[document.uri] = _Reading(document, document.revision, task)
        return last


def _outline(text: str, path: str) -> Outline:
    from actions import place
    from syntax.languages import language_of

    return place.outline(text, language_of(path), path)
