"""How often what is kept local is right: by the user's labels, or as expected while there are few."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from inference.routing.bounds import at_least, at_most
from inference.routing.calibration import ISOTONIC_FROM, SHRUNK_FROM, Calibration, Labelled

DOUBT = 0.1
"""A bound on quality is wrong at most this often. In simulated ledgers of 200 to 800 labels, with the loosest
of the cuts tried taken, it was in 2 to 9 per cent."""
STEPS = 20
"""Cuts tried: at every 5 per cent of the drafts."""
FEWEST = 20
"""Drafts a bound is worth anything for."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept at one share, and how good it is."""

    share: float
    right: float
    """Share of it that is right."""
    low: float
    high: float
    """Bounds of that, each wrong in DOUBT of all cases."""
    labels: int
    """How many drafts it was counted in; 0 where it is expected, not counted."""
    cut: float
    """The score above which drafts are kept."""


def enough(labels: Sequence[Labelled], project: str, least: int) -> list[Labelled]:
    """Return a project's labels, or all of them while it has fewer than `least` of its own."""
    own = [label for label in labels if label.project == project]
    return own if len(own) >= least else list(labels)


def at_share(labels: Sequence[Labelled], share: float) -> Kept:
    """Return how good the surest `share` of labelled drafts were; drafts of one score stay together."""
    rows = sorted(labels, key=lambda label: -label.score)
    count = round(share * len(rows))
    if not count:
        return Kept(share, math.nan, 0.0, 1.0, 0, math.inf)
    cut = rows[count - 1].score
    tied = [row.right for row in rows if row.score == cut]
    above = [row.right for row in rows if row.score > cut]
    right = sum(above) + round((count - len(above)) * sum(tied) / len(tied))
    low, high = at_least(right, count, DOUBT), at_most(right, count, DOUBT)
    return Kept(share, right / count, low, high, count, cut)


def expected(scores: Sequence[float], calibration: Calibration, share: float) -> Kept:
    """Return how good the surest `share` of drafts with such scores should be, as the calibration has it."""
    ordered = sorted(scores, reverse=True)
    some = ordered[: round(share * len(ordered))]
    if not some:
        return Kept(share, math.nan, 0.0, 1.0, 0, math.inf)
    right = sum(map(calibration.probability, some)) / len(some)
    return Kept(share, right, 0.0, 1.0, 0, some[-1])


@dataclass(frozen=True, slots=True)
class Rung:
    """A cut and how often drafts that are not below it are right."""

    cut: float
    quality: float
    """A lower bound where there are labels enough for one, else what is expected."""


def ladder(
    labels: Sequence[Labelled], calibration: Calibration, shipped: Sequence[float] = (), project: str = ""
) -> tuple[Rung, ...]:
    """Return the cuts there are to choose from, the one that keeps most first.

    From ISOTONIC_FROM labels on their quality is bounded (DOUBT), before it is what the calibration expects
    of the labelled scores, or of the `shipped` ones while there are fewer than SHRUNK_FROM.
    """
    if len(labels) >= ISOTONIC_FROM:
        rows = sorted(enough(labels, project, ISOTONIC_FROM), key=lambda label: -label.score)
        scores = [row.score for row in rows]
        rights = [0, *accumulate(int(row.right) for row in rows)]
        return tuple(
            Rung(cut, at_least(rights[count], count, DOUBT))
            for count, cut in _cuts(scores)
            if count >= FEWEST
        )
    known = [label.score for label in labels] if len(labels) >= SHRUNK_FROM else shipped
    scores = sorted(known, reverse=True)
    sums = [0.0, *accumulate(map(calibration.probability, scores))]
    return tuple(Rung(cut, sums[count] / count) for count, cut in _cuts(scores))


def quality_cut(rungs: Sequence[Rung], min_quality: float) -> float:
    """Return the score below which drafts are sent so that those kept are right `min_quality` of the time.

    Minus infinite where nothing is demanded, infinite where no cut meets it: then all are sent.
    """
    if min_quality <= 0:
        return -math.inf
    return next((rung.cut for rung in rungs if rung.quality >= min_quality), math.inf)


def _cuts(scores: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Yield how many of the descending scores are kept, and by which cut; equal scores stay together."""
    last = 0
    for step in range(STEPS, 0, -1):
        count = round(len(scores) * step / STEPS)
        while 0 < count < len(scores) and scores[count] == scores[count - 1]:
            count += 1
        if count and count != last:
            yield count, scores[count - 1] if count < len(scores) else -math.inf
            last = count
