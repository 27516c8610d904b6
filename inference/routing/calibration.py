"""From a draft's score to the probability that it is right, learned from what became of this user's drafts.

Every curve is monotone, so that calibrating never changes which of two drafts is the surer one. Curves stand
on each other: the shipped score, corrected by all the user's labels, corrected by those of one project.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SHRUNK_FROM = 50
"""Labels; with fewer, the shipped score is nearer the truth than what they say."""
ISOTONIC_FROM = 200
"""Labels from which their own steps say more than any formula."""
SLOPE_SD, OFFSET_SD = 0.5, 1.0
"""How far, in logits, a user may be from what is shipped before the labels have to insist."""
PROJECT_FROM = 10
"""Labels of one project from which it is told apart from the others."""
PROJECT_SLOPE_SD, PROJECT_OFFSET_SD = 0.25, 0.5
"""The same for one project against its user's others: one user's projects differ less than users do."""
FOLDS = 5
LEAST_GAIN = 2.0
"""Nats that a curve of its own has to gain on a project's labels left out of it. With less to gain it cost
where projects do not differ (74 real packages); with this it costs nothing there, and gains where they do."""
STEPS_HALF = 200
"""Labels at which the steps count as much as the formula. In simulated ledgers of 400 to 2,000 labels the
steps alone lose up to 0.03 nats a draft, the formula alone up to 0.04 where the truth is not logistic, both
together up to 0.03 and least on average."""
NEWTON_STEPS = 30
LEAST, MOST = 1e-4, 1 - 1e-4
"""Probabilities end here: nobody has seen enough drafts to be surer."""
LEAST_SLOPE = 0.05
"""What keeps a curve monotone where labels say the contrary."""

Kind = Literal["shipped", "shrunk", "isotonic"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A draft and what became of it."""

    score: float
    """In [0, 1], as it was when the draft was decoded."""
    right: bool
    """The user's text came to be its first line, or most of it survived its acceptance."""
    project: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone curve from scores to probabilities. Without arguments it is the shipped one."""

    kind: Kind = "shipped"
    labels: int = 0
    slope: float = 1.0
    offset: float = 0.0
    knots: tuple[float, ...] = ()
    """Logits in the middle of each step, ascending; none unless isotonic."""
    values: tuple[float, ...] = ()
    """Probabilities at the knots."""
    trust: float = 0.0
    """Share in [0, 1] that the steps have in the probability."""
    base: Calibration | None = None
    """The curve this one corrects."""

    def probability(self, score: float) -> float:
        """Return how likely a draft of this score is right, in (0, 1)."""
        return _bounded(self._corrected(_logit(self.base.probability(score) if self.base else score)))

    def _corrected(self, logit: float) -> float:
        formula = _logistic(self.slope * logit + self.offset)
        return self.trust * self._stepped(logit) + (1 - self.trust) * formula

    def _stepped(self, logit: float) -> float:
        if not self.knots:
            return 0.0
        high = bisect_right(self.knots, logit)
        if high == 0 or high == len(self.knots):
            return self.values[min(high, len(self.values) - 1)]
        part = (logit - self.knots[high - 1]) / (self.knots[high] - self.knots[high - 1])
        return self.values[high - 1] + part * (self.values[high] - self.values[high - 1])


SHIPPED = Calibration()


def calibrated(labels: Sequence[Labelled], project: str = "") -> Calibration:
    """Return the curve for one project from all labels of its user, which are of one model and one scorer."""
    whole = corrected(SHIPPED, labels, SLOPE_SD, OFFSET_SD)
    if whole.kind == "shipped":
        return whole
    own = [label for label in labels if label.project == project]
    if not own or len(own) == len(labels):
        return whole
    return _of_project(whole, own) if _pays(whole, own) else whole


def _of_project(whole: Calibration, own: Sequence[Labelled]) -> Calibration:
    return corrected(whole, own, PROJECT_SLOPE_SD, PROJECT_OFFSET_SD, PROJECT_FROM)


def _pays(whole: Calibration, own: Sequence[Labelled]) -> bool:
    """Tell whether a project's labels foretell its other ones better than all of its user's do."""
    gain = 0.0
    for fold in range(FOLDS):
        curve = _of_project(whole, [label for at, label in enumerate(own) if at % FOLDS != fold])
        for label in own[fold::FOLDS]:
            gain += _surprise(whole, label) - _surprise(curve, label)
    return gain > LEAST_GAIN


def _surprise(curve: Calibration, label: Labelled) -> float:
    """Return the nats lost on a draft."""
    said = curve.probability(label.score)
    return -math.log(said if label.right else 1 - said)


def corrected(
    base: Calibration,
    labels: Sequence[Labelled],
    slope_sd: float,
    offset_sd: float,
    shrunk_from: int = SHRUNK_FROM,
) -> Calibration:
    """Return `base` moved as far as the labels say; `base` itself where they are too few."""
    if len(labels) < shrunk_from:
        return base
    logits = [_logit(base.probability(label.score)) for label in labels]
    rights = [float(label.right) for label in labels]
    slope, offset = platt(logits, rights, slope_sd, offset_sd)
    below = base if base is not SHIPPED else None
    if len(labels) < ISOTONIC_FROM:
        return Calibration("shrunk", len(labels), slope, offset, base=below)
    knots, values = isotonic(list(zip(logits, rights, strict=True)))
    trust = len(labels) / (len(labels) + STEPS_HALF)
    return Calibration("isotonic", len(labels), slope, offset, knots, values, trust, below)


def platt(
    logits: Sequence[float], rights: Sequence[float], slope_sd: float, offset_sd: float
) -> tuple[float, float]:
    """Return (slope, offset) of the logistic that fits best and is near (1, 0), as two Gaussians weigh it."""
    slope, offset = 1.0, 0.0
    for _ in range(NEWTON_STEPS):
        slope_pull, offset_pull = (1 - slope) / slope_sd**2, -offset / offset_sd**2
        aa, ab, bb = 1 / slope_sd**2, 0.0, 1 / offset_sd**2
        for x, right in zip(logits, rights, strict=True):
            p = _logistic(slope * x + offset)
            slope_pull += (right - p) * x
            offset_pull += right - p
            spread = p * (1 - p)
            aa, ab, bb = aa + spread * x * x, ab + spread * x, bb + spread
        size = aa * bb - ab * ab
        steps = (bb * slope_pull - ab * offset_pull) / size, (aa * offset_pull - ab * slope_pull) / size
        slope, offset = slope + max(-1.0, min(1.0, steps[0])), offset + max(-2.0, min(2.0, steps[1]))
        if max(map(abs, steps)) < 1e-6:
            break
    return max(LEAST_SLOPE, slope), offset


def isotonic(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the knots and values of the non-decreasing fit to points (x, y), pooling violators.

    A knot is the mean x of the points pooled in its step, a value their mean y; both ascend.
    """
    steps: list[tuple[int, float, float]] = []  # points, mean x, mean y
    for x, y in sorted(points):
        step = (1, x, y)
        while steps and (steps[-1][1] >= x or steps[-1][2] >= step[2]):
            count, mean_x, mean_y = steps.pop()
            both = count + step[0]
            step = (
                both,
                (count * mean_x + step[0] * step[1]) / both,
                (count * mean_y + step[0] * step[2]) / both,
            )
        steps.append(step)
    return tuple(x for _, x, _ in steps), tuple(y for _, _, y in steps)


def _bounded(probability: float) -> float:
    return max(LEAST, min(MOST, probability))


def _logit(probability: float) -> float:
    bounded = _bounded(probability)
    return math.log(bounded / (1 - bounded))


def _logistic(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
