"""Stops and the rides between them."""

from __future__ import annotations

from collections.abc import Iterable


class Network:
    """Rides from stop to stop, in minutes; each goes one way."""

    def __init__(self) -> None:
        self._rides: dict[str, list[tuple[str, int]]] = {}

    def line(self, stops: Iterable[str], minutes: int = 2) -> Network:
        """Add a line that goes both ways, with so many minutes from stop to stop; return the network."""
        names = list(stops)
        for stop, following in zip(names, names[1:]):
            self.ride(stop, following, minutes)
            self.ride(following, stop, minutes)
        return self

    def ride(self, start: str, end: str, minutes: int) -> None:
        """Add a ride of at least a minute."""
        if minutes < 1:
            raise ValueError("a ride takes a minute or more")
        self._rides.setdefault(start, []).append((end, minutes))
        self._rides.setdefault(end, [])

    def rides(self, stop: str) -> list[tuple[str, int]]:
        """Return where rides from a stop lead and how long they take. Raises KeyError for none of ours."""
        return list(self._rides[stop])

    @property
    def stops(self) -> list[str]:
        """All stops, in the order they were added."""
        return list(self._rides)
