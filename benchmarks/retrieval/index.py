"""A package as the product would index it: graph, full text and vectors, made by our own parts."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from benchmarks.retrieval.packages import CONFIGURATION, SUFFIXES, home
from retrieval.catalogue import load_facts
from retrieval.embedders import Embedder
from retrieval.graph import Graph
from retrieval.reading import Job, Parsed, read_one, to_rows
from retrieval.store import Store
from retrieval.vectors import VectorCache
from syntax.facts import Facts

MOST_BYTES = 1_000_000
BATCH = 256
Value = TypeVar("Value")


@dataclass(slots=True)
class Index:
    """One package. `store` is None where only the graph was asked for."""

    root: Path
    graph: Graph
    store: Store | None
    facts: dict[str, Facts]
    words: dict[str, frozenset[str]]
    seconds: dict[str, float]
    """CPU seconds of each stage."""

    def read(self, path: str) -> str:
        return text_of(self.root / path)


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n").removeprefix("\ufeff")


def files(root: Path, language: str) -> list[str]:
    """Return the paths of a package's sources, in their order."""
    every = (path for path in root.rglob("*") if path.name.endswith(SUFFIXES[language]) and path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in every)


def build(root: Path, language: str, embedder: Embedder | None, *, chunks: bool) -> Index:
    """Index a package; with `chunks` its text, with an embedder its vectors; known ones are reused."""
    begun = time.process_time()
    graph, seconds = Graph(), {}
    parsed: list[Parsed] = []
    for path in files(root, language):
        one = read_one(root, Job(path, rows=chunks), MOST_BYTES)
        if not one.problem:
            parsed.append(one)
    facts = {one.path: load_facts(one.facts) or Facts(language) for one in parsed}
    words = {one.path: frozenset(one.words.split()) for one in parsed}
    seconds["parse"] = time.process_time() - begun
    begun = time.process_time()
    for name in CONFIGURATION:
        for path in sorted(root.rglob(name)):
            graph.put_config(path.relative_to(root).as_posix(), text_of(path))
    for path, said in facts.items():
        graph.put(path, said, words=words[path])
    seconds["graph"] = time.process_time() - begun
    store = _store(root.name, parsed, embedder, seconds) if chunks else None
    return Index(root, graph, store, facts, words, seconds)


def _store(name: str, parsed: list[Parsed], embedder: Embedder | None, seconds: dict[str, float]) -> Store:
    begun = time.process_time()
    store = Store.open(
        Path(_stores().name) / f"{name}-{time.monotonic_ns()}",
        embedder.identity if embedder else "",
        embedder.dimensions if embedder else 1,
        create=True,
    )
    rows = [row for one in parsed for row in to_rows(one.rows)]
    store.replace([], rows)
    store.optimise()
    seconds["words"] = time.process_time() - begun
    if embedder:
        begun = time.process_time()
        _embed(store, embedder, {row.hash: f"{row.header}\n{row.text}" for row in rows}, name)
        seconds["vectors"] = time.process_time() - begun
    return store


@cache
def _stores() -> tempfile.TemporaryDirectory[str]:
    """Return this run's own folder, which goes when it ends."""
    return tempfile.TemporaryDirectory(prefix="benchmark-retrieval-", ignore_cleanup_errors=True)


def _embed(store: Store, embedder: Embedder, texts: dict[str, str], name: str) -> None:
    kept = VectorCache(home() / "vectors.sqlite")
    known = kept.get_many(embedder.identity, list(texts))
    missing = sorted((key for key in texts if key not in known), key=lambda key: len(texts[key]))
    for start in range(0, len(missing), BATCH):
        keys = missing[start : start + BATCH]
        made = dict(zip(keys, embedder.embed([texts[key] for key in keys]), strict=True))
        kept.put_many(embedder.identity, made)
        known |= made
        _say(f"{name}: embedded {start + len(keys)} of {len(missing)}")
    kept.close()
    import numpy as np

    keys = list(texts)
    if keys:
        store.set_vectors(keys, np.stack([known[key] for key in keys]))


def _say(line: str) -> None:
    print(f"\r{line}   ", end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def timed(times: list[tuple[float, float]], work: Callable[[], Value]) -> Value:
    """Run, note the wall and CPU seconds it took, and return what it gave."""
    begun, busy = time.perf_counter(), time.process_time()
    found = work()
    times.append((time.perf_counter() - begun, time.process_time() - busy))
    return found
