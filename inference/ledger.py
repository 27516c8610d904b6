"""What became of each suggestion, in a SQLite file of the user's: figures and events, never source text.

Calls come from an event loop and return at once; one thread writes, in batches. Nothing here raises into the
caller: a ledger that cannot be written costs one line for the user, and suggestions go on.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from inference.ledger_rows import (
    ACCEPTED,
    ACTED,
    ATTEMPTED,
    BY_DAY,
    COMPARED,
    DECIDED,
    ENDED,
    LOOKED_UP,
    PARTIAL,
    RECENT,
    SHOWN,
    SUGGESTED,
    WORKED,
    ActionEntry,
    AttemptEntry,
    Entry,
    LookupEntry,
)
from inference.types import Usage

if TYPE_CHECKING:
    import sqlite3

    from inference.routing.decision import Decision

log = logging.getLogger("nearside.ledger")

QUEUED = 10_000
"""Entries waiting to be written; beyond that the disk is stuck and the newest are dropped."""
GATHER_SECONDS = 0.1
"""What comes within this is one transaction, and the most a killed process loses."""
RETRY_SECONDS = 60.0
"""Between two attempts at a file that could not be opened."""
TRIES = 3
HIGHEST = 1e12
"""Tokens, milliseconds or joules of one request."""
MOST_DOLLARS = 9_000_000
"""As picodollars they fit an INTEGER column."""
LOOKED_AT = 2000
"""The newest suggestions among which recent outcomes are looked for."""

Ending = Literal["accepted", "rejected", "ignored", "superseded"]


def _figure(value: float) -> float:
    """Return what a server says of itself, or 0 where that cannot be: one such row would stop all others."""
    return value if 0 <= value < HIGHEST else 0.0


class Ledger:
    """Appends to one file. `on_note` hears, in the writing thread, what the user should know."""

    def __init__(self, path: Path, on_note: Callable[[str], object] = lambda text: None) -> None:
        self.path = path
        self._on_note = on_note
        self._queue: queue.Queue[tuple[str, tuple[Any, ...]] | threading.Event | None] = queue.Queue(QUEUED)
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._retry_at = 0.0
        self._noted: set[str] = set()

    def suggested(self, entry: Entry) -> None:
        """Note a suggestion, or what it has grown to since."""
        self._put(SUGGESTED, *astuple(entry))

    def shown(self, suggestion: str, by_client: bool = False) -> None:
        """Note that a suggestion was handed out, or that the client says it is on the screen."""
        self._put(SHOWN, suggestion, "shown", time.time(), 0, by_client)

    def partially_accepted(self, suggestion: str, characters: int) -> None:
        """Note how many characters were taken so far, word by word or line by line."""
        self._put(PARTIAL, suggestion, "partial", time.time(), characters, True)

    def ended(self, suggestion: str, how: Ending, characters: int = 0, by_client: bool = False) -> None:
        """Note how a suggestion ended; the first word counts, but for an acceptance, which always does."""
        sql = ACCEPTED if how == "accepted" else ENDED
        self._put(sql, suggestion, how, time.time(), characters, by_client)

    def labelled(self, suggestion: str, kept: bool) -> None:
        """Note whether the user's own text came to be the suggestion's first line."""
        self._put("UPDATE suggestions SET label = ? WHERE id = ?", kept, suggestion)

    def survived(self, suggestion: str, survived: bool) -> None:
        """Note whether most of an accepted suggestion was still there later."""
        self._put("UPDATE suggestions SET survived = ? WHERE id = ?", survived, suggestion)

    def decided(self, decision: Decision) -> None:
        """Note what was decided about a suggestion; a later word on the same occasion stands instead."""
        *figures, left, note = astuple(decision)
        dollars = None if left is None else int(max(-MOST_DOLLARS, min(MOST_DOLLARS, left)) * 10**12)
        self._put(DECIDED, *figures, dollars, note)

    def compared(
        self, decision: Decision, agreed: bool | None = None, hosted_right: bool | None = None
    ) -> None:
        """Note how a hosted model's answer compares: whether its first line is the local one's, and whether
        the user's text came to be it. None is not known yet, and leaves what was."""
        self._put(COMPARED, agreed, hosted_right, decision.suggestion, decision.occasion)

    def acted(self, action: ActionEntry, attempts: Sequence[AttemptEntry]) -> None:
        """Note a code action that has ended, and its drafts."""
        self._put(ACTED, *astuple(action))
        for attempt in attempts:
            self._put(ATTEMPTED, *astuple(attempt))

    def looked_up(self, lookup: LookupEntry) -> None:
        """Note a call of a tool."""
        self._put(LOOKED_UP, *astuple(lookup))

    def worked(self, project: str, model: str, usage: Usage) -> None:
        """Add what an engine did for one request, answered or ahead of one, to the day's sum."""
        busy = _figure(usage.prefill_ms) + _figure(usage.decode_ms)
        measured = (0.0, 0.0) if usage.joules is None else (busy, _figure(usage.joules))
        tokens = map(_figure, (usage.evaluated_tokens, usage.reused_tokens, usage.generated_tokens))
        self._put(WORKED, time.time(), project, model, *map(int, tokens), busy, *measured)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until what was noted so far is in the file, or could not be put there."""
        written = threading.Event()
        if not self._thread:
            return True
        self._hurry.set()
        with contextlib.suppress(queue.Full):
            self._queue.put(written, timeout=timeout)
            return written.wait(timeout)
        return False

    def close(self, timeout: float = 2.0) -> None:
        """Write what is left, within `timeout` seconds, and end the thread."""
        if self._thread:
            self._hurry.set()
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=timeout)
            self._thread.join(timeout)
            self._thread = None

    def recent_outcomes(self, project: str, limit: int = 30) -> list[tuple[float, bool]]:
        """Return (seconds ago, taken at least in part) of the newest suggestions taken or rejected, newest
        first. Reads the file: not for an event loop."""
        rows = self._read(RECENT, project, LOOKED_AT, limit)
        return [(max(0.0, time.time() - at), bool(accepted)) for at, accepted in rows]

    def counts_by_day(self, days: int = 30, project: str | None = None) -> dict[str, dict[str, int]]:
        """Return how many events of each kind each day saw, by local date. Reads the file."""
        counts: dict[str, dict[str, int]] = {}
        for day, kind, count in self._read(BY_DAY, time.time() - days * 86_400, project, project):
            counts.setdefault(day, {})[kind] = count
        return counts

    def _read(self, sql: str, *values: Any) -> list[Any]:
        import sqlite3

        if not self.path.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            log.warning("The ledger was not read: %s", error)
            return []

    def _put(self, sql: str, *values: Any) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="ledger", daemon=True)
            self._thread.start()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait((sql, values))

    def _write_all(self) -> None:
        """Write batch after batch until told to end."""
        open_ = True
        while open_:
            rows, waiting = [], []
            item = self._queue.get()
            self._hurry.wait(GATHER_SECONDS)
            while True:
                if item is None:
                    open_ = False
                elif isinstance(item, threading.Event):
                    self._hurry.clear()
                    waiting.append(item)
                else:
                    rows.append(item)
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            try:
                self._write(rows)
            except Exception:  # a defect of ours must not end the thread while others go on queueing
                log.exception("The ledger was not written")
            for event in waiting:
                event.set()
        self._disconnect()

    def _write(self, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
        import sqlite3

        from inference import ledger_file

        for _ in range(TRIES):
            if not rows or time.monotonic() < self._retry_at:
                return
            try:
                with ledger_file.translated():
                    connection = self._connect()
                    connection.execute("BEGIN IMMEDIATE")
                    for sql, values in rows:
                        connection.execute(sql, values)
                    connection.execute("COMMIT")
                return
            except ledger_file.Damaged:
                self._disconnect()
                if aside := ledger_file.set_aside(self.path):
                    self._note(
                        f"A new ledger was begun, because {self.path} was damaged; it is now {aside.name}."
                    )
            except ledger_file.Newer:
                self._give_up("a newer Nearside wrote it. Update this one, or remove the file.")
                return
            except (sqlite3.Error, OSError) as error:
                self._disconnect()
                if not (isinstance(error, sqlite3.Error) and ledger_file.is_busy(error)):
                    why = getattr(error, "strerror", None) or str(error)
                    self._give_up(f"{why}. Make room, or make it writable.")
                    return
        log.warning("%d entries were not written to the ledger because it was busy or damaged", len(rows))

    def _connect(self) -> sqlite3.Connection:
        """Return the connection to the file at our path, which the user may have removed meanwhile."""
        from inference import ledger_file

        if self._connection and self._opened == ledger_file.identity(self.path):
            return self._connection
        first = self._connection is None
        self._disconnect()
        self._connection = ledger_file.open_ledger(self.path)
        self._opened = ledger_file.identity(self.path)
        if first:
            ledger_file.forget_old(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with contextlib.suppress(Exception):
                connection.close()

    def _give_up(self, why: str) -> None:
        """Leave the file alone for a while, and say once what keeps us from it."""
        self._disconnect()
        self._retry_at = time.monotonic() + RETRY_SECONDS
        self._note(f"Nothing is recorded: {self.path} cannot be written, because {why}")

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            log.warning("%s", text)
            self._on_note(text)
