"""One bucket for each caller; those that have not called for long are forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable

from bucket import Bucket


class Callers:
    """Limits each caller by itself."""

    def __init__(
        self, capacity: int, rate: float, most: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._new = lambda: Bucket(capacity, rate, clock)
        self._most = most
        self._buckets: dict[str, Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, caller: str) -> bool:
        """Tell whether a caller may call now, and count the call."""
        bucket = self._buckets.pop(caller, None) or self._new()
        self._buckets[caller] = bucket
        while len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return bucket.take()
