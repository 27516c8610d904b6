"""A cache that forgets what was not used for longest."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

Clock = Callable[[], float]
started = time.time()
"""When this process began to keep things, for its status page."""


class Cache:
    """Holds up to `capacity` entries; a new one pushes out the one that was not used for longest.

    With a `ttl` an entry is gone so many seconds after it was last put.
    """

    def __init__(self, capacity: int, ttl: float | None = None, clock: Clock = time.monotonic) -> None:
        if capacity < 1:
            raise ValueError("a cache holds at least one entry")
        if ttl is not None and ttl <= 0:
            raise ValueError("an entry lives for some time")
        self.capacity = capacity
        self._ttl = ttl
        self._clock = clock
        self._entries: OrderedDict[Hashable, Any] = OrderedDict()
        self._put_at: dict[Hashable, float] = {}

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return an entry and count it as used; `default` where there is none."""
        if key not in self:
            return default
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, key: Hashable, value: Any) -> None:
        """Set an entry and count it as used."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        self._put_at[key] = self._clock()
        self._expire()
        while len(self._entries) > self.capacity:
            oldest, _ = self._entries.popitem(last=False)
            del self._put_at[oldest]

    def drop(self, key: Hashable) -> bool:
        """Remove an entry; tell whether there was one."""
        there = key in self
        self._entries.pop(key, None)
        self._put_at.pop(key, None)
        return there

    def keys(self) -> list[Hashable]:
        """Return the keys, the one that was not used for longest first."""
        self._expire()
        return list(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        self._expire()
        return key in self._entries

    def __len__(self) -> int:
        self._expire()
        return len(self._entries)

    def _expire(self) -> None:
        if self._ttl is None:
            return
        now = self._clock()
        for key in [key for key, at in self._put_at.items() if now - at >= self._ttl]:
            del self._entries[key], self._put_at[key]
