"""When nothing is suggested whatever the model thinks: what the last edit was, which file, what is left.

Rules that need no score, each with its reason as the log says it ("Returning no completion because ...").
Only in_file() holds for what is asked for by hand, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inference.filters import midline
from inference.prompts import CursorContext
from settings.private import is_private

Kind = Literal["typed", "deleted", "pasted", "restored", "elsewhere"]
"""What an edit was: keys, a deletion, a block that came at once, an undo or redo, several places at once."""

PASTED_CHARACTERS, PASTED_LINES = 200, 8
"""From here on an edit is no typing; other clients draw the line of a bulk edit there, too. A suggestion that
was accepted is no paste: do not pass it."""
SETTLED = 2.0
"""Seconds after which an undo or a paste is past: somebody who is still there goes on."""
LEAST_CHARACTERS = 2
"""Letters, digits and signs below which reading a suggestion takes longer than typing it."""
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Change:
    """The last edit of a document and how long ago it was."""

    kind: Kind
    seconds_ago: float = 0.0


def kind_of(edits: Sequence[tuple[int, str]], seen_before: bool = False) -> Kind:
    """Return what one notification's edits were, each as (characters removed, text inserted).

    `seen_before`: the text is now one it has been before (an undo or redo). A single deleted or typed
    character is no undo, even so: backspacing gives texts that were there before, too.
    """
    removed, inserted = sum(count for count, _ in edits), "".join(text for _, text in edits)
    if len(inserted) > PASTED_CHARACTERS or inserted.count("\n") >= PASTED_LINES:
        return "restored" if seen_before else "pasted"
    if seen_before and removed + len(inserted) > 1:
        return "restored"
    if len(edits) > 1 and not all(text in ("", ")", "]", "}", '"', "'", "`") for _, text in edits[1:]):
        return "elsewhere"  # several cursors, a rename, a formatter; a bracket that closes itself is typing
    return "deleted" if removed and not inserted.strip() else "typed"


def before_asking(context: CursorContext, change: Change | None = None) -> str:
    """Return why the engine need not be asked at a place nobody asked about by hand, or ""."""
    if why := in_file(context.path):
        return why
    before = context.prefix[context.prefix.rfind("\n") + 1 :]
    if why := after_change(change, before, context.suffix.split("\n", 1)[0]):
        return why
    return "" if midline.allows(context) else "there is text right of the cursor"


def after_change(change: Change | None, before: str, after: str) -> str:
    """Return why the last edit asks for quiet, or "". `before` and `after`: the cursor's line."""
    inside = bool(_WORD.match(after[:1]))
    if inside and _WORD.match(before[-1:]):
        return "the cursor is inside a word"
    if change is None:
        return ""
    if change.kind == "deleted" and (inside or _WORD.match(before[-1:])):
        return "a word is being deleted"
    if change.kind in ("pasted", "restored", "elsewhere") and change.seconds_ago < SETTLED:
        return {
            "pasted": "a block was pasted just now",
            "restored": "an edit was undone just now",
            "elsewhere": "several places were edited at once",
        }[change.kind]
    return ""


def in_file(path: str) -> str:
    """Return why a file of that name gets no suggestions, or ""; heed it also when asked by hand."""
    return "files of that name hold secrets" if is_private(path) else ""


def too_little(text: str) -> str:
    """Return why a text is not worth showing, or "": nothing in it, or one character that is typed sooner."""
    useful = sum(not character.isspace() for character in text)
    if useful == 0:
        return "there is nothing in it"
    return "it is a single character" if useful < LEAST_CHARACTERS else ""
