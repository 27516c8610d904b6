"""Pages once fetched, as RFC 9111 has it: kept as long as their servers say, asked about with their ETag, and
not at all where one says no-store. One private SQLite file of bounded size.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from pathlib import Path

import httpx2

MOST_BYTES = 64 * 1024 * 1024
KEPT_SECONDS = 30 * 86_400.0
"""After this a page is forgotten, whatever its server allows."""
NAME = "pages.db"


async def through_cache(
    transport: httpx2.AsyncBaseTransport, folder: Path, largest: int
) -> httpx2.AsyncBaseTransport:
    """Return a transport that looks into the cache first; the one it is given where there can be none.

    `largest` is how many bytes one page may have.
    """
    from hishel import AsyncSqliteStorage, CacheOptions
    from hishel.httpx2 import AsyncCacheTransport

    # What goes wrong with the cache is no news for the user, and its tracebacks hold addresses.
    logging.getLogger("hishel").setLevel(logging.CRITICAL + 1)
    try:
        file = _private(folder)
    except OSError:
        return transport
    for _ in range(2):
        storage = AsyncSqliteStorage(
            database_path=file, max_size=MOST_BYTES, max_stream_size=largest, default_ttl=KEPT_SECONDS
        )
        try:
            await storage.get_entries("")
        except RuntimeError:  # tables of another version
            await storage.close()
            _forget(file)
        else:
            return AsyncCacheTransport(transport, storage, rfc=CacheOptions(shared=False))
    return transport


def _private(folder: Path) -> Path:
    """Return the file, for this user alone; one that is no database is removed. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / NAME
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in (
            sqlite3.SQLITE_NOTADB,
            sqlite3.SQLITE_CORRUPT,
        ):
            _forget(file)
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    return file


def _forget(file: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(OSError):
            os.unlink(f"{file}{suffix}")
