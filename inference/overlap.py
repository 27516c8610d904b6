"""Where a completion inside a line runs into what already stands there.

A model asked in the middle of `print(|)` often writes the closing bracket as well. Applied as it is, that
would double it.
"""

from __future__ import annotations

CLOSERS = {")": "(", "]": "[", "}": "{"}
QUOTES = "\"'`"


def until_suffix(text: str, suffix: str) -> str:
    """Return `text` up to where it begins to repeat what follows the cursor on its line."""
    rest = suffix.split("\n", 1)[0].strip()
    if not rest:
        return text
    if rest[0] in CLOSERS or rest[0] in QUOTES:
        at = _closes(text, rest[0])
        return text if at is None else text[:at]
    first = text.split("\n", 1)[0]
    kept = first.rstrip().removesuffix(rest)
    return text if kept == first.rstrip() else kept


def _closes(text: str, closer: str) -> int | None:
    """Return where `text` closes, with `closer`, what was opened before it; None where it does not."""
    opened: list[str] = []
    quote = ""
    if closer in QUOTES:  # the cursor is inside a string: its first such quote ends it
        at = text.find(closer)
        return None if at < 0 or text[:at].endswith("\\") else at
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[at - 1] != "\\" else quote
        elif character in QUOTES:
            quote = character
        elif character in CLOSERS.values():
            opened.append(character)
        elif character in CLOSERS:
            if opened and opened[-1] == CLOSERS[character]:
                opened.pop()
            elif not opened:
                return at if character == closer else None
    return None
