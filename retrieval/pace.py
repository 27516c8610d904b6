"""How far long work is, and how long it will go on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["reading", "known", "embedding", "ready"]

WINDOW = 20.0
"""Seconds of the past that say how fast it goes: files and chunks differ, the beginning is not the rest."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`total` files are read, or chunks embedded; `done` of them are. Known: every file was read, and no name
    is missing. Ready: all there is is searchable, vectors too."""

    stage: Stage
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    """None where it is too early to tell."""


OnProgress = Callable[[Progress], None]


class Pace:
    """Turns counts into progress with the time that is left."""

    def __init__(self, stage: Stage, report: OnProgress, clock: Callable[[], float] = time.monotonic) -> None:
        self._stage: Stage = stage
        self._report, self._clock = report, clock
        self._past: deque[tuple[float, int]] = deque()

    def at(self, done: int, total: int) -> None:
        now = self._clock()
        self._past.append((now, done))
        while len(self._past) > 2 and now - self._past[1][0] > WINDOW:
            self._past.popleft()
        then, before = self._past[0]
        speed = (done - before) / (now - then) if now - then > 0.2 else 0.0
        self._report(Progress(self._stage, done, total, (total - done) / speed if speed > 0 else None))
