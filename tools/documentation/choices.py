"""Lists of names for people: what a thing holds, and what somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tools.documentation.doc import MOST_TEXT, plain

MOST_LISTED = 40


def nearest(name: str, names: Sequence[str], most: int = 3, alike: float = 0.6) -> list[str]:
    """Return the names most like one, whatever their case; private ones only for a private one."""
    public = [one for one in names if name.startswith("_") or not one.startswith("_")]
    folded = {one.lower(): one for one in reversed(public)}
    close = difflib.get_close_matches(name.lower(), folded, most, alike)
    return [folded[one] for one in close]


def with_names(text: str, names: Sequence[str], what: str = "Names") -> str:
    """Return a text with a line of the public names there are, both within what an answer may hold."""
    shown = [name for name in names if not name.startswith("_")][:MOST_LISTED]
    return with_line(text, f"{what}: {', '.join(shown)}") if shown else text


def with_line(text: str, line: str) -> str:
    """Return a text with a last line that is not cut off."""
    return f"{plain(text, MOST_TEXT - len(line) - 4)}\n\n{line}".strip()
