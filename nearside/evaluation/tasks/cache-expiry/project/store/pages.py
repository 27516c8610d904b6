"""Pages of a site, read once and kept."""

from __future__ import annotations

from collections.abc import Callable

from store.cache import Cache


class Pages:
    """Reads pages with `read`, and keeps the last ones."""

    def __init__(self, read: Callable[[str], str], most: int = 100) -> None:
        self._read = read
        self._cache = Cache(most)
        self.reads = 0

    def page(self, address: str) -> str:
        """Return a page; raises whatever reading it raises."""
        found = self._cache.get(address)
        if found is None:
            found = self._read(address)
            self.reads += 1
            self._cache.put(address, found)
        return found
