"""One workspace's chunks and their vectors in LanceDB: one process writes, many read and see its commits.

Rows of text come first and can be searched by words at once. Vectors follow in a table of their own, keyed by
the chunk's hash: appending them rewrites no row, and what exists twice has one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from inference.types import NearsideError
from retrieval.matrix import Matrix

if TYPE_CHECKING:
    from lancedb.db import DBConnection

SCHEMA = 1
"""Version of the tables' layout. Another one means: index again."""
EXACT_ROWS = 100_000
"""Up to here vectors are compared one by one in memory, 3 to 4 ms at 1.5 kB each; above, LanceDB's IVF_RQ."""
PROBES, REFINE = 20, 10
"""Partitions looked at, and candidates per result compared exactly: recall@10 is .99 at 100k."""
KEEP = timedelta(minutes=10)
"""Old versions stay this long, for a reader may be in the middle of one."""
TRIES = 5
IN_LIST = 500
"""Values in one SQL list."""

log = logging.getLogger("nearside.store")
T = TypeVar("T")


class StoreError(NearsideError):
    """The index cannot be used as asked."""


class StoreMissing(StoreError):
    """There is none, or one of an older layout, and nobody asked to make one."""


class StoreNewer(StoreError):
    """A later version of this program made it. It is left alone: make another beside it."""


class StoreDamaged(StoreError):
    """Its files do not hold together. `Store.destroy`, then index again; vectors come from their cache."""


class StoreFull(StoreError):
    """The disk is full. What was committed before is intact and readable."""


class StoreReadOnly(StoreError):
    """The folder cannot be written. Reading goes on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One chunk. `path` is workspace-relative; lines count from 0 and `last` is still part of it."""

    path: str
    file_hash: str
    """Of the whole file, so that an interrupted run knows what is done."""
    hash: str
    """Of what is embedded: rows with the same one share a vector."""
    language: str
    symbol: str
    header: str
    first: int
    last: int
    private: bool
    """Indexed for local use only."""
    text: str
    words: str
    """What full text search reads: identifiers split beforehand, in whole and in parts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that was found. Scores compare within one list only: BM25, or cosine in [-1, 1]."""

    path: str
    hash: str
    language: str
    symbol: str
    header: str
    first: int
    last: int
    private: bool
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the index is. `chunks` counts rows, `vectors` distinct contents."""

    chunks: int
    vectors: int


class Store:
    """The tables of one workspace. Any thread may call; writing methods are for one process only."""

    def __init__(self, uri: str, database: DBConnection, identity: str, dimensions: int) -> None:
        self.uri = uri
        self._database = database
        self._identity, self._dimensions = identity, dimensions
        self._writing = threading.RLock()
        self._loading = threading.Lock()
        self._matrix: Matrix | None = None
        self._loaded: tuple[str, int, int] = ("", 0, 0)
        """Of the vectors in the matrix: which table, its version, the last batch."""
        self._batch = 0

    @classmethod
    def open(cls, uri: str | Path, identity: str, dimensions: int, *, create: bool = False) -> Store:
        """Open the index at a folder or any URI LanceDB takes; with `create`, make what is missing or older.

        `identity` is the embedder's. Vectors of another one are thrown away with `create` and passed over
        without; words can be searched all the same. Raises StoreMissing, StoreNewer, StoreDamaged, and with
        `create` StoreFull and StoreReadOnly.
        """
        raise NotImplementedError

    @staticmethod
    def destroy(uri: str | Path) -> None:
        """Remove the index. Readers that have it open get StoreDamaged. Raises StoreReadOnly."""
        raise NotImplementedError

    def replace(self, paths: Collection[str], rows: Sequence[Row]) -> None:
        """Remove every row of `paths`, then add `rows`: two commits, for any number of files.

        A reader in between sees the files absent, never in part; so does whoever comes after a crash there.
        About 10 ms a call: bulk work goes in calls of some thousand rows. Raises StoreDamaged, StoreFull,
        StoreReadOnly.
        """
        raise NotImplementedError

    def drop(self, paths: Collection[str]) -> None:
        """Remove every row of `paths`."""
        self.replace(paths, ())

    def set_vectors(self, hashes: Sequence[str], vectors: np.ndarray) -> None:
        """Add the vectors (n, dimensions) of chunks with these hashes, in one commit. Raises as `replace`."""
        raise NotImplementedError

    def pending(self) -> list[tuple[str, str]]:
        """Return (path, hash) of rows without a vector, each hash once, in the order of the table."""
        raise NotImplementedError

    def rows(self, hashes: Collection[str]) -> list[Hit]:
        """Return the rows with these hashes, with a score of 0; a hash may have several rows or none."""
        raise NotImplementedError

    def words(self, terms: str, k: int) -> list[Hit]:
        """Return the k best rows by BM25; `terms` are split as a row's `words` are. Any text is safe."""
        raise NotImplementedError

    def nearest(self, vector: np.ndarray, k: int) -> list[Hit]:
        """Return the k rows nearest by cosine to a unit vector (dimensions,); without vectors none."""
        raise NotImplementedError

    def contents(self) -> dict[str, str]:
        """Return the file hash of every path that has rows; a file without any chunk is not in it."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """Return how many chunks and vectors there are; vectors of another embedder count as none."""
        raise NotImplementedError

    def optimise(self) -> None:
        """Merge small pieces, update the indexes, forget old versions and vectors of dropped chunks.

        For idle moments and after bulk work: until then words of new rows are scanned one by one. Builds the
        vector index once there are more than EXACT_ROWS. Takes 0.2 s at 10k rows, minutes above 500k. Gives
        up quietly when other writers are in the way.
        """
        raise NotImplementedError

    def healthy(self) -> bool:
        """Tell whether real queries work: every file opens, one search by words, one by vector."""
        raise NotImplementedError

    def size(self) -> int:
        """Return the bytes on disk; 0 where it is not a local folder."""
        raise NotImplementedError
