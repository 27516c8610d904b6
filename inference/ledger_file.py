"""The ledger's SQLite file: made private, brought up to the present schema, set aside when it is damaged.

Several processes write it at once, so every step here holds when another one takes it at the same moment.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

BUSY_SECONDS = 5.0
"""How long a write waits for another process's; each holds the file for a few milliseconds."""
KEPT_SECONDS = 180 * 86_400.0

MIGRATIONS = (
    """
    CREATE TABLE suggestions (
        id TEXT PRIMARY KEY,
        time REAL NOT NULL,
        project TEXT NOT NULL,
        client TEXT NOT NULL,
        language TEXT NOT NULL,
        model TEXT NOT NULL,
        source TEXT NOT NULL,
        confidence REAL,
        characters INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        alternatives INTEGER NOT NULL,
        latency_ms REAL NOT NULL,
        evaluated_tokens INTEGER NOT NULL,
        reused_tokens INTEGER NOT NULL,
        generated_tokens INTEGER NOT NULL,
        partial INTEGER NOT NULL,
        withheld TEXT NOT NULL,
        label INTEGER,
        survived INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX suggestions_of_project ON suggestions (project, time);
    CREATE TABLE events (
        suggestion TEXT NOT NULL,
        kind TEXT NOT NULL,
        time REAL NOT NULL,
        characters INTEGER NOT NULL,
        by_client INTEGER NOT NULL,
        PRIMARY KEY (suggestion, kind)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX one_ending ON events (suggestion)
        WHERE kind IN ('accepted', 'rejected', 'ignored', 'superseded');
    """,
    """
    CREATE TABLE work (
        day TEXT NOT NULL,
        project TEXT NOT NULL,
        model TEXT NOT NULL,
        requests INTEGER NOT NULL,
        evaluated_tokens INTEGER NOT NULL,
        reused_tokens INTEGER NOT NULL,
        generated_tokens INTEGER NOT NULL,
        busy_ms REAL NOT NULL,
        measured_ms REAL NOT NULL,
        joules REAL NOT NULL,
        PRIMARY KEY (day, project, model)
    ) WITHOUT ROWID;
    INSERT INTO work
        SELECT date(time, 'unixepoch', 'localtime'), project, model, count(*), sum(evaluated_tokens),
            sum(reused_tokens), sum(generated_tokens), sum(latency_ms), 0, 0
        FROM suggestions WHERE source = 'engine' GROUP BY 1, 2, 3;
    CREATE TABLE calls (
        id TEXT PRIMARY KEY,
        time REAL NOT NULL,
        project TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        purpose TEXT NOT NULL,
        suggestion TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'released', 'lost')),
        reserved INTEGER NOT NULL CHECK (reserved >= 0),
        cost INTEGER CHECK (cost >= 0),
        price TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        cache_read_tokens INTEGER NOT NULL,
        cache_write_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        ended REAL
    ) WITHOUT ROWID;
    CREATE INDEX calls_by_time ON calls (time);
    CREATE INDEX calls_by_suggestion ON calls (suggestion);
    """,
    """
    ALTER TABLE suggestions ADD COLUMN scorer TEXT NOT NULL DEFAULT '';
    CREATE TABLE decisions (
        suggestion TEXT NOT NULL,
        occasion TEXT NOT NULL,
        time REAL NOT NULL,
        project TEXT NOT NULL,
        model TEXT NOT NULL,
        scorer TEXT NOT NULL,
        rule TEXT NOT NULL,
        ask INTEGER NOT NULL,
        explore INTEGER NOT NULL,
        score REAL,
        probability REAL,
        cut REAL,
        keep_local REAL NOT NULL,
        min_quality REAL NOT NULL,
        kept REAL,
        moments INTEGER NOT NULL,
        left INTEGER,
        note TEXT NOT NULL,
        agreed INTEGER,
        hosted_right INTEGER,
        PRIMARY KEY (suggestion, occasion)
    ) WITHOUT ROWID;
    CREATE INDEX decisions_of_project ON decisions (project, time);
    CREATE INDEX decisions_by_time ON decisions (time);
    """,
    """
    CREATE TABLE actions (
        id TEXT PRIMARY KEY,
        time REAL NOT NULL,
        project TEXT NOT NULL,
        kind TEXT NOT NULL,
        language TEXT NOT NULL,
        ending TEXT NOT NULL CHECK (ending IN ('passed', 'nothing', 'cancelled')),
        rule TEXT NOT NULL,
        asked INTEGER NOT NULL,
        note TEXT NOT NULL,
        seconds REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX actions_by_time ON actions (time);
    CREATE TABLE attempts (
        action TEXT NOT NULL,
        number INTEGER NOT NULL,
        model TEXT NOT NULL,
        hosted INTEGER NOT NULL,
        passed INTEGER NOT NULL,
        step TEXT NOT NULL,
        seconds REAL NOT NULL,
        generated_tokens INTEGER NOT NULL,
        PRIMARY KEY (action, number)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE lookups (
        time REAL NOT NULL,
        project TEXT NOT NULL,
        tool TEXT NOT NULL,
        engine TEXT NOT NULL,
        seconds REAL NOT NULL,
        characters INTEGER NOT NULL,
        ok INTEGER NOT NULL
    );
    CREATE INDEX lookups_by_time ON lookups (time);
    """,
)
"""What leads from each version of the schema (PRAGMA user_version) to the next. Only ever append.

`work` sums up what engines did in a day, answers and what was done ahead of them; for days before there was
such a table the latency of answers stands in for the time the engine was busy. `joules` were measured during
`measured_ms` of `busy_ms`. `calls` are requests to hosted models, in inference/calls.py. `decisions` are why
they were made or not, in inference/routing/decision.py, money in picodollars; the last two columns are what
a comparison with the hosted model came to. `actions` are code actions: how each ended, by which rule
(inference/routing/action.py) a hosted model was asked or not, empty where that was no question; `attempts`
are their drafts, from 1 on, each with the highest check it came to. A hosted attempt's money is in `calls`,
whose `suggestion` is then the action. `lookups` are calls of tools that looked something up: which one, who
answered (empty where nobody did), how many characters came back, and never what was looked for.
"""


