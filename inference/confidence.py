"""How sure the model was of a draft, from what decoding already knows. Calibration is routing's business."""

from __future__ import annotations

import math
from collections.abc import Sequence

FIRST_TOKENS = 3
"""The first tokens decide what a draft is about; later ones mostly follow from them."""
WEIGHTS = {"first": 0.4, "mean": 0.3, "least": 0.15, "margin": 0.15}


def score(logprobs: Sequence[float], margins: Sequence[float] = ()) -> float | None:
    """Return a score in [0, 1] of a draft's first line; None where the engine reports no log-probabilities.

    A weighted mean of four figures, each in [0, 1]: exp of the mean log-probability of the first three
    tokens, exp of the mean over all, probability of the least likely token, and the mean of p1 - p2
    (left out, and the other weights scaled up, where margins are unknown). It rises with every one of
    them; it is no probability of being right until it is calibrated.
    """
    if not logprobs:
        return None
    first = logprobs[:FIRST_TOKENS]
    figures = {
        "first": math.exp(sum(first) / len(first)),
        "mean": math.exp(sum(logprobs) / len(logprobs)),
        "least": math.exp(min(logprobs)),
    }
    if margins:
        figures["margin"] = sum(margins) / len(margins)
    total = sum(WEIGHTS[name] for name in figures)
    value = sum(WEIGHTS[name] * figure for name, figure in figures.items()) / total
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
