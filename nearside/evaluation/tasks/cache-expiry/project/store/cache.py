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
    """Holds up to `capacity` entries; a new one pushes out the one that was not used for longest."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("a cache holds at least one entry")
        self.capacity = capacity
        self._entries: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return an entry and count it as used; `default` where there is none."""
        if key not in self._entries:
            return default
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, key: Hashable, value: Any) -> None:
        """Set an entry and count it as used."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self.capacity:
            self._entries.popitem(last=False)

    def drop(self, key: Hashable) -> bool:
        """Remove an entry; tell whether there was one."""
        there = key in self
        self._entries.pop(key, None)
        return there

    def keys(self) -> list[Hashable]:
        """Return the keys, the one that was not used for longest first."""
        return list(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)
