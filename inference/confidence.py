"""How likely the first line of a draft is exactly what the user wants, from what decoding already knows.

A logistic over the row of draft_features.py, with weights fitted offline (training/confidence.py) and shipped
beside the bundled model. For other models it is a score that orders drafts; its level is then only a guess.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inference.draft_features import features
from inference.prompts import CursorContext

log = logging.getLogger(__name__)

WEIGHTS = Path(__file__).parent / "models" / "confidence.json"
LABELS = {
    "start": "first token",
    "first": "first three tokens",
    "mean": "average token",
    "sum": "whole line",
    "least": "least likely token",
    "tenth": "unlikeliest tenth",
    "quarter": "unlikeliest quarter",
    "margin": "lead over the second choice",
    "least_margin": "closest second choice",
    "first_margin": "lead of the first three tokens",
    "tokens": "number of tokens",
    "characters": "length",
    "loops": "loops",
    "mid_line": "text right of the cursor",
    "names": "number of names",
    "unknown": "names not seen before",
    "open": "leaves a bracket open",
    "repeats": "repeats a line beside it",
}
"""What each feature is called to the user."""


@dataclass(frozen=True)
class Weight:
    """One feature's place in the sum: weight * (value - mean) / scale."""

    mean: float
    scale: float
    weight: float


@dataclass(frozen=True)
class Weights:
    bias: float
    features: Mapping[str, Weight]


@cache
def weights(path: Path = WEIGHTS) -> Weights:
    """Read the fitted weights once. Without a readable file everything is as likely as not."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Weights(found["bias"], {name: Weight(**given) for name, given in found["features"].items()})
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning(
            "Confidence is unknown because %s was not read (%s). Install nearside again.", path.name, error
        )
        return Weights(0.0, {})


@cache
def version(path: Path = WEIGHTS) -> str:
    """Return a mark of these weights: scores of others are of another scale."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError:
        return ""


def score(
    logprobs: Sequence[float],
    margins: Sequence[float] = (),
    text: str = "",
    context: CursorContext | None = None,
) -> float | None:
    """Return the probability in [0, 1] that a draft's first line is right; None without log-probabilities.

    Arguments as features() takes them; what is not given counts as average. Without log-probabilities what is
    left (mostly the length) says how good the bundled model is on average, not how sure another one is.
    """
    if not logprobs:
        return None
    return probability(features(logprobs, margins, text, context))


def probability(row: Mapping[str, float], fitted: Weights | None = None) -> float:
    """Return the logistic of a row of features."""
    fitted = fitted or weights()
    logit = fitted.bias + sum(contributions(row, fitted).values())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def contributions(row: Mapping[str, float], fitted: Weights | None = None) -> dict[str, float]:
    """Return what each feature adds to the logit, against an average draft's; the largest first."""
    given = (fitted or weights()).features
    parts = {
        name: weight.weight * (row[name] - weight.mean) / weight.scale
        for name, weight in given.items()
        if name in row
    }
    return dict(sorted(parts.items(), key=lambda part: -abs(part[1])))


def explained(row: Mapping[str, float], most: int = 4) -> str:
    """Return a probability and its strongest reasons: '0.62: +0.8 first token, -0.3 length'."""
    parts = list(contributions(row).items())[:most]
    reasons = ", ".join(f"{value:+.1f} {LABELS[name]}" for name, value in parts if abs(value) >= 0.05)
    return f"{probability(row):.2f}" + (f": {reasons}" if reasons else "")
