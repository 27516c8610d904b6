"""What is compared: for one query each method's ranked places, and the text a prompt would get of it.

Words and vectors get the lines before the cursor as the product's similar code does, the graph the whole
cursor, and what is shipped puts signatures and similar code together by their shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.retrieval.golds import Query
from benchmarks.retrieval.index import Index, timed
from retrieval.context import LINE_SHARE
from retrieval.embedders import Embedder
from retrieval.fuse import DEPTH, fuse
from retrieval.graph import Cursor, Found, render
from retrieval.reading import words_of
from retrieval.rows import Hit
from retrieval.search import TAIL_CHARACTERS, TAIL_LINES
from retrieval.words import split_query
from syntax.extract import facts

BUDGETS = (1000, 2000, 4000)
"""Characters."""
PLACES = 50
"""Ranked places that are looked at."""
METHODS = ("words", "vectors", "graph", "shipped")
Block = tuple[str, str]
"""A path and text of that file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`ranked`: best first, whether the place is the gold; `present`: whether it is within each budget."""

    ranked: tuple[bool, ...]
    present: tuple[bool, ...]


@dataclass(slots=True)
class Times:
    """Wall and CPU seconds of each query, by method."""

    seconds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def of(self, name: str) -> list[tuple[float, float]]:
        return self.seconds.setdefault(name, [])


def answers(
    index: Index, query: Query, prefix: str, embedder: Embedder | None, only: Sequence[str], times: Times
) -> dict[str, Answer]:
    """Ask every method in `only` at one cursor."""
    found: dict[str, Answer] = {}
    tail = "\n".join(prefix.split("\n")[-TAIL_LINES:])[-TAIL_CHARACTERS:]
    path, lists = query.gold.path, {}
    if index.store and {"words", "shipped"} & {*only}:
        store = index.store
        hits = timed(times.of("words"), lambda: store.words(split_query(tail), DEPTH))
        lists["words"] = [hit for hit in hits if hit.path != path]
    if index.store and embedder and {"vectors", "shipped"} & {*only}:
        store = index.store
        hits = timed(
            times.of("vectors"),
            lambda: store.nearest(embedder.embed([tail], query=True)[0], DEPTH),
        )
        lists["vectors"] = [hit for hit in hits if hit.path != path]
    for name, hits in lists.items():
        if name in only:
            ranked = tuple(_is_gold_chunk(query, hit) for hit in hits[:PLACES])
            texts = [(hit.path, hit.text) for hit in hits]
            found[name] = Answer(ranked, tuple(present(query, texts, budget) for budget in BUDGETS))
    if not {"graph", "shipped"} & {*only}:
        return found
    seen = _looked(index, query, prefix, times)
    if "graph" in only:
        signatures = tuple(present(query, render(seen, budget), budget) for budget in BUDGETS)
        found["graph"] = Answer(tuple(_is_gold(query, one) for one in seen[:PLACES]), signatures)
    if "shipped" in only and lists:
        fused = [one.hit for one in timed(times.of("fusing both"), lambda: fuse(lists, PLACES))]
        texts = tuple(present(query, _shipped(seen, fused, budget), budget) for budget in BUDGETS)
        found["shipped"] = Answer(_by_quota(query, seen, fused), texts)
    return found


def _looked(index: Index, query: Query, prefix: str, times: Times) -> list[Found]:
    """Ask the graph, which knows of the file at the cursor what stands there now."""
    path = query.gold.path
    text = prefix + query.suffix
    index.graph.put(path, facts(text, query.language), words=words_of(text))
    cursor = Cursor(path, query.language, prefix, query.suffix)
    found = timed(times.of("graph"), lambda: index.graph.look(cursor))
    if path in index.facts:
        index.graph.put(path, index.facts[path], words=index.words[path])
    else:  # a file that is not indexed: generated, or too large
        index.graph.drop(path)
    return [one for one in found if one.path != path]


def _shipped(found: Sequence[Found], similar: Sequence[Hit], budget: int) -> list[Block]:
    """Give signatures their share, similar code the rest, and what that leaves over to signatures again."""
    left = budget - _length(render(found, int(budget * LINE_SHARE)))
    pieces: list[Block] = []
    for hit in similar:
        if (cost := _length([(hit.path, hit.text)])) <= left:
            pieces.append((hit.path, hit.text))
            left -= cost
    return [*render(found, budget - _length(pieces)), *pieces]


def _by_quota(query: Query, found: Sequence[Found], similar: Sequence[Hit]) -> tuple[bool, ...]:
    """Rank as the shares say: three signatures, then two pieces of similar code, and so on."""
    ranked: list[bool] = []
    signatures, pieces = list(found), list(similar)
    while (signatures or pieces) and len(ranked) < PLACES:
        ranked += [_is_gold(query, one) for one in signatures[:3]]
        ranked += [_is_gold_chunk(query, one) for one in pieces[:2]]
        signatures, pieces = signatures[3:], pieces[2:]
    return tuple(ranked)


def _is_gold(query: Query, found: Found) -> bool:
    gold, symbol = query.gold, found.symbol
    return (
        found.path == gold.gold_path
        and symbol.name == gold.name
        and symbol.first <= gold.gold_line <= symbol.last
    )


def _is_gold_chunk(query: Query, hit: Hit) -> bool:
    gold = query.gold
    within = hit.path == gold.gold_path and hit.first <= gold.gold_line <= hit.last
    return within and query.head in squeezed(hit.text)


def present(query: Query, blocks: Sequence[Block], budget: int) -> bool:
    """Tell whether the gold's signature stands, in a part of its file, within the first characters."""
    at = 0
    for path, text in blocks:
        at += len(path) + 2
        room = budget - at
        if room <= 0:
            return False
        if path == query.gold.gold_path and query.head in squeezed(text[:room]):
            return True
        at += len(text) + 1
    return False


def squeezed(text: str) -> str:
    return " ".join(text.split())


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(path) + len(text) + 3 for path, text in blocks)
