"""What the bundled model's drafts are like, for users who have none of their own yet."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inference.confidence import version

log = logging.getLogger(__name__)

FILE = Path(__file__).parents[1] / "models" / "routing.json"
"""Written by `python -m benchmarks.escalation --ship`."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """Drafts in holes of files the model never saw."""

    scores: tuple[float, ...] = ()
    """A hundred quantiles, ascending."""
    drafts: int = 0
    right: float = 0.0
    """Share of the drafts that were right."""
    scorer: str = ""
    """The weights of the confidence they were scored with."""


@cache
def shipped(path: Path = FILE) -> Shipped:
    """Read them once. Without a readable file cuts start from the share alone."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        scores = tuple(float(score) for score in found["scores"])
        known = Shipped(scores, int(found["drafts"]), float(found["right"]), str(found["scorer"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("Routing begins without experience: %s was not read (%s)", path.name, error)
        return Shipped()
    if known.scorer != version():
        log.info("Shipped scores are of other weights of the confidence")
    return known
