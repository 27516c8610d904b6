"""Definitions in other open files of the names around a cursor: signatures, the nearest and rarest first."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inference.types import Snippet
from retrieval.context import DEFINITIONS, Candidate, Query
from syntax.definitions import STUB_LINES, WORD, Definition, identifiers

LINES_BEFORE, LINES_AFTER = 60, 12
"""Lines around the cursor whose names count."""
NEARNESS = 6.0
"""Lines away from the cursor at which a name counts half."""
IMPORTED = 0.15
"""What a name counts that only an import mentions."""
NOT_IMPORTED = 0.5
"""How much less a name counts that no import brings in: it is more likely a local one, spelled the same."""
SPELLED_ALIKE = 0.5
"""`document` speaks of a class Document, but not for sure."""
TROUBLED = 3.0
"""How much more a name counts that a diagnostic near the cursor mentions."""
MOST_PLACES = 4
"""A name defined in more places says nothing: `main`, `get`, `__init__`."""
MOST = 24
"""Candidates offered."""
KINDS = {"function": 1.0, "class": 1.0, "type": 1.0, "method": 0.7, "constant": 0.5}
IMPORT = re.compile(
    r"^\s*(?:import|from|use|using|#\s*include|export .* from|(?:const|let|var|local) .*\brequire)\b.*"
)
FAMILIES = {
    "javascriptreact": "javascript", "typescript": "javascript", "typescriptreact": "javascript", "cpp": "c",
}  # fmt: skip
"""Languages whose files use each other's names."""


@dataclass(frozen=True)
class Outline:
    """What one open file defines, as of one revision."""

    path: str
    language: str
    revision: int
    definitions: tuple[Definition, ...]
    members: Mapping[str, Sequence[Definition]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, path: str, language: str, revision: int, found: Sequence[Definition]) -> Outline:
        members: dict[str, list[Definition]] = defaultdict(list)
        for definition in found:
            if definition.owner:
                members[definition.owner].append(definition)
        return cls(path, language, revision, tuple(found), members)

    def render(self, definition: Definition) -> str:
        """Return a definition's stub; of a type whose methods stand elsewhere, with their heads."""
        if definition.kind != "type":
            return definition.stub
        lines = definition.stub.split("\n")
        for member in self.members.get(definition.name, ()):
            head = member.stub.split("\n")
            if len(lines) + len(head) > STUB_LINES:
                break
            lines += head
        return "\n".join(lines)


class OpenDefinitions:
    """A source of candidates: keeps the outline of every open file and looks names up in them."""

    name = "definitions of open files"
    deadline = 0.15

    def __init__(self) -> None:
        self.outlines: dict[str, Outline] = {}
        """By the document's key."""

    def keep(self, key: str, outline: Outline) -> None:
        self.outlines[key] = outline

    def drop(self, key: str) -> None:
        self.outlines.pop(key, None)

    async def candidates(self, query: Query) -> Sequence[Candidate]:
        others = [outline for outline in self.outlines.values() if outline.path != query.path]
        if not others:
            return ()
        return await asyncio.to_thread(find, others, query)


def find(outlines: Sequence[Outline], query: Query) -> list[Candidate]:
    """Return the definitions of the names around a cursor, at most MOST, the worthiest first."""
    family = FAMILIES.get(query.language, query.language)
    by_name: dict[str, list[tuple[Outline, Definition]]] = defaultdict(list)
    spelled: dict[str, list[tuple[Outline, Definition]]] = defaultdict(list)
    for outline in outlines:
        if FAMILIES.get(outline.language, outline.language) != family:
            continue
        for definition in outline.definitions:
            by_name[definition.name].append((outline, definition))
            if definition.kind in ("class", "type"):
                spelled[_plain(definition.name)].append((outline, definition))
    imported = imports(query.head)
    found: dict[tuple[str, str], Candidate] = {}
    for name, weight in weights(query, imported).items():
        for places, worth in (
            (by_name.get(name), weight),
            (spelled.get(_plain(name)), weight * SPELLED_ALIKE),
        ):
            if not places or len(name) < 3 or name.startswith("__"):
                continue
            likely = [place for place in places if _stem(place[0].path) in imported] or places
            if len(likely) > MOST_PLACES:
                continue
            for outline, definition in likely:
                score = worth * KINDS[definition.kind] / len(likely)
                if imported and not (definition.name in imported or _stem(outline.path) in imported):
                    score *= NOT_IMPORTED
                text = outline.render(definition)
                known = found.get((outline.path, text))
                if known is None or known.score < score:
                    found[outline.path, text] = Candidate(
                        Snippet(outline.path, text), DEFINITIONS, 0, definition.first, score
                    )
    return sorted(found.values(), key=lambda c: (-c.score, c.place))[:MOST]


def weights(query: Query, imported: frozenset[str] = frozenset()) -> dict[str, float]:
    """Return what each name around a cursor counts: 1 on its line, less further away, more in trouble."""
    before = query.prefix.split("\n")[-LINES_BEFORE:]
    after = query.suffix.split("\n")[:LINES_AFTER]
    near: dict[str, float] = dict.fromkeys(imported, IMPORTED)
    text = "\n".join([*before[:-1], before[-1] + after[0], *after[1:]])
    for name, row in identifiers(text, query.language):
        weight = 1 / (1 + abs(len(before) - 1 - row) / NEARNESS)
        near[name] = max(near.get(name, 0.0), weight)
    for name in query.troubled:
        near[name] = TROUBLED * max(near.get(name, 0.0), 0.5)
    return near


def imports(head: str) -> frozenset[str]:
    """Return every word of the import lines, and of the parenthesis they may open."""
    names: set[str] = set()
    open_ = False
    for line in head.split("\n"):
        if open_ or IMPORT.match(line):
            names.update(WORD.findall(line))
            open_ = (open_ or "(" in line or "{" in line) and not (")" in line or "}" in line)
    return frozenset(names)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
