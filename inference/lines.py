"""Text as lines: where they end for an editor, and what of that a model gets to see."""

from __future__ import annotations

import io


def split_lines(text: str) -> list[str]:
    """Return the lines of `text` with their ends (\\n, \\r\\n, \\r); the last one has none and may be empty.

    The universal newlines of io are exactly the line ends LSP has; str.splitlines knows seven more.
    """
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def plain_line_ends(text: str) -> str:
    """Return `text` with "\\n" as its only line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
