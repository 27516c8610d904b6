"""One workspace's chunks and their vectors in LanceDB: one process writes, many read and see its commits.

Rows of text come first and can be searched by words at once. Vectors follow in a table of their own, keyed by
the chunk's hash: appending them rewrites no row, and what exists twice has one.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.rows import Counts, Hit, Row, restored, storable
from retrieval.store_errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreNewer,
    StoreReadOnly,
    StoreUnreachable,
    is_conflict,
    is_local,
    translated,
)
from retrieval.store_exact import Exact
from retrieval.store_tables import (
    HIT_COLUMNS,
    SCHEMA,
    about,
    approximate,
    best,
    chunk_schema,
    chunk_table,
    conditions,
    created,
    hits_of,
    index_hashes,
    index_vectors,
    index_words,
    indexed,
    is_of,
    opened,
    scan,
    vector_schema,
    vector_table,
    word_keys,
    word_matches,
)

if TYPE_CHECKING:
    from lancedb.table import Table

__all__ = [
    "Counts",
    "Hit",
    "Row",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreMissing",
    "StoreNewer",
    "StoreReadOnly",
    "StoreUnreachable",
]

EXACT_ROWS = 100_000
"""Up to here vectors are compared one by one in memory, 3 to 4 ms at 1.5 kB each; above, LanceDB's IVF_RQ."""
KEEP = timedelta(minutes=10)
"""Old versions stay this long, for a reader may be in the middle of one."""
TRIES = 5
SPARE = 32
"""Vectors outlive their chunks until `optimise`, and those of older states of a file lie close together."""
REMOTE_SECONDS = 2.0
"""How often object storage is asked for news."""

log = logging.getLogger("nearside.store")


