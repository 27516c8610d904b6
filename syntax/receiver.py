"""The expression that ends at a cursor, by reading backwards: `self.client.get(x).na` asks for a member.

The text is unfinished there, so this reads characters, not a tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FARTHEST = 2000
"""Characters that one bracketed group may hold."""
MOST_PARTS = 12

_PARTIAL = re.compile(r"\$?[\w$]*$")
_RUBY = re.compile(r"[@$]{0,2}\w*$")
_MARK = re.compile(r"\s*(\?\.|!\.|&\.|\?->|\?::|->|::|\.|:)[ \t]*$")
_NAME = re.compile(r"@{0,2}[\w$#]+[?!]?$")
_ARGUMENTS = re.compile(r"(?:::)?<[\w\s,.:&'?\[\]<>]*>$")
_OPENERS = {")": "(", "]": "[", "}": "{"}
_COLON = frozenset(("lua",))
"""Languages where a colon asks for a method."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """What stands before a cursor in the same expression."""

    parts: tuple[str, ...] = ()
    """Names from the left, a called one with `()`, one with a subscript with `[]`: ("self", "api", "get()").
    Empty where no member is asked for. A first part without a name, as `()` or `""`, is some expression."""
    mark: str = ""
    """What stands between the last part and the partial name: `.`, `->`, `::`, `?.`, `:` in Lua."""
    partial: str = ""
    """What is typed of the name at the cursor."""


def receiver(before: str, language: str = "") -> Receiver:
    """Read backwards from the end of `before`, the text up to the cursor. Takes microseconds."""
    before = before[-3 * FARTHEST :]
    found = (_RUBY if language == "ruby" else _PARTIAL).search(before)
    partial = found[0] if found and not found[0][:1].isdigit() else ""
    at = len(before) - len(partial)
    parts: list[str] = []
    first = ""
    while len(parts) < MOST_PARTS:
        mark = _MARK.search(before, max(0, at - 200), at)
        if (
            mark is None
            or (mark[1] == ":" and language not in _COLON)
            or before[: mark.start()].endswith(".")
        ):
            break
        start, part = _part(before, mark.start(), mark[1] == "::")
        if not part:
            if before[: mark.start()][-1:].isdigit():  # `3.`
                break
            first = first or mark[1]
            if mark[1] != "::":  # `::name` is of the outermost namespace
                parts.append("()")
            break
        first = first or mark[1]
        parts.append(part)
        at = start
    return Receiver(tuple(reversed(parts)), first, partial)


def _part(before: str, end: int, path: bool) -> tuple[int, str]:
    """Return where the name that ends at `end` begins, and the name with marks of what follows it."""
    marks = ""
    while end > 0 and before[end - 1] in ")]}\"'`>?!":
        last = before[end - 1]
        if last in "?!" and (before[end - 2 : end - 1].isalnum() or before[end - 2 : end - 1] in ")]"):
            end -= 1  # Rust's x?, TypeScript's x!
        elif last in _OPENERS:
            start = _opening(before, end)
            if start is None or (last == "}" and marks):
                return end, ""
            if last == "}":
                marks = "{}"
                end = start
                break
            marks = ("()" if last == ")" else "[]") + marks
            end = start
            if last == ")" and before[:end].rstrip(" \t") != before[:end]:
                break
        elif last in "\"'`":
            start = before.rfind(last, max(0, end - FARTHEST), end - 1)
            return (start, '""') if start >= 0 and not marks else (end, marks)
        elif (
            last == ">"
            and (path or marks.startswith("()"))
            and (generic := _ARGUMENTS.search(before, 0, end))
        ):
            end = generic.start()
        else:
            return end, marks
    name = _NAME.search(before, max(0, end - 100), end)
    if name is None or name[0][:1].isdigit():
        return end, marks
    return name.start(), name[0] + marks


def _opening(before: str, end: int) -> int | None:
    """Return where the group begins whose closing bracket is the last character before `end`."""
    depth, at = 0, end - 1
    least = max(0, end - FARTHEST)
    while at >= least:
        character = before[at]
        if character in ")]}":
            depth += 1
        elif character in "([{":
            depth -= 1
            if depth == 0:
                return at if _OPENERS[before[end - 1]] == character else None
        elif character in "\"'`":
            opened = before.rfind(character, least, at)
            if opened >= 0 and "\n" not in before[opened:at]:
                at = opened
        at -= 1
    return None
