"""What files say about names, read once and kept in SQLite for as long as they stay the same."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.documentation.files import Identity, Unreadable, identity

log = logging.getLogger("nearside.documentation")

VERSION = 1
"""Of the layout and of what the readers write down; another one begins anew."""
LARGEST = 400_000_000
"""Bytes; a larger index is begun anew."""
BUSY = 0.2
"""Seconds another process may hold the file."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY, path TEXT, reader TEXT, mtime INTEGER, size INTEGER, problem TEXT,
    UNIQUE (path, reader));
CREATE TABLE IF NOT EXISTS entries (
    file INTEGER, name TEXT, kind TEXT, signature TEXT, text TEXT, line INTEGER, target TEXT, bases TEXT,
    PRIMARY KEY (file, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kinds ON entries (file, kind);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says of one name."""

    name: str
    """Within the file, dotted: `Session.get`; empty for the file itself."""
    kind: str
    """`function`, `class`, `attribute`, `alias` of what is elsewhere, `star` for all of elsewhere, `file`."""
    signature: str = ""
    text: str = ""
    line: int = 1
    target: str = ""
    """Of an alias or star what it stands for, one a line; of an attribute the name that makes it, or says
    what it is."""
    bases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """What a reader makes of a file: its entries, and what it could not read of it."""

    entries: tuple[Entry, ...]
    problem: str = ""


Reader = Callable[[Path], Read]


class NotRead(Exception):
    """A file would have to be read, and this is not the time."""


class Lost(Exception):
    """The index can no longer be read; it goes on in memory, and what was asked has to be asked again."""


class Entries:
    """The entries of one file. Its methods raise Lost."""

    def __init__(
        self, path: Path, problem: str, rows: Callable[[str, tuple[object, ...]], list[Entry]]
    ) -> None:
        self.path, self.problem, self._rows = path, problem, rows

    def get(self, name: str) -> Entry | None:
        found = self._rows("name = ?", (name,))
        return found[0] if found else None

    def of_kind(self, kind: str) -> list[Entry]:
        return sorted(self._rows("kind = ?", (kind,)), key=lambda entry: entry.line)

    def below(self, owner: str) -> list[Entry]:
        """Return what belongs to `owner` directly, or stands at the top, in the file's order."""
        if owner:
            found = self._rows("name > ? AND name < ?", (owner + ".", owner + "/"))
        else:
            found = self._rows("name > ?", ("",))
        depth = owner.count(".") + 1 if owner else 0
        direct = [entry for entry in found if entry.name.count(".") == depth and entry.kind != "star"]
        return sorted(direct, key=lambda entry: entry.line)


class Index:
    """The entries of many files; several processes may use one file. Trouble with it costs time only."""

    def __init__(self, file: Path | None, reading: bool = True) -> None:
        """Keep entries in `file`, or only as long as this object lives. Without `reading` none are made."""
        self.file, self.reading = file, reading
        self.misses = 0
        """Files read so far."""
        self._lock = threading.Lock()
        self._database = self._open(file)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def entries(self, path: Path, name: str, reader: Reader) -> Entries:
        """Return what `reader`, known as `name`, says of a file. Raises Unreadable, or NotRead."""
        now = identity(path)
        if now is None:
            raise Unreadable(f"{path} is not there")
        known = self._known(path, name, now)
        if known is None:
            if not self.reading:
                raise NotRead(str(path))
            self.misses += 1
            known = self._keep(path, name, now, reader(path))
        number, problem = known
        return Entries(path, problem, lambda where, values: self._select(number, where, values))

    def holding(self, paths: Iterable[str], name: str, reader: str, read: Reader) -> Iterator[str]:
        """Yield those of many files that have an entry for `name`; what is not known yet is read."""
        rows = self._run("SELECT path, mtime, size FROM files WHERE reader = ?", (reader,))
        known = {path: Identity(mtime, size) for path, mtime, size in rows}
        rows = self._run(
            "SELECT path FROM files JOIN entries ON file = id WHERE reader = ? AND name = ?", (reader, name)
        )
        having = {path for (path,) in rows}
        for path in paths:
            if (now := identity(path)) is None:
                continue
            if known.get(path) != now:
                try:
                    if self.entries(Path(path), reader, read).get(name):
                        yield path
                except Unreadable:
                    continue
            elif path in having:
                yield path

    def _known(self, path: Path, reader: str, now: Identity) -> tuple[int, str] | None:
        rows = self._run(
            "SELECT id, problem FROM files WHERE path = ? AND reader = ? AND mtime = ? AND size = ?",
            (str(path), reader, now.mtime, now.size),
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def _select(self, number: int, where: str, values: tuple[object, ...]) -> list[Entry]:
        rows = self._run(
            "SELECT name, kind, signature, text, line, target, bases FROM entries "
            f"WHERE file = ? AND {where}",
            (number, *values),
        )
        return [_entry(*row) for row in rows]

    def _keep(self, path: Path, reader: str, now: Identity, made: Read) -> tuple[int, str]:
        with self._lock:
            try:
                return self._write(path, reader, now, made), made.problem
            except sqlite3.Error as error:
                log.debug("The index of documentation is kept in memory: %s", error)
                self._database = _connected(":memory:")
                return self._write(path, reader, now, made), made.problem

    def _write(self, path: Path, reader: str, now: Identity, made: Read) -> int:
        with self._database:
            run = self._database.execute
            run("BEGIN IMMEDIATE")  # what is deleted first may be of an index that lost a table
            old = run("SELECT id FROM files WHERE path = ? AND reader = ?", (str(path), reader))
            for (number,) in old.fetchall():
                run("DELETE FROM entries WHERE file = ?", (number,))
                run("DELETE FROM files WHERE id = ?", (number,))
            number = run(
                "INSERT INTO files (path, reader, mtime, size, problem) VALUES (?, ?, ?, ?, ?)",
                (str(path), reader, now.mtime, now.size, made.problem),
            ).lastrowid
            run("DELETE FROM entries WHERE file = ?", (number,))
            self._database.executemany(
                "INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                ((number, *_row(entry)) for entry in made.entries),
            )
        return number or 0

    def _run(self, statement: str, values: Iterable[object]) -> list[tuple]:
        with self._lock:
            try:
                return self._database.execute(statement, tuple(values)).fetchall()
            except UnicodeError:  # no file or name we hold is spelled like that
                return []
            except sqlite3.Error as error:
                log.debug("The index of documentation goes on in memory: %s", error)
                self._database = _connected(":memory:")
                raise Lost from None

    def _open(self, file: Path | None) -> sqlite3.Connection:
        """Open the index; one that is damaged or of another version is begun anew, else it is in memory."""
        for _ in range(2 if file else 0):
            assert file
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                if file.exists() and file.stat().st_size > LARGEST:
                    raise sqlite3.DatabaseError("it is too large")
                return _connected(str(file))
            except sqlite3.OperationalError as error:  # read-only, locked, no room: not ours to remove
                log.debug("The index of documentation is not used: %s", error)
                break
            except (sqlite3.Error, OSError) as error:
                log.debug("The index of documentation is begun anew: %s", error)
                for suffix in ("", "-wal", "-shm", "-journal"):
                    with contextlib.suppress(OSError):
                        Path(f"{file}{suffix}").unlink()
        return _connected(":memory:")


def _connected(file: str) -> sqlite3.Connection:
    """Open a database of this version. Raises sqlite3.Error."""
    database = sqlite3.connect(file, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError("it is of another version")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(SCHEMA)
        if not version:
            database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("SELECT count(*) FROM files WHERE id < 0").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _entry(name: str, kind: str, signature: str, text: str, line: int, target: str, bases: str) -> Entry:
    return Entry(name, kind, signature, text, line, target, tuple(bases.split("\n")) if bases else ())


def _row(entry: Entry) -> tuple[object, ...]:
    bases = "\n".join(entry.bases)
    row = (entry.name, entry.kind, entry.signature, entry.text, entry.line, entry.target, bases)
    return tuple(
        part.encode("utf-8", "replace").decode("utf-8") if isinstance(part, str) else part for part in row
    )
