"""The embedding cache: what was embedded once is never embedded again, in any workspace, branch or clone.

One SQLite file for all processes of a user. It may be lost at any time, and nothing but time is lost with it.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

BUSY_SECONDS = 5.0
MOST_BYTES = 2 << 30
"""Some 2.3 million vectors of 384 numbers."""
KEPT_SHARE = 0.8
"""Of the most, what stays when vectors have to go: the least lately used go first."""
DAY = 86_400
"""Use is noted by the day, so that reading seldom means writing."""
AT_ONCE = 500
"""Keys in one query."""

SCHEMA = """
    CREATE TABLE IF NOT EXISTS embedders (number INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS vectors (
        embedder INTEGER NOT NULL, hash TEXT NOT NULL, used INTEGER NOT NULL, vector BLOB NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS vectors_by_hash ON vectors (embedder, hash);
    CREATE INDEX IF NOT EXISTS vectors_by_use ON vectors (used);
"""
PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY,
           sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM)  # fmt: skip
"""Errors that say nothing against the file itself."""

log = logging.getLogger("nearside.vectors")


class VectorCache:
    """Vectors by the embedder's identity and the text's hash, in half precision (768 bytes for 384 numbers).

    Never raises for what is wrong with the file: a damaged one is set aside, and where it cannot be read or
    written the cache is empty and says so once. Any thread may call.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path, self._most = path, most_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._numbers: dict[str, int] = {}
        self._said = False

    def get_many(self, identity: str, hashes: Collection[str]) -> dict[str, np.ndarray]:
        """Return the vectors there are, float32 (dimensions,) of length 1, by hash."""
        found: dict[str, np.ndarray] = {}
        with self._lock, self._forgiving() as connection:
            if connection is None:
                return found
            embedder = self._number(connection, identity)
            today, old = int(time.time()) // DAY, []
            for some in _slices(list(hashes)):
                marks = ",".join("?" * len(some))
                query = f"embedder = ? AND hash IN ({marks})"
                rows = connection.execute(
                    f"SELECT rowid, hash, used, vector FROM vectors WHERE {query}", [embedder, *some]
                )
                for row, key, used, blob in rows:
                    found[key] = _unit(np.frombuffer(blob, np.float16).astype(np.float32))
                    if used != today:
                        old.append((today, row))
            if old:
                with _transaction(connection):
                    connection.executemany("UPDATE vectors SET used = ? WHERE rowid = ?", old)
        return found

    def put_many(self, identity: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep vectors (dimensions,) by hash, and let go of the least lately used where they are too many."""
        if not vectors:
            return
        with self._lock, self._forgiving() as connection:
            if connection is None:
                return
            embedder, today = self._number(connection, identity), int(time.time()) // DAY
            rows = [
                (embedder, key, today, np.asarray(vector, np.float16).tobytes())
                for key, vector in vectors.items()
            ]
            with _transaction(connection):
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
            self._shrink(connection)

    def size(self) -> int:
        """Return the bytes of what is kept, without the file's empty pages."""
        with self._lock, self._forgiving() as connection:
            return _bytes(connection) if connection else 0
        return 0  # what was asked went wrong, and was forgiven

    def close(self) -> None:
        with self._lock:
            self._close()

    def _number(self, connection: sqlite3.Connection, identity: str) -> int:
        if identity not in self._numbers:
            connection.execute("INSERT OR IGNORE INTO embedders (identity) VALUES (?)", (identity,))
            found = connection.execute("SELECT number FROM embedders WHERE identity = ?", (identity,))
            self._numbers[identity] = found.fetchone()[0]
        return self._numbers[identity]

    def _shrink(self, connection: sqlite3.Connection) -> None:
        size = _bytes(connection)
        if size <= self._most:
            return
        total = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
        surplus = max(1, int(total * (1 - self._most * KEPT_SHARE / size)))
        with _transaction(connection):
            connection.execute(
                "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?)",
                (surplus,),
            )
        connection.execute("PRAGMA incremental_vacuum").fetchall()

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[sqlite3.Connection | None]:
        """Yield a connection, or None where there can be none; errors in between end the block."""
        try:
            connection = self._connect()
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
            connection = None
        try:
            yield connection
        except sqlite3.Error as error:
            self._give_up(error)

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _open(self._path)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._set_aside()
                self._connection = _open(self._path)
        return self._connection

    def _give_up(self, error: Exception) -> None:
        self._close()
        if _is_damage(error):
            with contextlib.suppress(OSError):
                self._set_aside()
            return
        if not self._said:
            self._said = True
            log.warning(
                "Embeddings are not kept, because %s cannot be used (%s); make it writable or free space.",
                self._path,
                error,
            )

    def _set_aside(self) -> None:
        log.warning("The embedding cache %s is damaged and begun anew; see the file .damaged", self._path)
        for ending in ("-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another process was first
            self._path.replace(self._path.with_name(self._path.name + ".damaged"))

    def _close(self) -> None:
        self._numbers.clear()
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table, or never
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return True  # SQLITE_ERROR: it is a database with other tables
    return isinstance(error, sqlite3.DatabaseError) and code not in PASSING and code != 0


def _bytes(connection: sqlite3.Connection) -> int:
    pages, free, page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page


def _unit(vector: np.ndarray) -> np.ndarray:
    """Return it with a length of 1: half precision took or added a little."""
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _slices(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
