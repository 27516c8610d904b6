"""Finding places: a question by words and meaning, a name by the symbols there are, code by what is like it.

What is shown exists: each hit is held against the buffer or the file as it is now before anyone sees it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from retrieval.embedders import Embedder, EmbedderUnavailable
from retrieval.fuse import DEPTH, RANK_CONSTANT, fuse
from retrieval.indexer import Indexer
from retrieval.reading import decoded
from retrieval.rows import Hit
from retrieval.store_errors import StoreDamaged, StoreError
from retrieval.walk import on_disk
from retrieval.words import split_query
from syntax.extract import facts
from syntax.facts import Symbol
from syntax.languages import language_of

NAME = re.compile(r"[^\W\d]\w*(?:(?:\.|::|#|->|/)[^\W\d]\w*)*")
"""A query that is a name and not a question."""
NAMES = 20
"""Symbols by name that are looked at."""
TOLD = 100
"""Symbols whose names say what a question says."""
SPARE = 10
"""Hits more than asked for, for some are gone by now."""
SNIPPET = 2_000
"""Characters of a symbol whose lines moved."""
TAIL_LINES = 20
"""Lines before the cursor that similar code should be like."""
TAIL_CHARACTERS = 1_000
"""What the embedder reads of them: 128 tokens are about 400 characters of code, its end counts most."""


@dataclass(frozen=True, slots=True)
class Result:
    """One place. Lines count from 0 and `last` is still part of it."""

    path: str
    first: int
    last: int
    symbol: str
    score: float
    """Comparable within one answer."""
    why: str
    """What found it: `name`, `words 3` (third of the full-text search), `meaning 1`."""
    text: str
    language: str = ""
    private: bool = False

    def as_json(self) -> dict[str, object]:
        """Return it with lines that count from 1, as people count them."""
        return {
            "path": self.path,
            "line": self.first + 1,
            "end_line": self.last + 1,
            "symbol": self.symbol,
            "score": round(self.score, 4),
            "why": self.why,
            "text": self.text,
            **({"private": True} if self.private else {}),
        }


class Search:
    """Asks one workspace's index. Any thread may call."""

    def __init__(self, indexer: Indexer, embedder: Embedder | None) -> None:
        """`embedder` is for queries; one of its own, so that a query never waits for a batch of chunks."""
        self._indexer, self._embedder = indexer, embedder
        self._vector = lru_cache(64)(self._embedded)
        self._broken = threading.Event()

    def search(self, query: str, k: int) -> list[Result]:
        """Return at most `k` places for a question or a name, best first, two of a file at most."""
        named = self.by_name(query)
        lists = {"words": self.by_words(query), "meaning": self.by_meaning(query)}
        return self.joined(query, named, lists, k)

    def by_name(self, query: str) -> list[Hit]:
        """Return symbols of a name, or those whose names say what a question says."""
        query = query.strip()
        with self._indexer.turns.asking():
            graph = self._indexer.graph
            found = graph.named(query, NAMES) if NAME.fullmatch(query) else graph.told(query, TOLD)
        return [_hit(one.path, one.symbol, one.score) for one in found]

    def by_words(self, query: str, k: int = DEPTH) -> list[str]:
        """Return the hashes of rows by full-text search, best first."""
        store = self._indexer.shelf.store
        terms = split_query(query)
        if not store or not terms:
            return []
        try:
            return store.matching(terms, k)
        except StoreError as error:
            self._failed(error)
            return []

    def by_meaning(self, query: str, k: int = DEPTH) -> list[str]:
        """Return the hashes of rows by their vectors, best first."""
        store = self._indexer.shelf.store
        if not store or not self._embedder or self._broken.is_set() or not query.strip():
            return []
        try:
            return store.near(self._vector(query), k)
        except EmbedderUnavailable:
            self._broken.set()  # the indexer has said so to the user
            return []
        except StoreError as error:
            self._failed(error)
            return []

    def joined(
        self, query: str, named: Sequence[Hit], lists: Mapping[str, Sequence[str]], k: int
    ) -> list[Result]:
        """Fuse what was found, a symbol of exactly this name first; `lists` are of hashes, best first."""
        wanted = re.split(r"\.|::|#|->|/", query.strip())
        exact = [hit for hit in named if hit.symbol.split(".")[-len(wanted) :] == wanted]
        first = fuse({"name": exact}, k)
        seen = {_place(one.hit) for one in first}
        now = _Now(self._indexer)
        results: list[Result] = []
        for rows in self._rows(lists, k):
            rest = fuse({**rows, "name": named}, k + SPARE)
            results.clear()
            for one in [*first, *(one for one in rest if _place(one.hit) not in seen)]:
                if len(results) >= k:
                    break
                why = ", ".join(name if name == "name" else f"{name} {rank}" for name, rank in one.why)
                if fresh := now.fresh(one.hit):
                    score = one.score + (1.0 if _place(one.hit) in seen else 0.0)
                    results.append(_result(fresh, score, why))
            if len(results) >= k:
                break
        return results

    def similar_query(self, prefix: str) -> str:
        """Return what similar code should be like: the lines before the cursor."""
        return "\n".join(prefix.split("\n")[-TAIL_LINES:])[-TAIL_CHARACTERS:]

    def similar(self, path: str, lists: Mapping[str, Sequence[str]], k: int) -> list[Result]:
        """Fuse code like that before the cursor: of other files, and none of what is private."""
        now = _Now(self._indexer)
        results: list[Result] = []
        for rows in self._rows(lists, k):
            others = {
                name: [hit for hit in hits if hit is None or (hit.path != path and not hit.private)]
                for name, hits in rows.items()
            }
            results.clear()
            for one in fuse(others, k + SPARE):
                if len(results) >= k:
                    break
                if fresh := now.fresh(one.hit):
                    why = ", ".join(f"{name} {rank}" for name, rank in one.why)
                    results.append(_result(fresh, one.score, why))
            if len(results) >= k:
                break
        return results

    def _rows(self, lists: Mapping[str, Sequence[str]], k: int) -> Iterator[dict[str, list[Hit | None]]]:
        """Yield lists with the rows of the most promising hashes, None for others; then with ever more rows.

        Reading all rows there are in two lists of 200 would be most of what a search costs. Where a file
        has many of the best, or hits are gone by now, `k` of them are not enough.
        """
        store = self._indexer.shelf.store
        scores: dict[str, float] = {}
        for keys in lists.values():
            for rank, key in enumerate(keys[:DEPTH], 1):
                scores[key] = scores.get(key, 0.0) + 1 / (RANK_CONSTANT + rank)
        promising = sorted(scores, key=lambda key: -scores[key])
        known: dict[str, list[Hit]] = {}
        many = 2 * k + SPARE
        while True:
            some = [key for key in promising[:many] if key not in known]
            try:
                hits = store.rows(some) if store and some else []
            except StoreError as error:
                self._failed(error)
                hits = []
            known.update((key, []) for key in some)
            for hit in hits:
                known[hit.hash].append(hit)
            for found in known.values():
                found.sort(key=_place)
            yield {
                name: [hit for key in keys for hit in known.get(key, (None,))] for name, keys in lists.items()
            }
            if many >= len(promising):
                return
            many *= 4

    def _embedded(self, query: str):
        assert self._embedder
        return self._embedder.embed([query], query=True)[0]

    def _failed(self, error: StoreError) -> None:
        """Answer from what is left; the indexer makes the store again."""
        if isinstance(error, StoreDamaged):
            self._indexer.shelf.damaged()


