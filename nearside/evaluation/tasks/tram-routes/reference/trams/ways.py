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
    waiting: list[tuple[int, tuple[str, ...]]] = [(0, (start,))]
    done: set[str] = set()
    while waiting:
        minutes, path = heapq.heappop(waiting)
        stop = path[-1]
        if stop == end:
            return Way(minutes, path)
        if stop in done:
            continue
        done.add(stop)
        for neighbour, ride in network.rides(stop):
            if neighbour not in done:
                heapq.heappush(waiting, (minutes + ride, (*path, neighbour)))
    raise NoWay(f"no way leads from {start} to {end}")


def shortest_first(ways: Iterable[Way], most: int) -> list[Way]:
    """Return the ways with the fewest stops."""
    return heapq.nsmallest(most, ways, key=lambda way: len(way.stops))
