"""How long each search engine wants to be left alone, kept on the disk for the next command to know."""

from __future__ import annotations

import contextlib
import json
import os
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

DEFAULT_SECONDS = 60
"""After a refusal that names no time."""
LONGEST_SECONDS = 3600


class Waits:
    """Remembers, by engine, until when not to ask; in a file where it is given one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._until: dict[str, float] = {}

    def left(self, engine: str) -> int:
        """Return the seconds still to wait, 0 where there is nothing to wait for."""
        left = self._known().get(engine, 0.0) - time.time()
        return int(left) + 1 if 0 < left <= LONGEST_SECONDS else 0

    def note(self, engine: str, seconds: float) -> None:
        """Remember a wait. A file that cannot be written is done without."""
        known = {name: until for name, until in self._known().items() if until > time.time()}
        known[engine] = time.time() + min(seconds, LONGEST_SECONDS)
        self._until = known
        if self._file:
            part = self._file.with_name(f"{self._file.name}.{os.getpid()}")
            with contextlib.suppress(OSError):
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                part.write_text(json.dumps(known), "utf-8")
                os.replace(part, self._file)

    def _known(self) -> dict[str, float]:
        if self._file:
            with contextlib.suppress(OSError, ValueError, RecursionError):
                read = json.loads(self._file.read_text("utf-8"))
                if isinstance(read, dict):
                    return {str(k): float(v) for k, v in read.items() if isinstance(v, int | float)}
        return self._until


def seconds_of(header: str) -> float:
    """Return what a Retry-After header asks for: seconds, or a date; a usual wait where it is neither."""
    header = header.strip()
    if header.isascii() and header.isdecimal():
        return float(min(int(header[:9]), LONGEST_SECONDS)) or 1.0
    try:
        return max(1.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, OverflowError):
        return DEFAULT_SECONDS