class _Now:
    """Files as they are at this moment, looked at once each for one answer."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._texts: dict[str, tuple[bool, str]] = {}
        self._symbols: dict[str, tuple[Symbol, ...]] = {}

    def fresh(self, hit: Hit) -> Hit | None:
        """Return a hit as it is now, wherever it moved; None where it is gone."""
        changed, text = self._text(hit.path)
        if not changed:
            return hit
        place = text.find(hit.text)
        if hit.text and place >= 0:
            first = text.count("\n", 0, place)
            return _moved(hit, first, first + hit.last - hit.first, hit.text)
        if hit.symbol and hit.path not in self._symbols:
            self._symbols[hit.path] = (
                facts(text, hit.language or language_of(hit.path)).symbols if text else ()
            )
        for symbol in self._symbols.get(hit.path, ()):
            if symbol.qualified == hit.symbol:
                lines = text.split("\n")[symbol.first : symbol.last + 1]
                return _moved(hit, symbol.first, symbol.last, "\n".join(lines)[:SNIPPET])
        return None

    def _text(self, path: str) -> tuple[bool, str]:
        """Return whether a file is another than the index knows, and if so its text; empty if it is gone."""
        if path not in self._texts:
            self._texts[path] = self._look(path)
        return self._texts[path]

    def _look(self, path: str) -> tuple[bool, str]:
        if (text := self._indexer.open.get(path)) is not None:
            return True, text
        known = self._indexer.catalogue.files.get(path)
        try:
            place = on_disk(self._indexer.root, path)
            status = place.stat()
            if known and (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
                return False, ""
            if status.st_size > self._indexer.most_bytes:
                return True, ""
            return True, decoded(place.read_bytes())
        except OSError:
            return True, ""


def _hit(path: str, symbol: Symbol, score: float) -> Hit:
    return Hit(
        path=path, hash="", language="", symbol=symbol.qualified, header="", first=symbol.first,
        last=symbol.last, private=False, text=symbol.stub, score=score,
    )  # fmt: skip


def _moved(hit: Hit, first: int, last: int, text: str) -> Hit:
    return replace(hit, first=first, last=last, text=text)


def _place(hit: Hit) -> tuple[str, int]:
    return hit.path, hit.first


def _result(hit: Hit, score: float, why: str) -> Result:
    return Result(hit.path, hit.first, hit.last, hit.symbol, score, why, hit.text, hit.language, hit.private)
