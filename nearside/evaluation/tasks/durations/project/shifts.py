"""Shifts, and how long somebody has worked."""

from __future__ import annotations

from dataclasses import dataclass

from durations import format_duration, parse_duration

BREAK_AFTER = parse_duration("6h")
BREAK = parse_duration("30m")


@dataclass(frozen=True)
class Shift:
    """From `start` to `end`, both in seconds since midnight; an end before the start is on the next day."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Seconds without the break that is due after six hours."""
        length = (self.end - self.start) % parse_duration("1d")
        return length - BREAK if length > BREAK_AFTER else length


def balance(shifts: list[Shift], due: str) -> str:
    """Return how much more than `due` was worked, as a duration."""
    return format_duration(sum(shift.length for shift in shifts) - parse_duration(due))
