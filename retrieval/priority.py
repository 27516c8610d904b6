"""Giving way: work nobody waits for gets what is left of the cores."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

LOWEST = 19
"""nice level; the scheduler gives such a thread about 1.5 % beside a busy one of level 0."""
THREAD = 10
"""Of a thread in a process that answers requests: it holds locks others wait for, so not the lowest."""


def lower_this_process() -> None:
    """Give way to everything else on this machine."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(LOWEST)


def lower_this_thread() -> None:
    """Let this thread give way to the others of the process, where the system knows levels of threads."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), THREAD)
