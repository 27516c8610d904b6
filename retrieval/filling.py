"""Vectors for the rows that have none: from the cache where the text was ever embedded, else by embedding."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from retrieval.embedders import Embedder
from retrieval.rows import Row
from retrieval.store import Store
from retrieval.vectors import VectorCache

LOOK = 2_048
"""Chunks that are looked up in the cache at a time."""
LOT = 256
"""Chunks whose texts are read together, to be embedded in the order of their lengths: in their own order a
fifth of the work is on padding, so it is a hundredth."""
LEAST, MOST = 8, 256
"""Chunks embedded at a time: as many as take `STEP_SECONDS`, on a processor or a graphics card."""
STEP_SECONDS = 0.15
"""What an edit in between waits for."""
COMMIT_CHUNKS, COMMIT_SECONDS = 512, 5.0
"""Vectors become searchable in such lots: each is a commit of some ms and a file of its own."""
FAR = 1 << 30
TINY = 60
"""Characters of text below which a chunk gets no vector: an empty class or one import, one in fifteen, means
nothing that its words do not say."""
TABLES = frozenset(("po", "pot", "svg", "csv", "tsv", "geojson", "jsonl", "plist"))
"""Files that are found by their words only: a fifth of Django are translations, and nobody asks for their
meaning."""


class Filling:
    """The queue of chunks without a vector. Used by one thread."""

    def __init__(self, store: Store, embedder: Embedder, cache: VectorCache) -> None:
        self._store, self._embedder, self._cache = store, embedder, cache
        self._queue: deque[str] = deque()
        """Not looked up yet."""
        self._missing: deque[str] = deque()
        """To be embedded, as far as known."""
        self._texts: dict[str, str] = {}
        """Of some of those: what was just read need not be read from the store."""
        self._ready: list[tuple[str, np.ndarray]] = []
        self._waiting: set[str] = set()
        """All that is in one of these."""
        self._committed = time.monotonic()
        self._batch = LEAST
        self.embedded = 0
        """Texts the embedder was given."""
        self.total = 0

    @property
    def left(self) -> int:
        return len(self._waiting)

    def plan(self, rank: Mapping[str, int]) -> None:
        """Queue what the store lacks; `rank` says how early a path's chunks come. Raises StoreError."""
        self._ready.clear()
        self._missing.clear()
        self._texts.clear()
        pending = [one for one in self._store.pending(TINY) if has_meaning(one[0])]
        pending.sort(key=lambda one: rank.get(one[0], FAR))
        self._queue = deque(hash for _, hash in pending)
        self._waiting = set(self._queue)
        self.total = len(self._queue)

    def first(self, rows: Sequence[Row]) -> None:
        """Put the new ones of some rows in front: somebody works on them right now. Raises StoreError."""
        worthy = [row for row in rows if len(row.text) >= TINY and has_meaning(row.path)]
        texts = {row.hash: f"{row.header}\n{row.text}" for row in worthy}
        new = self._store.lacking([hash for hash in texts if hash not in self._waiting])
        self._missing.extendleft(reversed(new))
        self._waiting.update(new)
        self._texts.update((hash, texts[hash]) for hash in new)
        self.total = max(self.total, self.left)

    def step(self) -> None:
        """Do one batch. Raises StoreError and EmbedderUnavailable; what was done before is kept."""
        if not self._missing and self._queue:
            self._look([self._queue.popleft() for _ in range(min(LOOK, len(self._queue)))])
        if self._missing and self._missing[0] not in self._texts:
            self._read()
        if self._missing:
            batch = []
            while len(batch) < self._batch and self._missing and self._missing[0] in self._texts:
                batch.append(self._missing.popleft())
            try:
                self._embed(batch)
            except BaseException:
                self._missing.extendleft(reversed(batch))
                raise
        due = len(self._ready) >= COMMIT_CHUNKS or time.monotonic() - self._committed > COMMIT_SECONDS
        if self._ready and (due or not (self._queue or self._missing)):
            ready, self._ready = self._ready, []
            self._store.set_vectors([hash for hash, _ in ready], np.stack([vector for _, vector in ready]))
            self._waiting.difference_update(hash for hash, _ in ready)
            self._committed = time.monotonic()

    def _embed(self, batch: list[str]) -> None:
        """Embed chunks, or find in the cache what another process has embedded meanwhile."""
        known = self._cache.get_many(self._embedder.identity, batch)
        texts = {hash: self._texts[hash] for hash in batch if hash not in known}
        if texts:
            began = time.monotonic()
            vectors = self._embedder.embed(list(texts.values()))
            took = time.monotonic() - began
            if took > STEP_SECONDS:
                self._batch = max(LEAST, self._batch // 2)
            elif len(texts) == self._batch and took < STEP_SECONDS / 3:
                self._batch = min(MOST, 2 * self._batch)
            self.embedded += len(texts)
            self._cache.put_many(self._embedder.identity, dict(zip(texts, vectors, strict=True)))
            self._ready.extend(zip(texts, vectors, strict=True))
        self._ready.extend(known.items())
        for hash in batch:
            self._texts.pop(hash, None)

    def _read(self) -> None:
        """Read the texts of the next chunks; what was edited away meanwhile is let go of."""
        lot = [self._missing.popleft() for _ in range(min(LOT, len(self._missing)))]
        self._texts.update((hit.hash, f"{hit.header}\n{hit.text}") for hit in self._store.rows(lot))
        self._waiting.difference_update(hash for hash in lot if hash not in self._texts)
        there = [hash for hash in lot if hash in self._texts]
        self._missing.extendleft(sorted(there, key=lambda hash: -len(self._texts[hash])))

    def _look(self, hashes: list[str]) -> None:
        known = self._cache.get_many(self._embedder.identity, hashes)
        self._ready.extend(known.items())
        self._missing.extend(hash for hash in hashes if hash not in known)


def has_meaning(path: str) -> bool:
    """Tell whether chunks of a file get vectors."""
    return path.rpartition(".")[2].lower() not in TABLES
