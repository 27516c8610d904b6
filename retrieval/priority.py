"""Giving way: work nobody waits for gets what is left of the cores.

Only what does not hold the GIL gives way: a thread of low priority that is not scheduled while it holds the
GIL would keep everybody else waiting, and then answers are as slow as the machine is busy.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from retrieval.embedders import Embedder

if TYPE_CHECKING:
    import numpy as np

LOWEST = 19
"""nice level; the scheduler gives such a thread about 1.5 % beside a busy one of level 0."""
THREAD = 10
"""Of threads that embed; about 10 % beside a busy one of level 0."""


def lower_this_process() -> None:
    """Give way to everything else on this machine."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(LOWEST)


def lower_this_thread() -> None:
    """Let this thread, and those it starts, give way to others, where the system knows levels of threads."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), THREAD)


class Patient:
    """An embedder that gives way: it works on a thread of low priority, and the model's own inherit that."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._thread = ThreadPoolExecutor(1, "embed", initializer=lower_this_thread)

    @property
    def identity(self) -> str:
        return self._embedder.identity

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        return self._thread.submit(self._embedder.embed, texts, query=query).result()
