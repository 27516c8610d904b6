"""One line or several: what stands at the cursor decides, by tree-sitter where there is a grammar."""

from __future__ import annotations

import re

from inference.filters.layout import OPENS, columns
from inference.filters.place import Place, place
from inference.prompts import CursorContext
from inference.prompts import max_lines_at as guessed
from syntax.tree import block_starts, body_is_empty

_SIGNATURE = re.compile(r"\w[\w\s*]*[\s*]\w+\([^;{}]*\)")
"""The first line of a C function whose brace has a line of its own."""
_COLON = re.compile(
    r"\s*(?:(?:async|def|class|if|elif|else|for|while|try|except|finally|with|match|case|default|public|private"
    r"|protected)\b.*):"
)
"""Where a colon opens a block, and not a value or a type."""


def max_lines_at(context: CursorContext, most: int) -> int:
    """Return how many lines to ask for: 1, or `most` where a block begins or where a line is blank."""
    here = place(context)
    if most <= 1 or here.rest.strip():
        return 1
    if here.tree is None:
        return guessed(context.prefix, context.suffix, most)
    if here.kind != "code":
        return 1
    head = here.head.rstrip()
    if not head:
        return most
    if not _opens(here, head):
        return 1
    return most if _is_empty(here) else 1


def _opens(here: Place, head: str) -> bool:
    assert here.tree is not None
    if head.endswith(":"):
        return bool(_COLON.fullmatch(head))
    starts = block_starts(here.tree)
    if starts is not None:
        return starts
    return bool(OPENS.search(head)) or bool(here.language in ("c", "cpp") and _SIGNATURE.fullmatch(head))


def _is_empty(here: Place) -> bool:
    """Tell whether nothing stands in the block yet, by the tree or by the next line's indentation."""
    assert here.tree is not None
    empty = body_is_empty(here.tree)
    below = next((line for line in here.below if line.strip()), "")
    deeper = bool(below) and columns(below) > columns(here.head)
    return not deeper if empty is None else empty or not deeper
