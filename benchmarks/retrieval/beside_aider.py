"""aider's repository map, asked at the same cursors."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.retrieval import peers
from benchmarks.retrieval.golds import Query
from benchmarks.retrieval.index import Index, files
from benchmarks.retrieval.methods import BUDGETS, Answer, Block, present

CHARACTERS_A_TOKEN = 4


def beside(index: Index, language: str, queries: Sequence[Query]) -> list[dict[str, Answer]]:
    """Return, for each query, whether the gold is in aider's map of each budget. Raises peers.Unavailable."""
    job = {
        "root": str(index.root),
        "files": files(index.root, language),
        "current": [one.gold.path for one in queries],
        "tokens": [budget // CHARACTERS_A_TOKEN for budget in BUDGETS],
    }
    found: list[dict[str, Answer]] = []
    for query, maps in zip(queries, peers.ask("aider", "aider_map.py", job, 600), strict=True):
        there = tuple(
            present(query, blocks(text), round(1.2 * budget))
            for text, budget in zip(maps, BUDGETS, strict=True)
        )
        found.append({"aider": Answer((), there)})
    return found


def blocks(text: str) -> list[Block]:
    """Take a map apart: a line with a path and a colon, then lines of that file behind a bar."""
    parts: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if line[:1] in ("│", "⋮") and parts:
            parts[-1][1].append(line[1:] if line[0] == "│" else "")
        elif re.fullmatch(r"\S.*:", line):
            parts.append((line[:-1], []))
    return [(path, "\n".join(lines)) for path, lines in parts]
