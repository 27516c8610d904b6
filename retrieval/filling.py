"""Vectors for the rows that have none: from the cache where the text was ever embedded, else by embedding."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Mapping

import numpy as np

from retrieval.embedders import Embedder
from retrieval.store import Store
from retrieval.vectors import VectorCache

LOOK = 2_048
"""Chunks that are looked up in the cache at a time."""
BATCH = 32
"""Chunks embedded at a time: 0.13 s on two cores, which is what an edit in between waits for."""
COMMIT_CHUNKS, COMMIT_SECONDS = 512, 5.0
"""Vectors become searchable in such lots: each is a commit of some ms and a file of its own."""
FAR = 1 << 30


class Filling:
    """The queue of chunks without a vector. Used by one thread."""

    def __init__(self, store: Store, embedder: Embedder, cache: VectorCache) -> None:
        self._store, self._embedder, self._cache = store, embedder, cache
        self._queue: deque[str] = deque()
        self._texts: dict[str, str] = {}
        self._ready: list[tuple[str, np.ndarray]] = []
        self._missing: deque[str] = deque()
        self._committed = time.monotonic()
        self.embedded = 0
        """Texts the embedder was given."""
        self.total = 0

    @property
    def left(self) -> int:
        return len(self._queue) + len(self._missing) + len(self._ready)

    def plan(self, rank: Mapping[str, int]) -> None:
        """Queue what the store lacks; `rank` says how early a path's chunks come. Raises StoreError."""
        self._ready.clear()
        self._missing.clear()
        pending = sorted(self._store.pending(), key=lambda one: rank.get(one[0], FAR))
        self._queue = deque(hash for _, hash in pending)
        self.total = len(self._queue)

    def first(self, paths: Collection[str]) -> None:
        """Put the new chunks of these files in front: somebody works on them right now. Raises StoreError."""
        queued = {*self._queue, *self._missing, *(hash for hash, _ in self._ready)}
        new = [hash for path, hash in self._store.pending() if path in paths and hash not in queued]
        self._missing.extendleft(reversed(new))
        self.total = max(self.total, self.left)

    def step(self) -> None:
        """Do one batch. Raises StoreError and EmbedderUnavailable; what was done before is kept."""
        if not self._missing and self._queue:
            self._look([self._queue.popleft() for _ in range(min(LOOK, len(self._queue)))])
        if self._missing:
            batch = [self._missing.popleft() for _ in range(min(BATCH, len(self._missing)))]
            known = self._cache.get_many(self._embedder.identity, batch)
            self._ready.extend(known.items())
            texts = {
                hit.hash: f"{hit.header}\n{hit.text}" for hit in self._store.rows(set(batch) - known.keys())
            }
            if texts:
                try:
                    vectors = self._embedder.embed(list(texts.values()))
                except BaseException:
                    self._missing.extendleft(reversed(batch))
                    raise
                self.embedded += len(texts)
                self._cache.put_many(self._embedder.identity, dict(zip(texts, vectors, strict=True)))
                self._ready.extend(zip(texts, vectors, strict=True))
        due = len(self._ready) >= COMMIT_CHUNKS or time.monotonic() - self._committed > COMMIT_SECONDS
        if self._ready and (due or not (self._queue or self._missing)):
            ready, self._ready = self._ready, []
            self._store.set_vectors([hash for hash, _ in ready], np.stack([vector for _, vector in ready]))
            self._committed = time.monotonic()

    def _look(self, hashes: list[str]) -> None:
        known = self._cache.get_many(self._embedder.identity, hashes)
        self._ready.extend(known.items())
        self._missing.extend(hash for hash in hashes if hash not in known)
