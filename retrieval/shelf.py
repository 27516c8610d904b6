"""The store as its one writer has it: what to do when it is damaged, newer, full, or cannot be written."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from inference.types import NearsideError
from retrieval.embedders import Embedder, EmbedderUnavailable
from retrieval.filling import Filling
from retrieval.pace import Pace, Progress
from retrieval.store import (
    Row,
    Store,
    StoreDamaged,
    StoreError,
    StoreMissing,
    StoreNewer,
)
from retrieval.vectors import VectorCache

EDITS_UNTIL_TIDY = 20
"""Writes after which searching is markedly slower: each costs a search about 2 ms."""

log = logging.getLogger("nearside.shelf")

Say = Callable[[str], None]


class Shelf:
    """Rows and vectors of one workspace. Reading `store` is for any thread, the rest for one."""

    def __init__(
        self,
        uri: str,
        embedder: Embedder | None,
        cache: VectorCache | None,
        say: Say = lambda _: None,
        report: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.uri, self.embedder = uri, embedder
        self.store: Store | None = None
        self.writes = False
        """Whether rows are kept: this process may write, and can."""
        self.embedded = 0
        self.why_no_vectors = "" if embedder else "retrieval.embedder is none"
        self._cache, self._say, self._report = cache, say, report
        self._contents: dict[str, str] = {}
        self._filling: Filling | None = None
        self._pace = Pace("embedding", report)
        self._writes_since = 0
        self._lost = threading.Event()

    def open(self, *, write: bool) -> None:
        """Open the store, to write it or only to read what another process writes."""
        identity, dimensions = self._embedder_is()
        self.writes, self.store, self._filling = False, None, None
        try:
            store = self._opened(identity, dimensions, write)
            if write and store and not store.healthy():
                log.warning("The index is made again, because it is damaged")
                store = self._made_again(identity, dimensions)
            if write and store:
                self._contents = store.contents()
                self.writes = True
                if self.embedder and self._cache and not self.why_no_vectors:
                    self._filling = Filling(store, self.embedder, self._cache)
            self.store = store
        except StoreMissing:
            pass  # whoever writes it has not begun
        except StoreError as error:
            self._off(error)
        self._lost.clear()

    def lost(self) -> bool:
        """Return whether the store turned out damaged since it was opened; whoever asks opens it again."""
        return self._lost.is_set()

    def damaged(self) -> None:
        """Say that a query failed over the store's files. Any thread."""
        self._lost.set()

    def contents(self) -> dict[str, str]:
        """Return the row hash of every path that has rows; empty for one who does not write."""
        return self._contents

    def replace(self, hashes: Mapping[str, str], emptied: Collection[str], rows: Sequence[Row]) -> None:
        """Give files these rows instead of theirs. What cannot be written is said once and then left."""
        old = [path for path in (*hashes, *emptied) if path in self._contents]
        if not self.writes or not self.store or not (old or rows):
            return
        try:
            self.store.replace([*hashes, *emptied], rows)
        except StoreError as error:
            self._off(error)
            return
        for path in emptied:
            self._contents.pop(path, None)
        self._contents.update(hashes)
        self._writes_since += 1

    def plan(self, rank: Mapping[str, int]) -> None:
        """Queue what has no vector yet, in the order of `rank`."""
        if self._filling:
            try:
                self._filling.plan(rank)
            except StoreError as error:
                self._off(error)

    def first(self, rows: Sequence[Row]) -> None:
        """Queue those of some rows that have no vector yet in front of all others."""
        if self._filling and rows:
            try:
                self._filling.first(rows)
            except StoreError as error:
                self._off(error)

    def embed(self) -> bool:
        """Embed one batch; return whether there is more to do."""
        filling = self._filling
        if not filling or not filling.left:
            return False
        before = filling.embedded
        try:
            filling.step()
        except StoreError as error:
            self._off(error)
            return False
        except EmbedderUnavailable as error:
            self._without_vectors(error)
            return False
        self.embedded += filling.embedded - before
        self._pace.at(filling.total - filling.left, filling.total)
        if not filling.left:
            self._writes_since += 1
            self._pace = Pace("embedding", self._report)
        return bool(filling.left)

    @property
    def pending(self) -> int:
        """Chunks without a vector, as far as known."""
        return self._filling.left if self._filling else 0

    def tidy(self, *, least: int = 1) -> None:
        """Merge what many writes left in pieces, if there were so many."""
        if self.writes and self.store and self._writes_since >= least:
            try:
                self.store.optimise()
            except StoreError as error:
                self._off(error)
            self._writes_since = 0

    @property
    def untidy(self) -> bool:
        return self.writes and self._writes_since >= EDITS_UNTIL_TIDY

    def _embedder_is(self) -> tuple[str, int]:
        if self.embedder is None:
            return "", 0
        try:
            return self.embedder.identity, self.embedder.dimensions
        except EmbedderUnavailable as error:
            self._without_vectors(error)
            return "", 0

    def _opened(self, identity: str, dimensions: int, write: bool) -> Store | None:
        try:
            return Store.open(self.uri, identity, dimensions, create=write)
        except StoreNewer:
            # A later version's index is left alone; ours goes beside it.
            self.uri = f"{self.uri}-older"
            return Store.open(self.uri, identity, dimensions, create=write)
        except StoreDamaged:
            if not write:
                raise
            log.warning("The index is made again, because it is damaged")
            return self._made_again(identity, dimensions)

    def _made_again(self, identity: str, dimensions: int) -> Store:
        Store.destroy(self.uri)
        return Store.open(self.uri, identity, dimensions, create=True)

    def _off(self, error: NearsideError) -> None:
        """Go on without the store: a damaged one is opened anew, the rest is for the user to mend."""
        self.writes, self._filling, self._contents = False, None, {}
        if isinstance(error, StoreDamaged):
            self._lost.set()
            return
        log.warning("%s", error)
        self._say(str(error))

    def _without_vectors(self, error: EmbedderUnavailable) -> None:
        self._filling = None
        self.why_no_vectors = str(error)
        log.warning("%s", error)
        self._say(f"Search goes by words only. {error}")
