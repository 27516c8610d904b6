"""One writer for a workspace's index: whoever holds the lock. The system frees it when a process dies."""

from __future__ import annotations

import logging
from pathlib import Path

from filelock import FileLock, Timeout

RETRY_SECONDS = 2.0
"""How often one who only reads asks again: a second editor takes over within about this time."""

log = logging.getLogger("nearside.lock")


class WriterLock:
    """The right to write one index. Taken at once or not at all."""

    def __init__(self, path: Path) -> None:
        # Any thread may ask and let go: the lock is the process's, not a thread's.
        self._lock = FileLock(path, thread_local=False)

    @property
    def held(self) -> bool:
        return self._lock.is_locked

    def take(self) -> bool:
        """Return whether this process is the writer now. False too where a lock cannot be made."""
        if self.held:
            return True
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:  # a read-only folder, a file system without locks
            log.warning("The index is only read, because its lock cannot be taken: %s", error)
            return False
        return True

    def release(self) -> None:
        self._lock.release(force=True)
