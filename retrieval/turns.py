"""A lock in which whoever asks goes before who writes: an answer waits for one file, not for a thousand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

STEP_SECONDS = 0.0002
LONGEST = 0.02
"""Seconds that the writer gives way at most: questions without end must not keep an edit out."""


class Turns:
    """Python's own locks are not fair: a thread that lets go and takes again in a loop keeps them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._count = threading.Lock()
        self._asking = 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        with self._count:
            self._asking += 1
        try:
            with self._lock:
                yield
        finally:
            with self._count:
                self._asking -= 1

    @contextmanager
    def writing(self) -> Iterator[None]:
        until = time.monotonic() + LONGEST
        while self._asking and time.monotonic() < until:
            time.sleep(STEP_SECONDS)
        with self._lock:
            yield
