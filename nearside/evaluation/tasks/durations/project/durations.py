"""Durations as people write them: 1d2h, 90m, -15s."""

from __future__ import annotations

import re

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
"""Seconds of each unit, the largest first."""
PARTS = re.compile(r"([0-9]+[dhms])+")


class WrongDuration(ValueError):
    """A text is no duration."""


def parse_duration(text: str) -> int:
    """Return the seconds of a duration like ``1h30m``, with a minus sign in front where it is negative.

    Blanks around it do not matter. Units come from large to small, each at most once, and none is needed:
    ``90m`` is as good as ``1h30m``. Raises WrongDuration for everything else.
    """
    text = text.strip()
    negative = text.startswith("-")
    text = text.removeprefix("-")
    if not text or not PARTS.fullmatch(text):
        raise WrongDuration(f"{text!r} is no duration")
    seconds, last = 0, -1
    for count, unit in re.findall(r"([0-9]+)([dhms])", text):
        order = list(UNITS).index(unit)
        if order <= last:
            raise WrongDuration(f"{text!r} has its units in a wrong order")
        seconds, last = seconds + int(count) * UNITS[unit], order
    return -seconds if negative else seconds


def format_duration(seconds: int) -> str:
    """Return seconds as the shortest text that `parse_duration` reads; no time at all is ``0s``."""
    if not seconds:
        return "0s"
    sign = "-" if seconds < 0 else ""
    left, parts = abs(seconds), []
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + "".join(parts)
