"""Ways through the network."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from trams.network import Network


class NoWay(LookupError):
    """No rides lead there."""


@dataclass(frozen=True)
class Way:
    """The stops of a way with its ends, and the minutes it takes."""

    minutes: int
    stops: tuple[str, ...]


def fastest(network: Network, start: str, end: str) -> Way:
    """Return the way that takes the fewest minutes; of several the one whose stops sort first.

    Raises NoWay, and KeyError for a start that the network does not have.
    """
    best: list[tuple[int, list[str]]] = []

    def walk(stop: str, minutes: int, path: list[str]) -> None:
        if stop == end:
            best.append((minutes, path))
            return
        for neighbour, ride in network.rides(stop):
            if neighbour not in path:
                walk(neighbour, minutes + ride, [*path, neighbour])

    walk(start, 0, [start])
    if not best:
        raise NoWay(f"no way leads from {start} to {end}")
    minutes, path = min(best)
    return Way(minutes, tuple(path))


def shortest_first(ways: Iterable[Way], most: int) -> list[Way]:
    """Return the ways with the fewest stops."""
    return heapq.nsmallest(most, ways, key=lambda way: len(way.stops))
