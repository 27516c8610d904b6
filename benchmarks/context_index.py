"""What the index gives a prompt at a hole, put together from the parts as the server does it: signatures
within the model's budget, and the names of members for guided decoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.context_holes import Hole
from inference.names import bare
from inference.prompts import max_lines_at
from inference.types import Members, Snippet
from retrieval.answers import FOUND
from retrieval.context import DEFINITIONS, Candidate, Query, assemble
from retrieval.graph import Cursor, Graph, render
from retrieval.reading import words_of
from syntax.extract import facts
from syntax.languages import language_of

HEAD_LINES = 80


@dataclass(frozen=True)
class Shown:
    """What a prompt would show and know of other files."""

    snippets: tuple[Snippet, ...]
    members: Members


class Index:
    """The symbol graph of one project. The file with the hole is known as it is with the hole."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts, self.graph = texts, Graph()
        for path in texts:
            self._put(path, texts[path])

    def shown(self, hole: Hole, room: int) -> Shown:
        """Return what is shown in `room` characters."""
        self._put(hole.path, hole.text)
        cursor = Cursor(hole.path, hole.language, hole.prefix, hole.suffix, hole.text)
        found = self.graph.look(cursor, FOUND)
        members = tuple(self.graph.receivers(cursor).items())
        self._put(hole.path, self.texts[hole.path])
        top = max((one.score for one in found), default=0.0)
        best = {one.path: one for one in reversed(found)}
        candidates = []
        for path, text in render(found, room):
            score = round(best[path].score / top, 4) if top > 0 else 0.0
            line = best[path].symbol.first + 1
            candidates.append(Candidate(Snippet(path, text), DEFINITIONS, 0, line, score))
        head = "".join(hole.text.splitlines(keepends=True)[:HEAD_LINES])
        body = max_lines_at(hole.prefix, hole.suffix, 2) > 1
        query = Query(hole.path, hole.language, hole.prefix, hole.suffix, head, body=body, budget=room)
        return Shown(tuple(one.snippet for one in assemble(candidates, query, room)), members)

    def _put(self, path: str, text: str) -> None:
        self.graph.put(path, facts(text, language_of(path)), words=words_of(text))


def listed(hole: Hole, shown: Shown, name: str = "") -> bool:
    """Tell whether the name, or another, is among the members of the receiver it stands behind."""
    before = hole.prefix.rstrip(" ")
    names = [names for receiver, names in shown.members
             if any(before.endswith(receiver + mark) for mark in (".", "?.", "!."))]  # fmt: skip
    return any((name or hole.name) == bare(one) for of in names for one in of)


def stubbed(hole: Hole, shown: Shown) -> bool:
    """Tell whether a snippet has the name."""
    return any(hole.name in words_of(snippet.text) for snippet in shown.snippets)
