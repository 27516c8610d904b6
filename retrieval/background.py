"""The thread that keeps an index up to date while others ask: the urgent things first, the rest when idle."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Collection

from retrieval.indexer import Indexer
from retrieval.lock import RETRY_SECONDS, WriterLock
from retrieval.pace import OnProgress, Progress

IDLE_SECONDS = 2.0
"""Quiet after which what edits left in pieces is merged."""
RETRY_STORE_SECONDS = 300.0
"""A disk that was full is asked again."""
TROUBLE_SECONDS = 5.0

log = logging.getLogger("nearside.background")


class Background:
    """Runs one indexer on a thread of its own, as the writer if nobody else is."""

    def __init__(self, indexer: Indexer, lock: WriterLock, report: OnProgress = lambda _: None) -> None:
        self.indexer, self.lock = indexer, lock
        self.graph_ready = threading.Event()
        """Every file was looked at once."""
        self.ready = threading.Event()
        """Nothing is left to do."""
        self.poll_seconds = 0.0
        """How often everything is looked at where nobody tells of changes; 0 is never."""
        self._report = report
        self._changed: set[str] = set()
        self._scan = True
        self._wake = threading.Condition()
        self._worked = self._scanned = self._asked = self._opened = 0.0
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish what is under way, and let go of the lock."""
        self.indexer.stopping.set()
        with self._wake:
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def changed(self, paths: Collection[str]) -> None:
        """Tell of files that changed, came or went. Any thread."""
        with self._wake:
            self._changed.update(paths)
            self.ready.clear()
            self._wake.notify()

    def look_again(self) -> None:
        """Have every file looked at. Any thread."""
        with self._wake:
            self._scan = True
            self.ready.clear()
            self._wake.notify()

    def _run(self) -> None:
        self.indexer.interrupt = self._urgent
        gc.disable()  # a million objects are made, and none is garbage
        try:
            while not self.indexer.stopping.is_set():
                try:
                    self._step()
                except Exception:
                    log.exception("Indexing goes on in %.0f s, after an error", TROUBLE_SECONDS)
                    self.indexer.stopping.wait(TROUBLE_SECONDS)
        finally:
            gc.enable()
            self.lock.release()
            self.indexer.catalogue.close()

    def _step(self) -> None:
        """Do the most urgent thing there is, or wait for one."""
        now = time.monotonic()
        shelf = self.indexer.shelf
        if self._opened == 0.0:
            self.indexer.preload()
        self._hold_the_store(now)
        if self._urgent():
            return
        if self._scan or (self.poll_seconds and now - self._scanned > self.poll_seconds):
            self._scan = False
            self.indexer.scan()
            self._scanned = self._worked = time.monotonic()
            if not self.graph_ready.is_set():
                self.graph_ready.set()
                self._report(Progress("known", self.indexer.counts.files, self.indexer.counts.files))
                # What there is now stays: no collection needs to walk over it, and stop everybody meanwhile.
                gc.freeze()
                gc.enable()
            shelf.tidy(least=2)
            return
        if self.indexer.embed():
            self._worked = now
            return
        if shelf.untidy and now - self._worked > IDLE_SECONDS:
            shelf.tidy()
        if not self.ready.is_set() and not shelf.lost():
            self.ready.set()
            self._report(Progress("ready", self.indexer.counts.files, self.indexer.counts.files))
        with self._wake:
            if not (self._changed or self._scan or shelf.lost() or self.indexer.stopping.is_set()):
                self._wake.wait(RETRY_SECONDS if not self.lock.held or shelf.untidy else 10 * RETRY_SECONDS)

    def _hold_the_store(self, now: float) -> None:
        """Open the store where it is not; become the writer where nobody else is any more."""
        shelf = self.indexer.shelf
        first = self._opened == 0.0
        wins = not self.lock.held and (first or now - self._asked > RETRY_SECONDS)
        if wins:
            self._asked = now
            wins = self.lock.take()
        again = self.lock.held and not shelf.writes and now - self._opened > RETRY_STORE_SECONDS
        if first or wins or shelf.lost() or again:
            self._opened = now
            shelf.open(write=self.lock.held)
            self._scan = self._scan or (shelf.writes and not first)
        elif shelf.store is None and not self.lock.held and now - self._opened > RETRY_SECONDS:
            self._opened = now
            shelf.open(write=False)

    def _urgent(self) -> bool:
        """Take in what somebody changed just now."""
        with self._wake:
            paths, self._changed = self._changed, set()
        if not paths:
            return False
        self.indexer.update(paths)
        self._worked = time.monotonic()
        # These few are embedded at once; a first index in between goes on afterwards.
        self.indexer.embed()
        return True
