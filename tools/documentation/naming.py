"""The full name of what stands at a place of a text: `np.lin|alg` is numpy.linalg where numpy goes by np."""

from __future__ import annotations

import re

from syntax.extract import facts
from syntax.facts import Import
from syntax.scope import scope

_BEFORE = re.compile(r"[^\W\d][\w$]*(?:(?:\(\))?(?:\.|::|\?\.)[\w$]+)*$|[\w$]+$")
_AFTER = re.compile(r"[\w$]*")
_MARK = re.compile(r"\?\.|::|\.")
LONGEST = 500
"""Characters of a line that are looked at on either side."""


def name_at(text: str, at: int, language: str) -> str:
    """Return the dotted name at an index, by the text's imports and locals; empty where there is none."""
    after = _AFTER.match(text, at, at + LONGEST)
    end = after.end() if after else at
    start = max(text.rfind("\n", 0, at) + 1, end - LONGEST)
    found = _BEFORE.search(text[start:end])
    if not found:
        return ""
    parts = _MARK.split(found[0].replace("()", ""))
    imports = {taken.alias: taken for taken in facts(text, language).imports if taken.alias}
    return _full(parts, imports, text, at, language)


def _full(parts: list[str], imports: dict[str, Import], text: str, at: int, language: str) -> str:
    mark = "::" if language == "rust" else "."
    if taken := imports.get(parts[0]):
        return _joined(_whole(taken, mark), parts[1:], mark)
    if len(parts) > 1:
        here = scope(text, at, language)
        held = here.names.get(parts[0], "")
        if parts[0] in ("self", "this") and len(parts) > 2:
            owned = (s for s in facts(text, language).symbols if s.owner == here.owner and s.name == parts[1])
            held, parts = next((symbol.type for symbol in owned if symbol.type), ""), parts[1:]
            held = here.names.get(held, held)
        if held:
            first, *rest = re.split(r"\.|::", held.partition("[")[0].partition("<")[0])
            taken = imports.get(first)
            whole = _whole(taken, mark) if taken else first
            return _joined(whole, [*rest, *parts[1:]], mark)
    return _joined(parts[0], parts[1:], mark)


def _whole(taken: Import, mark: str) -> str:
    """Return the full name of what an import brings; of the project's own nothing that can be looked up."""
    if not taken.name:
        first = taken.module.partition(".")[0]
        return first if mark == "." and taken.alias == first else taken.module
    return _joined(taken.module, [] if taken.name in ("*", "default") else [taken.name], mark)


def _joined(first: str, rest: list[str], mark: str) -> str:
    return mark.join([first, *rest])
