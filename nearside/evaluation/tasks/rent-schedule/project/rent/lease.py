"""A lease."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Lease:
    """From `start` until the day before `end`; `cents` are due every `months` months, first at its start."""

    start: date
    end: date
    cents: int
    months: int = 1

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a lease ends after its start")
        if self.months < 1:
            raise ValueError("rent is due every month, or less often")
