"""The stages of a first index one after another on one thread, so that each has its own CPU seconds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from settings.schema import Retrieval

T = TypeVar("T")
LOT = 4_000
"""Rows written together, as the indexer does."""
TRIES = 3
"""The best of several runs counts where a run is short: other work on the machine only ever adds."""


@dataclass
class Parts:
    """CPU and wall seconds by stage, and how much there was of everything."""

    cpu: dict[str, float] = field(default_factory=dict)
    wall: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    look: list[float] = field(default_factory=list)
    """Milliseconds of graph queries for a cursor, nothing else in the way."""
    embedding: float = 0.0
    """Chunks embedded per CPU second."""


def parts(root: Path, places: list[dict[str, str]], sample: int) -> Parts:
    """Measure in a process of its own; `sample` chunks are embedded, of all there are."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, root, places, sample).result()


def measured(root: Path, places: list[dict[str, str]], sample: int) -> Parts:
    import gc

    from retrieval.catalogue import dump_facts, load_facts
    from retrieval.chunks import chunks
    from retrieval.embedders import embedder_for
    from retrieval.filling import TINY, has_meaning
    from retrieval.graph import Cursor, Graph
    from retrieval.reading import decoded, words_of
    from retrieval.rows import Row
    from retrieval.store import Store
    from retrieval.walk import Rules, walk
    from retrieval.words import split_identifiers
    from syntax.extract import facts
    from syntax.languages import language_of

    gc.disable()  # as the indexer does
    found = Parts()
    settings = Retrieval()
    rules = Rules(settings.include, settings.exclude, settings.max_file_kb, settings.private)

    def staged(name: str, work: Callable[[], T], tries: int = 1) -> T:
        taken: list[tuple[float, float]] = []
        results: list[T] = []
        for _ in range(tries):
            results.clear()
            wall, cpu = time.perf_counter(), time.process_time()
            results.append(work())
            taken.append((time.process_time() - cpu, time.perf_counter() - wall))
        found.cpu[name], found.wall[name] = min(taken)
        return results[0]

    staged("loading the grammars", lambda: facts("x = 1\n", "python"))
    files = staged("walk", lambda: list(walk(root, rules)), TRIES)
    texts = {file.path: decoded((root / file.path).read_bytes()) for file in files}
    said = staged("facts", lambda: {p: facts(t, language_of(p)) for p, t in texts.items()})
    cut = staged("chunks", lambda: {p: chunks(p, t, language_of(p), said[p]) for p, t in texts.items()})
    every = [one for some in cut.values() for one in some]
    split = staged("words of chunks", lambda: [split_identifiers(one.embedded) for one in every])
    used = staged("words of files", lambda: {p: words_of(t) for p, t in texts.items()})
    dumped = staged("facts written", lambda: {p: dump_facts(one) for p, one in said.items()})
    staged("facts read back", lambda: [load_facts(one) for one in dumped.values()])

    def entered() -> Graph:
        graph = Graph()
        for path, one in said.items():
            graph.put(path, one, words=used[path])
        return graph

    graph = staged("graph", entered, TRIES)
    rows = [
        Row(c.path, "f", c.hash, c.language, c.symbol, c.header, c.first, c.last, False, c.text, words)
        for c, words in zip(every, split, strict=True)
    ]
    with TemporaryDirectory() as folder:
        store = staged("opening the store", lambda: Store.open(folder + "/store", "none", 384, create=True))
        staged("rows written", lambda: [store.replace([], lot) for lot in lots(rows, LOT)])
        staged("words indexed", store.optimise)
    embedder = embedder_for(settings.embedder)
    worthy = list({c.hash: c for c in every if len(c.text) >= TINY and has_meaning(c.path)}.values())
    if embedder and sample:
        pick = random.Random(1).sample(worthy, min(sample, len(worthy)))
        staged("loading the embedder", lambda: embedder.embed(["one"]))
        batches = [[one.embedded for one in lot] for lot in lots(pick, 32)]
        staged("embedding (sample)", lambda: [embedder.embed(batch) for batch in batches])
        found.embedding = len(pick) / found.cpu["embedding (sample)"]
    found.counts = {
        "files": len(files),
        "characters": sum(map(len, texts.values())),
        "symbols": sum(len(one.symbols) for one in said.values()),
        "chunks": len(every),
        "chunks to embed": len(worthy),
    }
    for place in places:
        cursor = Cursor(place["path"], place["language"], place["prefix"], place["suffix"], place["text"])
        began = time.perf_counter()
        graph.look(cursor, 40)
        found.look.append(1000 * (time.perf_counter() - began))
    del found.look[:3]
    return found


def lots(values: list[T], size: int) -> Iterable[list[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
