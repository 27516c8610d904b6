"""The ring: neighbourhoods of places the user was at lately, so that a prompt can show them again.

Chunks queue up as things happen and move into the ring one at a time, in idle moments; each move may then be
read by the engine before anybody needs it. The mechanism and its constants are llama.vim's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.types import Snippet
from retrieval.context import RING, Candidate, Query
from retrieval.neighbourhoods import NEIGHBOUR_LINES, Neighbourhood, similarity, words
from settings.private import is_private

SIZE, QUEUE = 16, 16
ALIKE = 0.9
"""Above this similarity a newer chunk takes an older one's place."""
SAME_PLACE = 0.5
"""The same for an older state of the same lines of the same file, which would mislead."""
LATEST, RELATED = 0.2, 0.3
"""What being the latest counts, and what holding every name near the cursor: a definition of a name on the
cursor's line counts 1, and goes before."""


@dataclass(frozen=True)
class Entry:
    """A chunk in the ring. Later entries have higher numbers, and stand later in a prompt."""

    number: int
    chunk: Neighbourhood
    words: frozenset[str]


class Ring:
    """Chunks in the order in which they came; pure state, without a clock or an engine."""

    def __init__(self, size: int = SIZE, queue: int = QUEUE) -> None:
        self._size, self._limit = size, queue
        self._queue: list[Entry] = []
        self._ring: list[Entry] = []
        self._number = 0

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What a prompt may show, oldest first."""
        return tuple(self._ring)

    @property
    def queued(self) -> int:
        return len(self._queue)

    def offer(self, chunk: Neighbourhood) -> bool:
        """Queue a chunk in place of those it makes superfluous; tell whether it was taken.

        One that is in the ring or the queue already stays where it is: moving it would cost the KV cache
        everything behind it.
        """
        if is_private(chunk.path) or not chunk.text.strip():
            return False
        if any(entry.chunk == chunk for entry in self._ring + self._queue):
            return False
        self._number += 1
        new = Entry(self._number, chunk, words(chunk.text))
        self._ring = [old for old in self._ring if not _supersedes(new, old)]
        self._queue = [old for old in self._queue if not _supersedes(new, old)]
        self._queue = [*self._queue, new][-self._limit :]
        return True

    def advance(self) -> bool:
        """Move the chunk that waits longest into the ring, where the oldest may go; tell whether one did."""
        if not self._queue:
            return False
        self._number += 1
        entry = self._queue.pop(0)
        self._ring = [*self._ring, Entry(self._number, entry.chunk, entry.words)][-self._size :]
        return True

    def forget(self, gone: Callable[[str], bool]) -> None:
        """Drop every chunk of the paths for which `gone` says so."""
        self._ring = [entry for entry in self._ring if not gone(entry.chunk.path)]
        self._queue = [entry for entry in self._queue if not gone(entry.chunk.path)]


def _supersedes(new: Entry, old: Entry) -> bool:
    alike = similarity(new.words, old.words)
    if alike > ALIKE:
        return True
    one, other = new.chunk, old.chunk
    overlap = one.path == other.path and one.first <= other.last and other.first <= one.last
    return overlap and alike > SAME_PLACE


class RecentPlaces:
    """The ring as a source: later chunks count more, and those that hold names of the query."""

    name = "recent places"
    deadline = 0.15

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    async def candidates(self, query: Query) -> Sequence[Candidate]:
        names = words("\n".join(query.prefix.split("\n")[-NEIGHBOUR_LINES:]))
        entries, found = self._ring.entries, []
        for position, entry in enumerate(entries, 1):
            score = LATEST * position / len(entries)
            score += RELATED * len(entry.words & names) / max(1, len(names))
            snippet = Snippet(entry.chunk.path, entry.chunk.text)
            found.append(Candidate(snippet, RING, entry.number, entry.chunk.first, score))
        return found