class Store:
    """The tables of one workspace. Any thread may call; writing methods are for one process only."""

    def __init__(
        self, uri: str, chunks: Table, vectors: Table | None, identity: str, dimensions: int
    ) -> None:
        self.uri = uri
        self._chunks, self._vectors = chunks, vectors
        self._identity, self._dimensions = identity, dimensions
        self._writing = threading.RLock()
        self._exact = Exact(dimensions)
        self._looked = 0.0

    @classmethod
    def open(cls, uri: str | Path, identity: str, dimensions: int, *, create: bool = False) -> Store:
        """Open the index at a folder or any URI LanceDB takes; with `create`, make what is missing or older.

        `identity` is the embedder's; an empty one is for an index of words only. Vectors of another
        embedder are thrown away with `create` and passed over without. Raises StoreMissing, StoreNewer,
        StoreDamaged, StoreUnreachable, and with `create` StoreFull and StoreReadOnly.
        """
        uri = str(uri)
        with translated(uri):
            if not create and is_local(uri) and not Path(uri).is_dir():
                raise StoreMissing(f"There is no index at {uri}; make one with nearside index.")
            import lancedb

            database = lancedb.connect(uri)
            chunks = opened(database, "chunks")
            version = int(about(chunks).get("schema", 0)) if chunks is not None else 0
            if version > SCHEMA:
                raise StoreNewer(
                    f"The index at {uri} is not used, because a later version of nearside made it; "
                    "upgrade, or name another place in retrieval.uri."
                )
            if chunks is None or version < SCHEMA:
                if not create:
                    raise StoreMissing(
                        f"There is no index of this version at {uri}; make one with nearside index."
                    )
                chunks = created(database, "chunks", chunk_schema(), over=chunks is not None)
                index_words(chunks)
            vectors = opened(database, "vectors")
            if create and identity and (vectors is None or not is_of(vectors, identity, dimensions)):
                schema = vector_schema(identity, dimensions)
                vectors = created(database, "vectors", schema, over=vectors is not None)
                index_hashes(vectors)
            return cls(uri, chunks, vectors, identity, dimensions)

    @staticmethod
    def destroy(uri: str | Path) -> None:
        """Remove the index. Readers that have it open get StoreDamaged. Raises StoreReadOnly."""
        uri = str(uri)
        with translated(uri):
            if not is_local(uri):
                import lancedb

                lancedb.connect(uri).drop_all_tables()
            elif (folder := Path(uri)).exists():
                # Renamed first, so that nobody opens one that is half gone.
                aside = folder.with_name(f"{folder.name}.{uuid.uuid4().hex[:8]}.old")
                folder.rename(aside)
                shutil.rmtree(aside)

    def replace(self, paths: Collection[str], rows: Sequence[Row]) -> None:
        """Remove every row of `paths`, then add `rows`: two commits, for up to 500 files.

        A reader in between sees the files absent, never in part; so does whoever comes after a crash there.
        About 10 ms a call: bulk work goes in calls of some thousand rows. Raises StoreDamaged, StoreFull,
        StoreReadOnly.
        """
        with self._writing, translated(self.uri):
            for condition in conditions("path", map(storable, paths)):
                self._committed(lambda condition=condition: self._chunks.delete(condition))
            if rows:
                table = chunk_table(rows)
                self._committed(lambda: self._chunks.add(table))

    def drop(self, paths: Collection[str]) -> None:
        """Remove every row of `paths`."""
        self.replace(paths, ())

    def set_vectors(self, hashes: Sequence[str], vectors: np.ndarray) -> None:
        """Add the vectors (n, dimensions) of chunks with these hashes, in one commit. Raises as `replace`."""
        if len(hashes) != len(vectors) or (len(hashes) and vectors.shape[1] != self._dimensions):
            raise ValueError(f"{len(hashes)} hashes and vectors of shape {vectors.shape} do not fit together")
        with self._writing, translated(self.uri):
            if hashes and (table := self._own_vectors()) is not None:
                rows = vector_table(hashes, vectors)
                self._committed(lambda: table.add(rows))

    def pending(self, least: int = 0) -> list[tuple[str, str]]:
        """Return (path, hash) of rows without a vector, each hash once, in the order of the table.

        Rows with a text of fewer than `least` characters are none of them.
        """
        with translated(self.uri):
            self._refresh()
            table = self._own_vectors()
            if table is None:
                return []
            done = set(scan(table, ["hash"])["hash"].to_pylist())
            condition = f"char_length(text) >= {least}" if least else ""
            found = scan(self._chunks, ["path", "hash"], condition)
            missing: dict[str, str] = {}
            for path, key in zip(found["path"].to_pylist(), found["hash"].to_pylist(), strict=True):
                if key not in done:
                    missing.setdefault(key, restored(path))
            return [(path, key) for key, path in missing.items()]

    def lacking(self, hashes: Collection[str]) -> list[str]:
        """Return those of some hashes that have no vector, each once; none where there are no vectors at all.

        Costs what is asked for, not what there is.
        """
        with translated(self.uri):
            self._refresh()
            table = self._own_vectors()
            if table is None:
                return []
            done: set[str] = set()
            for condition in conditions("hash", hashes):
                done.update(scan(table, ["hash"], condition)["hash"].to_pylist())
            return [key for key in dict.fromkeys(hashes) if key not in done]

    def rows(self, hashes: Collection[str]) -> list[Hit]:
        """Return the rows with these hashes, with a score of 0; a hash may have several rows or none."""
        with translated(self.uri):
            self._refresh()
            return self._rows(dict.fromkeys(hashes, 0.0))

    def words(self, terms: str, k: int) -> list[Hit]:
        """Return the k best rows by BM25; `terms` are split as a row's `words` are. Any text is safe."""
        if not terms.strip():
            return []
        with translated(self.uri):
            self._refresh()
            return best(word_matches(self._chunks, terms, k), k)

    def matching(self, terms: str, k: int) -> list[str]:
        """Return the hashes of the k best rows by BM25, best first: less than half the work of `words`."""
        if not terms.strip():
            return []
        with translated(self.uri):
            self._refresh()
            return word_keys(self._chunks, terms, k)

    def near(self, vector: np.ndarray, k: int) -> list[str]:
        """Return the k hashes nearest to a unit vector, best first. Some may have lost their rows."""
        with translated(self.uri):
            self._refresh()
            table = self._own_vectors()
            return list(self._keys(table, vector, k, table.count_rows())) if table is not None else []

    def nearest(self, vector: np.ndarray, k: int) -> list[Hit]:
        """Return the k rows nearest by cosine to a unit vector (dimensions,); without vectors none."""
        with translated(self.uri):
            self._refresh()
            table = self._own_vectors()
            if table is None:
                return []
            total, wanted = table.count_rows(), k + SPARE
            while True:
                hits = self._rows(self._keys(table, vector, wanted, total))
                if len(hits) >= k or wanted >= total:
                    return best(hits, k)
                wanted *= 4

    def contents(self) -> dict[str, str]:
        """Return the file hash of every path that has rows; a file without any chunk is not in it."""
        with translated(self.uri):
            self._refresh()
            found = scan(self._chunks, ["path", "file_hash"])
            pairs = zip(found["path"].to_pylist(), found["file_hash"].to_pylist(), strict=True)
            return {restored(path): key for path, key in pairs}

    def counts(self) -> Counts:
        """Return how many chunks and vectors there are; vectors of another embedder count as none."""
        with translated(self.uri):
            self._refresh()
            table = self._own_vectors()
            return Counts(self._chunks.count_rows(), 0 if table is None else table.count_rows())

    def optimise(self, keep: timedelta = KEEP) -> None:
        """Merge small pieces, update the indexes, forget old versions and vectors of dropped chunks.

        For idle moments after some 20 calls of `replace`, and after bulk work: until then every search looks
        at the rows of each call one by one, for about 2 ms a call. Builds the vector index above EXACT_ROWS.
        Takes 0.2 s at 10k rows, minutes above 500k. `keep` is how long old versions stay.
        Gives up quietly when another writer is in the way.
        """
        with self._writing, translated(self.uri):
            try:
                table = self._own_vectors()
                if table is not None:
                    self._forget_orphans(table)
                    if table.count_rows() > EXACT_ROWS and not indexed(table, "vector"):
                        index_vectors(table)
                    table.optimize(cleanup_older_than=keep)
                self._chunks.optimize(cleanup_older_than=keep)
            except RuntimeError as error:
                if not is_conflict(error):
                    raise
                log.info("The index is not tidied now, because another process writes it")

    def healthy(self) -> bool:
        """Tell whether real queries work: every file opens, one search by words, one by vector."""
        try:
            with translated(self.uri):
                self._refresh()
                scan(self._chunks, ["path", "hash"])
                for row in self._chunks.search().select(["path", "words"]).limit(1).to_arrow().to_pylist():
                    self.words(row["words"][:200] or row["path"], 1)
                    self._chunks.count_rows(next(conditions("path", [row["path"]])))
                if (table := self._own_vectors()) is not None:
                    approximate(table, np.ones(self._dimensions, np.float32), 1)
        except StoreUnreachable:
            raise
        except StoreError as error:
            log.warning("%s", error)
            return False
        return True

    def size(self) -> int:
        """Return the bytes on disk; 0 where it is not a local folder."""
        if not is_local(self.uri):
            return 0
        total = 0
        for path in Path(self.uri).rglob("*"):
            with contextlib.suppress(OSError):  # the writer removes old files meanwhile
                total += path.stat().st_size if path.is_file() else 0
        return total

    def _refresh(self) -> None:
        """See what other processes committed: 1 ms for a folder, a round trip for object storage."""
        now = time.monotonic()
        if is_local(self.uri) or now - self._looked > REMOTE_SECONDS:
            self._looked = now
            self._chunks.checkout_latest()
            if self._vectors is not None:
                self._vectors.checkout_latest()

    def _own_vectors(self) -> Table | None:
        """Return the vectors, if they are our embedder's: another process may have begun anew."""
        table = self._vectors
        own = table is not None and is_of(table, self._identity, self._dimensions)
        return table if own else None

    def _committed(self, write: Callable[[], object]) -> None:
        for attempt in range(TRIES):
            try:
                write()
                return
            except RuntimeError as error:
                if attempt == TRIES - 1 or not is_conflict(error):
                    raise
                time.sleep(0.02 * 2**attempt)
                self._chunks.checkout_latest()
                if self._vectors is not None:
                    self._vectors.checkout_latest()

    def _keys(self, table: Table, vector: np.ndarray, k: int, total: int) -> dict[str, float]:
        if total <= EXACT_ROWS:
            return self._exact.nearest(table, vector, k)
        return approximate(table, vector, k)

    def _rows(self, scores: dict[str, float]) -> list[Hit]:
        hits: list[Hit] = []
        for condition in conditions("hash", scores):
            found = scan(self._chunks, HIT_COLUMNS, condition)
            hits += hits_of(found, [scores[key] for key in found["hash"].to_pylist()])
        return hits

    def _forget_orphans(self, table: Table) -> None:
        used = set(scan(self._chunks, ["hash"])["hash"].to_pylist())
        orphans = [key for key in scan(table, ["hash"])["hash"].to_pylist() if key not in used]
        for condition in conditions("hash", orphans):
            self._committed(lambda condition=condition: table.delete(condition))
