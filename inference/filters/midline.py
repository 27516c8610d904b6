"""Completions inside a line: where one is wanted, and what of it stands there already."""

from __future__ import annotations

import re

from inference.filters.place import Place
from inference.overlap import until_suffix
from inference.prompts import CursorContext
from syntax.brackets import PAIRS, comment_mark, scan

_CLOSING = re.compile(r"\s*[)>}\]\"'`]*\s*(?:[:{;,]|=>|do|then)?\s*")
"""What may stand right of the cursor: closing marks, and what follows them (Copilot's rule, and arrows)."""
_NEVER_TWICE = frozenset(
    ("import", "from", "return", "def", "class", "if", "elif", "while", "for", "raise", "const", "let")
    + ("var", "func", "fn", "local", "struct")
)
"""Words that no language says twice in a row."""


def allows(context: CursorContext) -> bool:
    """Tell whether the place is fit for a suggestion nobody asked for.

    It is where nothing but closing marks, or a comment, stands right of the cursor.
    """
    rest = context.suffix.split("\n", 1)[0]
    if _CLOSING.fullmatch(rest):
        return True
    return bool(context.prefix[-1:].isspace() or not rest[:1].strip()) and rest.lstrip().startswith(
        (comment_mark(context.language), "/*")
    )


def already_typed(text: str, place: Place) -> str:
    """Take off what the text repeats of the line it continues."""
    typed = place.head.strip()
    if not typed or not text or place.kind != "code":
        return text
    bare = text.lstrip()
    last = typed.split()[-1]
    if last in _NEVER_TWICE and re.match(rf"{last}\b", bare):
        again = bare[len(last) :]
        return again.lstrip() if place.head[-1:].isspace() else again
    whole = len(typed) > 3 and bare.startswith(typed) and not typed[-1].isalnum()
    whole = whole or (len(typed.split()) > 1 and place.head[-1:].isspace() and bare.startswith(typed + " "))
    if whole:
        again = bare[len(typed) :]
        return again.lstrip() if place.head[-1:].isspace() else again
    return text


def already_there(text: str, place: Place) -> str:
    """Cut where the text begins to repeat the rest of the line."""
    rest = place.rest.strip()
    if not rest or not text.strip():
        return text
    closing = rest[0] in PAIRS or (rest[0] in "\"'`" and place.kind == "string")
    if closing:
        if rest[0] in PAIRS and 0 < len(scan(text, place.language).closing) <= place.missing:
            return text
        return until_suffix(text, place.rest).rstrip() if until_suffix(text, place.rest) != text else text
    first = text.split("\n", 1)[0]
    for length in range(len(rest), 0, -1):
        if first.rstrip().endswith(rest[:length]) and (length == len(rest) or length > 2):
            return first.rstrip()[:-length].rstrip(" " if place.rest[0].isspace() else "")
    at = first.find(rest) if len(rest) > 2 else -1
    return first[:at] if at >= 0 else first
