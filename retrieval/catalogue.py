"""What is known of each file without reading it again: size, time, content hash, and what it says.

An SQLite file that may be lost at any time; where it cannot be kept, everything is read anew at each start.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from syntax.facts import Facts, Import, Symbol

SOURCES = (
    "syntax/extract",
    "syntax/facts.py",
    "syntax/languages.py",
    "retrieval/chunks.py",
    "retrieval/words.py",
)
"""The code whose results are kept. Results of other code count as unknown."""
SPARE = 5_000
"""Contents that are remembered although no file has them now: those of other branches."""

log = logging.getLogger("nearside.catalogue")


@dataclass(frozen=True, slots=True)
class Known:
    """One file as it was when it was last read."""

    size: int
    mtime_ns: int
    """-1 where the file was so young that another write could have left the same time."""
    hash: str
    """Of its content; empty if it was looked at and is not worth indexing."""
    language: str
    chunks: int
    """Rows it has in the store; 0 is complete without any."""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What one content says."""

    facts: Facts
    words: frozenset[str]


@cache
def code_version() -> str:
    """Return a short hash of the code that makes facts and chunks."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.blake2b(digest_size=4)
    for source in SOURCES:
        place = root / source
        for file in sorted(place.glob("*.py")) if place.is_dir() else (place,):
            with contextlib.suppress(OSError):
                digest.update(file.read_bytes())
    return digest.hexdigest()


class Catalogue:
    """One workspace's files and contents. Used by one thread; `files` may be read by others."""

    def __init__(self, path: Path | None) -> None:
        """Open or make the file at `path`; None keeps everything in memory."""
        self.files: dict[str, Known] = {}
        self.trouble = ""
        """Why nothing is kept, once that is so."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._connection = self._open(path) if path else None
        if self._connection:
            for name, size, mtime_ns, hash, language, chunks, private in self._rows("SELECT * FROM files"):
                self.files[name] = Known(size, mtime_ns, hash, language, chunks, bool(private))

    def contents(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Content]:
        """Return what is known of contents by (hash, language)."""
        if not self._connection:
            return {}
        wanted = set(wanted)
        found: dict[tuple[str, str], Content] = {}
        if len(wanted) < 200:
            rows = (
                row
                for key in wanted
                for row in self._rows("SELECT * FROM contents WHERE hash = ? AND language = ?", key)
            )
        else:
            rows = self._rows("SELECT * FROM contents")
        for hash, language, facts, words in rows:
            if (hash, language) in wanted:
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    found[hash, language] = Content(load_facts(facts), frozenset(words.split()))
        return found

    def learn(
        self, files: dict[str, Known], contents: dict[tuple[str, str], tuple[str, str]], *, keep: bool = True
    ) -> None:
        """Remember files, and contents as (facts, words) in text; files in memory only unless `keep`."""
        self.files.update(files)
        self._write(
            "INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?)",
            [(*key, *content) for key, content in contents.items()],
        )
        if not keep:
            return
        self._write(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (path, known.size, known.mtime_ns, known.hash, known.language, known.chunks, known.private)
                for path, known in files.items()
            ],
        )

    def forget(self, paths: Iterable[str]) -> None:
        """Forget files; their contents stay for a while, they may come back."""
        gone = [path for path in paths if self.files.pop(path, None)]
        self._write("DELETE FROM files WHERE path = ?", [(path,) for path in gone])

    def tidy(self) -> None:
        """Forget the oldest of the contents that no file has."""
        spare = "FROM contents WHERE (hash, language) NOT IN (SELECT hash, language FROM files)"
        if sum(count for (count,) in self._rows(f"SELECT count(*) {spare}")) > SPARE:
            self._write(
                f"DELETE FROM contents WHERE rowid IN (SELECT rowid {spare} ORDER BY rowid LIMIT ?)",
                [(SPARE // 2,)],
            )

    def clear(self) -> None:
        """Forget everything."""
        self.files.clear()
        self._write("DELETE FROM files", [()])
        self._write("DELETE FROM contents", [()])

    def close(self) -> None:
        if self._connection:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _open(self, path: Path) -> sqlite3.Connection | None:
        for attempt in (1, 2):
            connection = None
            try:
                connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                ours = int(code_version(), 16) & 0x7FFFFFFF or 1
                if version != ours:
                    connection.executescript(
                        f"""BEGIN IMMEDIATE;
                        DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS contents;
                        CREATE TABLE files (path TEXT PRIMARY KEY, size INT, mtime_ns INT, hash TEXT,
                            language TEXT, chunks INT, private INT);
                        CREATE TABLE contents (hash TEXT, language TEXT, facts TEXT, words TEXT,
                            UNIQUE (hash, language));
                        PRAGMA user_version = {ours}; COMMIT;"""
                    )
                connection.execute("SELECT count(*) FROM files").fetchone()
                return connection
            except sqlite3.Error as error:
                if connection:
                    connection.close()
                if attempt == 1 and isinstance(error, sqlite3.DatabaseError) and not _is_passing(error):
                    for name in (
                        path,
                        path.with_name(path.name + "-wal"),
                        path.with_name(path.name + "-shm"),
                    ):
                        with contextlib.suppress(OSError):
                            name.unlink()
                    continue
                self._fail(error)
        return None

    def _rows(self, statement: str, values: tuple = ()) -> Iterable[tuple]:
        if not self._connection:
            return
        try:
            yield from self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self._fail(error)

    def _write(self, statement: str, values: list[tuple]) -> None:
        if not self._connection or not values:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(statement, values)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._fail(error)

    def _fail(self, error: sqlite3.Error) -> None:
        """Go on without the file: what cannot be kept is worked out again."""
        log.warning("What files say is not kept: %s", error)
        self.trouble = str(error)
        self.close()


def _is_passing(error: sqlite3.Error) -> bool:
    """Tell trouble round the file (locked, read-only, disk full, cannot open) from trouble inside of it."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    inside = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA)
    return code not in inside


SYMBOL = attrgetter(*(field.name for field in fields(Symbol)))
IMPORT = attrgetter(*(field.name for field in fields(Import)))
SYMBOL_LISTS = [n for n, field in enumerate(fields(Symbol)) if str(field.type).startswith("tuple")]
IMPORT_LISTS = [n for n, field in enumerate(fields(Import)) if str(field.type).startswith("tuple")]


def dump_facts(facts: Facts) -> str:
    """Return facts as JSON; the layout is that of the dataclasses."""
    table = {field.name: getattr(facts, field.name) for field in fields(Facts)}
    table["symbols"] = [SYMBOL(symbol) for symbol in facts.symbols]
    table["imports"] = [IMPORT(one) for one in facts.imports]
    return json.dumps(table, separators=(",", ":"))


def load_facts(text: str) -> Facts:
    """Read what `dump_facts` wrote. Raises ValueError, TypeError or KeyError for anything else."""
    table: dict[str, Any] = json.loads(text)
    for name, kind, lists in (("symbols", Symbol, SYMBOL_LISTS), ("imports", Import, IMPORT_LISTS)):
        rows = table[name]
        for row in rows:
            for n in lists:
                row[n] = tuple(row[n])
        table[name] = tuple([kind(*row) for row in rows])
    return Facts(**table)
