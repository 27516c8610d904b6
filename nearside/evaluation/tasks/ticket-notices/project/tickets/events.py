"""What happens to tickets."""

from __future__ import annotations

from dataclasses import dataclass


class UnknownEvent(ValueError):
    """An event of a kind that nobody knows."""


@dataclass
class Event:
    """`priority` is "high" or "normal"; `author` is who did it."""

    kind: str
    ticket: int
    title: str
    author: str
    priority: str = "normal"
