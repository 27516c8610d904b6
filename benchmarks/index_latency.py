"""How long a search takes by the size of the index: real chunks over and over, vectors in clusters."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from settings.schema import Retrieval

DIMENSIONS = 384
CLUSTERS, SPREAD = 2_000, 0.06
"""Code lies in clusters: with this much noise two of one cluster have a cosine of about 0.4."""
LOT = 20_000
"""Rows and vectors made and written together."""
RECALL = 10
LIMIT = 10
WARM = 3
"""Questions before those that count."""


@dataclass
class Latency:
    """One size. Milliseconds of each question, and CPU milliseconds of the average one."""

    chunks: int
    built: float = 0.0
    """Seconds to write and index it."""
    disk: int = 0
    wall: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    recall: float = 0.0
    """Share of the ten nearest that are among the ten found."""


def latency(root: Path, chunks: int, questions: list[str]) -> Latency:
    """Measure in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, root, chunks, questions).result()


def measured(root: Path, chunks: int, questions: list[str]) -> Latency:
    from retrieval.catalogue import Catalogue, Known
    from retrieval.embedders import embedder_for
    from retrieval.indexer import Indexer
    from retrieval.search import Search
    from retrieval.shelf import Shelf
    from retrieval.store import Row, Store

    found = Latency(chunks)
    rows = [Row(*values) for values in _rows(root)]
    chance = np.random.default_rng(3)
    centres = _unit(chance.standard_normal((CLUSTERS, DIMENSIONS), np.float32))
    asked = _near(chance, centres, len(questions))
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        store = Store.open(f"{folder}/store", "synthetic", DIMENSIONS, create=True)
        files: dict[str, None] = {}
        best = _Best(asked, RECALL)
        for start in range(0, chunks, LOT):
            lot = [_copy(rows, number) for number in range(start, min(start + LOT, chunks))]
            vectors = _near(chance, centres, len(lot))
            store.replace([], lot)
            store.set_vectors([row.hash for row in lot], vectors)
            best.add([row.hash for row in lot], vectors)
            files.update(dict.fromkeys(row.path for row in lot))
        store.optimise()
        found.built, found.disk = time.perf_counter() - began, store.size()

        # Hits are held against the files as they are now, so there have to be some.
        catalogue = Catalogue(None)
        for path in files:
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).touch()
            status = (Path(folder) / path).stat()
            catalogue.files[path] = Known(0, status.st_mtime_ns, "x", "python", 1)
        shelf = Shelf(f"{folder}/store", None, None)
        shelf.store = store
        indexer = Indexer(Path(folder), Retrieval(), catalogue, shelf)
        search = Search(indexer, _Given(dict(zip(questions, asked, strict=True))))
        model = embedder_for(Retrieval().embedder, threads=1)
        threads = ThreadPoolExecutor(2)

        def hybrid(question: str) -> object:
            words = threads.submit(search.by_words, question)
            meaning = search.by_meaning(question)
            return search.joined(question, [], {"words": words.result(), "meaning": meaning}, LIMIT)

        kinds: dict[str, Callable[[str], object]] = {
            "words": search.by_words,
            "vectors": search.by_meaning,
            "hybrid": hybrid,
        }
        if model:
            kinds["embedding a question"] = lambda question: model.embed([question], query=True)
        for kind, ask in kinds.items():
            for question in questions[:WARM]:
                ask(question)
            took, cpu = [], time.process_time()
            for question in questions[WARM:]:
                began = time.perf_counter()
                ask(question)
                took.append(1000 * (time.perf_counter() - began))
            found.wall[kind] = took
            found.cpu[kind] = 1000 * (time.process_time() - cpu) / len(took)
        right = [
            len({hit.hash for hit in store.nearest(vector, RECALL)} & wanted) / RECALL
            for vector, wanted in zip(asked, best.keys(), strict=True)
        ]
        found.recall = sum(right) / len(right)
    return found


def _rows(root: Path) -> list[tuple]:
    from retrieval.reading import decoded, rows_of
    from retrieval.walk import Rules, walk
    from syntax.extract import facts
    from syntax.languages import language_of

    rows: list[tuple] = []
    settings = Retrieval()
    for file in walk(root, Rules(settings.include, settings.exclude, settings.max_file_kb, False)):
        text, language = decoded((root / file.path).read_bytes()), language_of(file.path)
        rows += rows_of(file.path, text, language, facts(text, language), "f", False)
    random.Random(5).shuffle(rows)
    return rows


def _copy(rows: list, number: int):
    copy, place = divmod(number, len(rows))
    return replace(rows[place], path=f"copy{copy}/{rows[place].path}", hash=f"{rows[place].hash}.{number}")


def _near(chance: np.random.Generator, centres: np.ndarray, count: int) -> np.ndarray:
    """Return unit vectors, each near one of the centres."""
    noise = chance.standard_normal((count, DIMENSIONS), np.float32) * SPREAD
    return _unit(centres[chance.integers(0, len(centres), count)] + noise)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class _Best:
    """The nearest of all, exactly, lot by lot."""

    def __init__(self, asked: np.ndarray, k: int) -> None:
        self._asked, self._k = asked, k
        self._found: list[list[tuple[float, str]]] = [[] for _ in asked]

    def add(self, keys: list[str], vectors: np.ndarray) -> None:
        for found, scores in zip(self._found, self._asked @ vectors.T, strict=True):
            best = np.argpartition(-scores, min(self._k, len(scores) - 1))[: self._k]
            found += [(float(scores[place]), keys[place]) for place in best]
            found.sort(reverse=True)
            del found[self._k :]

    def keys(self) -> list[set[str]]:
        return [{key for _, key in found} for found in self._found]


class _Given:
    """An embedder that knows the vector of each question."""

    identity, dimensions = "synthetic", DIMENSIONS

    def __init__(self, vectors: dict[str, np.ndarray]) -> None:
        self._vectors = vectors

    def embed(self, texts, *, query: bool = False) -> np.ndarray:
        return np.stack([self._vectors[text] for text in texts])