class Damaged(Exception):
    """The file is no ledger, or no longer one."""


class Newer(Exception):
    """The file was written by a later version of this program."""


def open_ledger(path: Path) -> sqlite3.Connection:
    """Return a connection that can write; the file is made, private to its user, and migrated if need be.

    Raises Damaged, Newer, sqlite3.OperationalError (busy, unreadable, disk full) and OSError.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    with translated():
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that cannot write to a ledger that exists; one of an older version is migrated first.

    Raises what open_ledger raises.
    """
    with translated():
        with contextlib.closing(_read_only(path)) as connection:
            version = _version(connection)
        if version > len(MIGRATIONS):
            raise Newer
        if version < len(MIGRATIONS):
            open_ledger(path).close()
        with contextlib.closing(_read_only(path)) as connection:
            connection.execute("BEGIN")  # everything read is of one moment
            yield connection


def _read_only(path: Path) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def trouble(error: Exception, path: Path) -> str:
    """Return why a ledger cannot be used and what to do, as '<path> ...; ...'."""
    match error:
        case Newer():
            return f"a newer Nearside wrote {path}; update this one"
        case Damaged():
            return f"{path} is damaged; the next editor session keeps it under another name and begins anew"
        case sqlite3.Error() if is_busy(error):
            return f"another program holds {path}; try again when it has ended"
        case _:
            why = " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".")
            return f"{path} cannot be used: {why}; make room, or make it readable and writable"


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply the migrations that are missing, all or none; another process may be about to do the same."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise Newer
        for script in MIGRATIONS[version:]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def forget_old(connection: sqlite3.Connection) -> None:
    """Remove what is older than anybody asks about. What was spent stays: there is little of it."""
    limit = (time.time() - KEPT_SECONDS,)
    old = "SELECT id FROM suggestions WHERE time < ?"
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"DELETE FROM events WHERE suggestion IN ({old})", limit)
    connection.execute("DELETE FROM suggestions WHERE time < ?", limit)
    connection.execute("DELETE FROM decisions WHERE time < ?", limit)
    connection.execute(
        "DELETE FROM attempts WHERE action IN (SELECT id FROM actions WHERE time < ?)", limit
    )
    connection.execute("DELETE FROM actions WHERE time < ?", limit)
    connection.execute("DELETE FROM lookups WHERE time < ?", limit)
    connection.execute("DELETE FROM work WHERE day < date(?, 'unixepoch', 'localtime')", limit)
    connection.execute("COMMIT")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise Damaged for what SQLite says of a file that is none of ours or broken."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            raise Damaged(str(error)) from error
        raise


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process held the file for too long."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def set_aside(path: Path) -> Path | None:
    """Move a damaged file out of the way and return where it is; None if another process has done so."""
    with _locked(path.with_name(path.name + ".lock")):
        if not path.exists() or _sound(path):
            return None
        aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{path}{suffix}", f"{aside}{suffix}")
        return aside


def _sound(path: Path) -> bool:
    try:
        connection = open_ledger(path)
    except Damaged:
        return False
    with contextlib.closing(connection):
        try:
            rows = connection.execute("PRAGMA quick_check(1)").fetchone()
            connection.execute("SELECT id, survived, scorer FROM suggestions LIMIT 1")
            connection.execute("SELECT suggestion, hosted_right FROM decisions LIMIT 1")
            connection.execute("SELECT suggestion, by_client FROM events LIMIT 1")
            connection.execute("SELECT day, joules FROM work LIMIT 1")
            connection.execute("SELECT id, ended FROM calls LIMIT 1")
            connection.execute("SELECT time, ok FROM lookups LIMIT 1")
        except sqlite3.DatabaseError:
            return False
    return rows == ("ok",)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def identity(path: Path) -> tuple[int, int] | None:
    """Return which file stands at `path`, or None where none does."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
