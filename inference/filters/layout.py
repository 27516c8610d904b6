"""How lines are laid out: how deep they are indented, and which of them a block follows."""

from __future__ import annotations

import re
from collections.abc import Sequence

OPENS = re.compile(
    r"(?:[{(\[]|(?<!:):|=>|->|\b(?:do|then|else|begin|repeat)"
    r"|\bfunction\b[^()]*\([^()]*\))(?:\s*$|\s+(?:#|//|--)[^\n]*$)"
)
"""A line after which a block, or the inside of a bracket, begins."""


def columns(line: str) -> int:
    """Return how far a line is indented."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def statement_column(lines: Sequence[str]) -> int:
    """Return how far the statement is indented that the last line belongs to; it may have begun above."""
    missing = 0
    for line in reversed(lines[-20:]):
        missing += sum(line.count(mark) for mark in ")]") - sum(line.count(mark) for mark in "([")
        if missing <= 0:
            return columns(line)
    return columns(lines[-1])
