"""A token bucket: so many calls at once, and so many a second in the long run."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """Holds up to `capacity` tokens and gets `rate` new ones a second. It begins full.

    `clock` returns seconds; it may be set back, in which case no time has passed.
    """

    def __init__(self, capacity: int, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        if capacity < 1 or rate <= 0:
            raise ValueError("a bucket holds something, and is filled")
        self.capacity = capacity
        self.rate = rate
        self._clock = clock
        self._level = float(capacity)
        self._at = clock()

    def take(self, amount: int = 1) -> bool:
        """Take tokens if there are enough, and tell whether there were; otherwise take none."""
        self._fill()
        if amount > self._level:
            return False
        self._level -= amount
        return True

    def wait(self, amount: int = 1) -> float:
        """Return the seconds until so many can be taken, 0 where they can be now.

        Raises ValueError for more than the bucket ever holds.
        """
        if amount > self.capacity:
            raise ValueError(f"{amount} will never be there")
        self._fill()
        return max(0.0, (amount - self._level) / self.rate)

    def _fill(self) -> None:
        now = self._clock()
        passed = max(0.0, now - self._at)
        self._level = min(self.capacity, self._level + passed * self.rate)
        self._at = now
