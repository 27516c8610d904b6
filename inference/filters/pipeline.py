"""The order of the filters. Each takes away what is bad and keeps the rest: repair comes before dropping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inference.filters import indent, leaks, midline, repeats, scope
from inference.filters.place import Place, place
from inference.prompts import CursorContext

MOST_ROUNDS = 5
"""One filter's cut may uncover another's; what is not at rest by then is not shown."""

LONGEST = 8000
"""Characters of a text that are looked at; no suggestion is longer, and the time it takes has a limit."""

Filter = Callable[[str, Place], str]

PIPELINE: tuple[tuple[Filter, str], ...] = (
    (leaks.unreadable, "it held characters that are no text"),
    (leaks.special_tokens, "the model's own tokens came out"),
    (leaks.reasoning, "the model thought aloud"),
    (leaks.fences, "it came as Markdown"),
    (leaks.prose, "it talked instead of writing code"),
    (leaks.diffs, "it was a patch"),
    (leaks.paths, "it began another file"),
    (leaks.licences, "it began a licence"),
    (leaks.placeholders, "it left code out"),
    (midline.already_typed, "it repeated what was typed"),
    (midline.already_there, "it repeated the rest of the line"),
    (indent.first_line, "its first line was indented wrongly"),
    (indent.restyled, "its indentation was another's"),
    (repeats.stutters, "it stuttered"),
    (repeats.loops, "it ran in circles"),
    (repeats.lines_above, "it repeated the lines above"),
    (repeats.lines_below, "it repeated the lines below"),
    (scope.block_limit, "it left its block"),
    (scope.closing_marks, "it closed what is closed already"),
    (scope.closing_line, "it closed what is closed already"),
    (scope.no_new_errors, "it broke the syntax"),
)


@dataclass(frozen=True)
class Filtered:
    """What may be shown of a text; `reason` says why it differs from what the model wrote."""

    text: str
    reason: str = ""


def repair(text: str, context: CursorContext, *, complete: bool = True) -> Filtered:
    """Return what of a model's text may be shown at a place; no text means nothing.

    Repairing a second time changes nothing. `complete` is false while the model is still writing, and where
    it was cut off: of several lines the last is unfinished then, and left out.
    """
    here = place(context)
    reasons: list[str] = []
    if not complete or len(text) > LONGEST:
        text = whole_lines(text[:LONGEST])
    seen: str | None = None
    for _ in range(MOST_ROUNDS):
        seen, text = text, _once(text, here, reasons)
        if text == seen or not text:
            return Filtered(text, "; ".join(dict.fromkeys(reasons)))
    return Filtered("", "; ".join(dict.fromkeys((*reasons, "it could not be repaired"))))


def whole_lines(text: str) -> str:
    """Leave out a last line that may be unfinished, where there are others."""
    head, _, last = text.rpartition("\n")
    return head if head.strip() and last else text


def _once(text: str, here: Place, reasons: list[str]) -> str:
    for work, reason in PIPELINE:
        changed = work(text, here)
        if changed.rstrip() != text.rstrip():
            reasons.append(reason)
        text = changed
        if not text.strip():
            return ""
    return text.rstrip()
