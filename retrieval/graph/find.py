"""Symbols by name, and a map of what matters in a repository."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.graph.missing import Imports
from retrieval.graph.render import render
from retrieval.graph.types import Found, Place
from retrieval.words import split_identifiers

if TYPE_CHECKING:
    from retrieval.graph.graph import Graph

QUALIFIED = re.compile(r"\.|::|#|->|/")
INITIAL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
KINDS = {
    "class": 0.5,
    "type": 0.45,
    "function": 0.4,
    "module": 0.35,
    "method": 0.3,
    "constant": 0.2,
    "attribute": 0.1,
}
TELLING = frozenset(("function", "method", "class", "type"))
TERSE = 0.3
"""How much each word of a name that answers a question takes from it."""
COVERED = 0.25
"""The share of what a question says that one word in a name must say to answer it: a common one does not."""
SAYS_LITTLE = frozenset((
    "the", "an", "of", "to", "in", "is", "are", "for", "and", "or", "be", "thi", "that", "with", "from", "it",
    "by", "on", "if", "not", "return", "given", "whether", "into", "at", "all", "when", "which", "where",
    "how", "what",
))  # fmt: skip
"""Stems of words in questions that no name is about."""
LONGEST_QUERY = 100
MOST_NAMES = 400
"""Names of one query that are looked up."""
EXACT, SAME, PREFIX, INITIALS, WORD_START, INSIDE, SUBSEQUENCE = 10.0, 9.0, 7.0, 6.0, 5.0, 4.0, 2.0
DAMPING = 0.85
"""PageRank's: the share of a file's worth that goes on to what it imports."""
ROUNDS = 8
FOCUS = 0.5
"""Share of the rest that goes to the files in focus."""
MOST_MAPPED = 2_000


def named(graph: Graph, query: str, limit: int) -> list[Found]:
    """Return symbols whose names are like `query`, the likest first.

    A name may be written whole, by its beginning, by the initials of its parts (`gUN`, `gun` for getUserName)
    or by any of its letters in their order; `Owner.name` asks for the owner, too.
    """
    *owners, wanted = QUALIFIED.split(query.strip()[:LONGEST_QUERY])
    wanted = wanted.strip()
    if not wanted or limit <= 0:
        return []
    letters = [re.escape(letter) for letter in wanted if not letter.isspace()]
    pattern = re.compile("^.*?" + ".*?".join(letters) + ".*$", re.IGNORECASE | re.MULTILINE)
    names = pattern.findall("\n".join(graph.resolver.by_name))
    alike = sorted(
        ((likeness(name, wanted), name) for name in names), key=lambda one: (-one[0], len(one[1]), one[1])
    )
    found: list[Found] = []
    for like, name in alike[:MOST_NAMES]:
        if len(found) > 4 * limit and like < alike[0][0] - 1:
            break
        popular = math.log1p(graph.words.count(name)) / 20
        for place in graph.resolver.places(name)[: 4 * limit]:
            if owners and not _owned(place, owners):
                continue
            score = like + KINDS[place.symbol.kind] + popular
            found.append(Found(place.path, place.symbol, score, "name"))
    found.sort(key=lambda one: (-one.score, len(one.symbol.name), one.path, one.symbol.first))
    return found[:limit]


def told(graph: Graph, question: str, limit: int) -> list[Found]:
    """Return symbols whose names say what a question says, the best first.

    A rare word in common counts more, and so does a name that says little else. It looks at every name there
    is, some 5 ms for 25,000: what a name comes to is remembered.
    """
    asked = frozenset(stem for stem in map(_stem, split_identifiers(question).split()) if stem) - SAYS_LITTLE
    if not asked or limit <= 0:
        return []
    alike = [(name, shared) for name in graph.resolver.by_name if (shared := asked & _said(name))]
    often = Counter(stem for _, shared in alike for stem in shared)
    names = len(graph.resolver.by_name)
    tells = {stem: math.log(1 + names / max(1, often[stem])) for stem in asked}
    enough = COVERED * sum(tells.values())
    scored = []
    for name, shared in alike:
        telling = sum(tells[stem] for stem in shared)
        if len(shared) > 1 or telling >= enough:
            scored.append((telling / (1 + TERSE * len(_said(name))), name))
    scored.sort(key=lambda one: (-one[0], one[1]))
    found: list[Found] = []
    for score, name in scored:
        found += [
            Found(place.path, place.symbol, score, "name")
            for place in graph.resolver.places(name)
            if place.symbol.kind in TELLING
        ]
        if len(found) >= limit:
            break
    return found[:limit]


@lru_cache(maxsize=200_000)
def _said(name: str) -> frozenset[str]:
    """Return the stems of a name's parts."""
    words = split_identifiers(name).split()
    return frozenset(filter(None, map(_stem, words[1:] or words)))


