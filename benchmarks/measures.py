"""How near one text is to another, and how well a score orders right before wrong. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

CHRF_ORDER, CHRF_BETA = 6, 2.0
"""Popović's chrF2: n-grams of up to six characters, recall counted twice as much as precision."""


def edit_distance(a: str, b: str) -> int:
    """Levenshtein's distance, by Hyyrö's bit vectors: one integer step for each character of `b`."""
    if not a or not b:
        return len(a) + len(b)
    last, full = 1 << (len(a) - 1), (1 << len(a)) - 1
    where: dict[str, int] = {}
    for at, character in enumerate(a):
        where[character] = where.get(character, 0) | 1 << at
    up, down, distance = full, 0, len(a)
    for character in b:
        match = where.get(character, 0)
        diagonal = (((match & up) + up) ^ up) | match | down
        across_up = down | ~(diagonal | up)
        across_down = up & diagonal
        distance += bool(across_up & last) - bool(across_down & last)
        across_up = across_up << 1 | 1
        up = (across_down << 1 | ~(diagonal | across_up)) & full
        down = across_up & diagonal & full
    return distance


def edit_similarity(made: str, wanted: str) -> float:
    """One less the edit distance over the longer length: 1 for equal texts, 0 for nothing in common."""
    longest = max(len(made), len(wanted))
    return 1 - edit_distance(made, wanted) / longest if longest else 1.0


def chrf(made: str, wanted: str) -> float:
    """chrF2 in [0, 100], white space left out; the orders neither text is long enough for do not count."""
    a, b = "".join(made.split()), "".join(wanted.split())
    precisions, recalls = [], []
    for order in range(1, CHRF_ORDER + 1):
        one, other = _grams(a, order), _grams(b, order)
        if not one and not other:
            continue
        both = sum((one & other).values())
        precisions.append(both / max(1, sum(one.values())))
        recalls.append(both / max(1, sum(other.values())))
    if not precisions:
        return 100.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    if precision + recall == 0:
        return 0.0
    square = CHRF_BETA**2
    return 100 * (1 + square) * precision * recall / (square * precision + recall)


def _grams(text: str, order: int) -> Counter[str]:
    return Counter(text[at : at + order] for at in range(len(text) - order + 1))


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Probability that a right one scores above a wrong one; ties count half. Not a number without both."""
    ordered = sorted(zip(scores, right, strict=True))
    below = wins = 0.0
    at = 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        rights = sum(label for _, label in ordered[at:end])
        wrongs = end - at - rights
        wins += rights * (below + wrongs / 2)
        below += wrongs
        at = end
    positives = len(ordered) - below
    return wins / (positives * below) if positives and below else float("nan")


def area_under_risk_coverage(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Mean share of wrong ones among the k surest, over every k: 0 is perfect. Ties share their mean risk."""
    ordered = sorted(zip(scores, right, strict=True), key=lambda pair: -pair[0])
    risks: list[float] = []
    wrong = 0.0
    at = 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        share = sum(not label for _, label in ordered[at:end]) / (end - at)
        risks += [(wrong + share * (i + 1)) / (at + i + 1) for i in range(end - at)]
        wrong += share * (end - at)
        at = end
    return sum(risks) / len(risks) if risks else float("nan")
