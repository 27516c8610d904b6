"""The places the user was at: noted as things happen, cut into chunks for the ring when nobody is typing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_server.documents import Document
from retrieval.neighbourhoods import NEIGHBOUR_LINES, Neighbourhood, cut
from retrieval.ring import QUEUE, Ring
from syntax.definitions import Definition

MOVED_LINES = NEIGHBOUR_LINES
"""Lines the cursor moves until it has left a neighbourhood."""
SHORTEST_YANK = 3
"""Lines; what is shorter is pasted at once and tells nothing (llama.vim)."""
ANYWHERE = -1


@dataclass(frozen=True)
class Visit:
    """A place the user was at. Its text is read later, unless that is changed in between as well."""

    document: Document
    line: int
    yanked: int = 0
    """Lines that were copied, from `line` on; 0: the neighbourhood counts."""


class Trail:
    """Feeds the ring. `path` names a document in prompts; `hidden` tells which stay out of them."""

    def __init__(self, path: Callable[[Document], str], hidden: Callable[[Document], bool]) -> None:
        self.ring = Ring()
        self._path, self._hidden = path, hidden
        self._visits: deque[Visit] = deque(maxlen=QUEUE)
        self._at: tuple[Document, int] | None = None

    def opened(self, document: Document) -> None:
        """Take note of a new document, in which nobody said where the user is."""
        self.at(document, 0)
        self._visits.append(Visit(document, ANYWHERE))

    def at(self, document: Document, line: int) -> None:
        """Take note where the user is now, and of the neighbourhood that leaves."""
        if self._at and (self._at[0] is not document or abs(self._at[1] - line) > MOVED_LINES):
            self._visits.append(Visit(*self._at))
        self._at = document, line

    def saved(self, document: Document) -> None:
        if self._at and self._at[0] is document:
            self._visits.append(Visit(*self._at))

    def yanked(self, document: Document, first: int, last: int) -> None:
        """Take note that these lines, from 0 and with the last, were copied."""
        first, last = max(0, first), min(last, len(document.lines) - 1)
        if last - first + 1 >= SHORTEST_YANK:
            self._visits.append(Visit(document, first, min(last - first + 1, NEIGHBOUR_LINES)))

    def closed(self, document: Document, known: Sequence[Definition]) -> None:
        """Take leave of a document: what of it was visited is read now."""
        if self._at and self._at[0] is document:
            self._visits.append(Visit(*self._at))
            self._at = None
        self.cut(lambda other: known if other is document else ())

    def cut(self, definitions: Callable[[Document], Sequence[Definition]]) -> None:
        """Queue the neighbourhoods of the places that were left, as their text is now."""
        while self._visits:
            visit = self._visits.popleft()
            if not self._hidden(visit.document) and (
                chunk := self._chunk(visit, definitions(visit.document))
            ):
                self.ring.offer(chunk)

    def _chunk(self, visit: Visit, known: Sequence[Definition]) -> Neighbourhood | None:
        lines, line = visit.document.lines, visit.line
        if visit.yanked:
            text = "".join(lines[line : line + visit.yanked]).replace("\r\n", "\n").rstrip("\n")
            return Neighbourhood(self._path(visit.document), text, line)
        if line == ANYWHERE:  # its first code says most
            line = next((definition.first for definition in known if definition.kind != "constant"), 0)
        return cut(self._path(visit.document), lines, min(line, len(lines) - 1), known)
