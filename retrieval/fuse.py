"""One ranking out of several, by reciprocal rank: what scores of different kinds mean does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrieval.rows import Hit

RANK_CONSTANT = 20
"""How little the difference between the first ranks counts; 20 was best for questions about code."""
DEPTH = 200
"""Hits of each list that count: with 20 instead, recall@10 is 2 points lower."""
PER_FILE = 2
"""Hits of one file, so that a long file does not fill the answer."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A hit, its fused score (comparable within one answer), and which lists had it at which rank, from 1."""

    hit: Hit
    score: float
    why: tuple[tuple[str, int], ...]


def fuse(
    lists: Mapping[str, Sequence[Hit | None]],
    limit: int,
    *,
    constant: int = RANK_CONSTANT,
    depth: int = DEPTH,
    per_file: int = PER_FILE,
) -> list[Fused]:
    """Return at most `limit` hits of named lists that are best first each.

    A hit scores the sum of 1 / (constant + rank) over the lists that have it; None has a rank and nothing
    else. Equal scores go by the better rank, then by path and line, so that the same lists always give the
    same answer.
    """
    ranks: dict[tuple[str, int, int], list[tuple[str, int]]] = {}
    hits: dict[tuple[str, int, int], Hit] = {}
    for name, found in lists.items():
        rank = 0
        for hit in found[:depth]:
            if hit is None:
                rank += 1
                continue
            place = (hit.path, hit.first, hit.last)
            seen = ranks.setdefault(place, [])
            if seen and seen[-1][0] == name:
                continue  # the same place twice in one list would count twice
            rank += 1
            seen.append((name, rank))
            hits.setdefault(place, hit)

    scores = {place: sum(1 / (constant + rank) for _, rank in why) for place, why in ranks.items()}
    order = sorted(ranks, key=lambda place: (-scores[place], min(rank for _, rank in ranks[place]), place))
    chosen: list[Fused] = []
    taken: dict[str, int] = {}
    for place in order:
        if len(chosen) >= limit:
            break
        if taken.get(place[0], 0) < per_file:
            taken[place[0]] = taken.get(place[0], 0) + 1
            chosen.append(Fused(hits[place], scores[place], tuple(ranks[place])))
    return chosen
