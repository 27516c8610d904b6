"""One call of a tool in figures, as it is noted: what was looked for is no part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lookup:
    """A call that has ended."""

    tool: str
    engine: str
    """Who answered, or what kind of source; empty where nobody did."""
    seconds: float
    characters: int
    """Of what came back."""
    ok: bool


Note = Callable[[Lookup], object]
"""Hears of each call; the ledger, where there is one."""


def unnoted(lookup: Lookup) -> None:
    """Note nothing."""