def _stem(word: str) -> str:
    """Return a word without the commonest endings of English: enough to find `parse` by "parsing"."""
    for ending in ("ing", "ion", "ed", "es", "s", "e"):
        if len(word) - len(ending) >= 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word if len(word) > 1 else ""


def likeness(name: str, wanted: str) -> float:
    """Return how much a name is what was asked for, 0 to 10."""
    if name == wanted:
        return EXACT
    low, asked = name.lower(), wanted.lower()
    if low == asked or low.replace("_", "") == asked.replace("_", ""):
        return SAME
    shorter = min(0.9, (len(name) - len(wanted)) / 40)
    if low.startswith(asked):
        return PREFIX - shorter
    initials = "".join(part[0].lower() for part in INITIAL.findall(name))
    if len(asked) > 1 and initials.startswith(asked):
        return INITIALS - shorter
    at = low.find(asked)
    if at >= 0:
        starts = name[at].isupper() or not name[at - 1].isalnum()
        return (WORD_START if starts else INSIDE) - shorter
    return SUBSEQUENCE * len(asked) / len(name)


def _owned(place: Place, owners: Sequence[str]) -> bool:
    parts = [
        part.lower()
        for part in (*place.path.partition(".")[0].split("/"), *place.symbol.owner.split("."))
        if part
    ]
    wanted = [owner.lower() for owner in owners if owner]
    return parts[len(parts) - len(wanted) :] == wanted if wanted else True


def repository_map(graph: Graph, budget: int, focus: Sequence[str]) -> list[tuple[str, str]]:
    """Return paths and signatures of what is imported and named most, within `budget` characters."""
    worth = _worth(graph, focus)
    files = sorted(worth, key=lambda path: (-worth[path], path))
    mean = 1 / max(len(files), 1)
    scored: list[tuple[float, str, int, Found]] = []
    for path in files[:MOST_MAPPED]:
        if path in focus:
            continue
        for name, symbols in graph.files[path].top.items():
            symbol = symbols[-1]
            if symbol.kind in ("constant", "attribute") or name.startswith("_"):
                continue
            users = graph.imports.count((path, name))
            score = (
                (worth[path] / mean) * (0.2 + users) * (1 + 0.1 * math.log1p(graph.words.count(name, path)))
            )
            scored.append((-score, path, symbol.first, Found(path, symbol, score, "map")))
    scored.sort(key=lambda one: one[:3])
    return render([found for *_, found in scored[:MOST_MAPPED]], budget)


def _worth(graph: Graph, focus: Sequence[str]) -> dict[str, float]:
    """Return a share of 1 for each file: what is imported by worthy files is worthy."""
    files = graph.files
    if not files:
        return {}
    imports: Imports = graph.imports
    links = {path: sorted({target for target, _ in imports.of(path) if target in files}) for path in files}
    near = [path for path in focus if path in files]
    start = {path: (1 - FOCUS if near else 1.0) / len(files) for path in files}
    for path in near:
        start[path] += FOCUS / len(near)
    worth = dict(start)
    for _ in range(ROUNDS):
        given: dict[str, float] = defaultdict(float)
        idle = 0.0
        for path, targets in links.items():
            if targets:
                share = worth[path] / len(targets)
                for target in targets:
                    given[target] += share
            else:
                idle += worth[path]
        worth = {path: (1 - DAMPING + DAMPING * idle) * start[path] + DAMPING * given[path] for path in files}
    return worth
