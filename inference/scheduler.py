"""The engine's one thread: always the most urgent request's next slice, older requests of a document
superseded.

Foreground before speculative before chat before warm-up. A request that must wait keeps its place in the KV
cache.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from inference.backend import Backend
from inference.choices import Choices
from inference.cost.energy import Meter
from inference.drafts import Drafts
from inference.generate import Job, Pace, run
from inference.guide import Spellings
from inference.healing import Pieces
from inference.sequences import NoRoom, SequenceCache
from inference.types import Cancelled, EngineError, NearsideError

log = logging.getLogger(__name__)

QUEUE_LIMIT = 256
"""Waiting requests before new ones are refused; an editor never has more than a handful."""


@dataclass(eq=False)
class _Entry:
    job: Job
    number: int
    work: Generator[None, None, None] | None = None
    waiting: bool = False
    """Found no free sequence; tried again when another request ends."""
    joules: float | None = 0.0
    """Of its slices but the present run of them; None once a counter failed."""


@dataclass
class Totals:
    """Counters since start, read by /metrics and by tests."""

    requests: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    """By outcome: 'ok', 'cancelled', 'failed'."""
    evaluated_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    busy_seconds: float = 0.0


class Scheduler:
    """Runs jobs on its own thread. `submit` and `cancel` may be called from any thread."""

    def __init__(
        self,
        backend: Backend,
        drafts: Drafts | None = None,
        clock: Callable[[], float] = time.monotonic,
        meter: Meter | None = None,
    ) -> None:
        self._backend = backend
        self._meter = meter if meter and meter.counts else None
        self._metered: _Entry | None = None
        """Whose slices the meter counts. It is read when that changes, not with every slice."""
        self._drafts = drafts or Drafts()
        self.cache = SequenceCache(backend, clock)
        self.totals = Totals()
        self.last_active = time.monotonic()
        self._pace = Pace(backend.batch_size, backend.interruptible)
        self._choices = Choices()
        if backend.format:  # here and not with the first request: a large vocabulary takes a moment
            pieces = Pieces(backend)
            self._choices = Choices(pieces if backend.format.heal else None, Spellings(pieces))
        self._current: Job | None = None
        self._pre_empted = False
        backend.interrupt = lambda: (
            self._pre_empted or bool(self._current and self._current.cancelled.is_set())
        )
        self._entries: list[_Entry] = []
        self._numbers = 0
        self._closing = False
        self._condition = threading.Condition()
        self._thread = threading.Thread(target=self._loop, name="engine", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job; a document's older jobs of the same or lower urgency are cancelled. Raises
        EngineError.
        """
        with self._condition:
            if self._closing or len(self._entries) >= QUEUE_LIMIT:
                why = "the engine is stopping" if self._closing else f"{QUEUE_LIMIT} others are waiting"
                raise EngineError(f"The request was not taken: {why}. Try again in a moment.")
            if job.owner is not None:
                for entry in self._entries:
                    if entry.job.owner == job.owner and entry.job.priority >= job.priority:
                        entry.job.cancelled.set()
            self._numbers += 1
            self._entries.append(_Entry(job, self._numbers))
            if self._current and job.priority < self._current.priority:
                self._pre_empted = True
            self.totals.requests[job.priority.name.lower()] += 1
            self._condition.notify()

    def cancel(self, job: Job) -> None:
        """Withdraw a job; it ends within one slice. Harmless if it has ended."""
        with self._condition:
            job.cancelled.set()
            self._condition.notify()

    def queued(self) -> int:
        """Jobs waiting or running."""
        with self._condition:
            return len(self._entries)

    def close(self) -> None:
        """Cancel everything and end the thread."""
        with self._condition:
            self._closing = True
            for entry in self._entries:
                entry.job.cancelled.set()
            self._condition.notify()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._condition:
                while not self._entries and not self._closing:
                    self._condition.wait()
                if self._closing and not self._entries:
                    return
                withdrawn = [entry for entry in self._entries if entry.job.cancelled.is_set()]
            for entry in withdrawn:
                self._end(entry, Cancelled())
            with self._condition:
                ready = [entry for entry in self._entries if not entry.waiting]
                entry = min(ready, key=lambda e: (e.job.priority, e.number), default=None)
                if entry is None and self._entries:  # cannot happen while anything runs; never spin on it
                    self._condition.wait(0.05)
                    for other in self._entries:
                        other.waiting = False
            if entry is not None:
                self._advance(entry)

    def _advance(self, entry: _Entry) -> None:
        """One slice of one job."""
        began = time.monotonic()
        self._current, self._pre_empted = entry.job, False
        if self._meter and self._metered is not entry:
            self._settle()
            self._meter.start()
            self._metered = entry
            entry.job.joules = lambda: self._joules(entry)
        try:
            if entry.work is None:
                entry.work = run(
                    entry.job, self._backend, self.cache, self._pace, self._drafts, self._choices
                )
            next(entry.work)
        except StopIteration:
            self._end(entry, None)
        except NoRoom:
            entry.work = None
            entry.waiting = True
            self._make_room(entry)
        except (Cancelled, NearsideError) as error:
            self._end(entry, error)
        except Exception as error:
            log.exception("A request failed inside the engine.")
            self._end(
                entry, EngineError(f"The request was not answered: the engine failed ({error}). See its log.")
            )
        finally:
            self._current = None
            self.last_active = time.monotonic()
            self.totals.busy_seconds += self.last_active - began

    def _joules(self, entry: _Entry) -> float | None:
        """Energy used for a request so far."""
        if entry is not self._metered or not self._meter or entry.joules is None:
            return entry.joules
        running = self._meter.so_far()
        return None if running is None else entry.joules + running

    def _settle(self) -> None:
        """Add what the meter counted to the request it counted for."""
        entry = self._metered
        if entry:
            entry.joules = self._joules(entry)
            self._metered = None

    def _make_room(self, entry: _Entry) -> None:
        """Give up the least urgent speculative or warm-up job for a more urgent one that finds no
        sequence.
        """
        with self._condition:
            running = [other for other in self._entries if other.work is not None]
            victim = max(running, key=lambda other: (other.job.priority, other.number), default=None)
        if victim and victim.job.ahead and victim.job.priority > entry.job.priority:
            self._end(victim, Cancelled())

    def _end(self, entry: _Entry, error: Exception | None) -> None:
        if entry is self._metered:
            self._settle()
        if entry.work is not None:
            entry.work.close()
        job = entry.job
        with self._condition:
            self._entries.remove(entry)
            for other in self._entries:
                other.waiting = False
        outcome = "ok" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"
        self.totals.ended[outcome] += 1
        self.totals.evaluated_tokens += job.evaluated
        self.totals.reused_tokens += job.reused
        self.totals.generated_tokens += job.generated
        self.totals.drafted_tokens += job.drafted
        self.totals.accepted_tokens += job.accepted
        job.done(error)
