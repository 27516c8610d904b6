"""Every row gets its vector once, edited ones first, and nothing is read or embedded that need not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from retrieval import filling as module
from retrieval.filling import Filling
from retrieval.rows import Row
from retrieval.store import Store
from retrieval.vectors import VectorCache
from tests.retrieval.hashing import DIMENSIONS, Hashing


def row(path: str, text: str) -> Row:
    return Row(path, "1", f"hash of {text}", "python", "", path, 0, 1, False, text, text)


def rows(path: str, count: int) -> list[Row]:
    return [row(path, f"{path} text {number} ".ljust(module.TINY, "x")) for number in range(count)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", "hashing", DIMENSIONS, create=True)


@pytest.fixture
def embedder() -> Hashing:
    return Hashing()


@pytest.fixture
def filling(tmp_path: Path, store: Store, embedder: Hashing) -> Iterator[Filling]:
    cache = VectorCache(tmp_path / "vectors.sqlite")
    yield Filling(store, embedder, cache)
    cache.close()


def finish(filling: Filling) -> int:
    """Return how many steps it took."""
    for steps in range(100):
        if not filling.left:
            return steps
        filling.step()
    raise AssertionError("it never ends")


def test_everything_is_embedded_once_the_most_valuable_first(
    store: Store, embedder: Hashing, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOT", 10)
    store.replace([], rows("b.py", 10) + rows("a.py", 10))
    filling.plan({"a.py": 0, "b.py": 1})
    assert (filling.left, filling.total) == (20, 20)
    finish(filling)
    assert sorted(embedder.texts) == sorted(set(embedder.texts)) and len(embedder.texts) == 20
    assert all(text.startswith("a.py") for text in embedder.texts[:10])
    assert store.counts().vectors == 20
    filling.plan({})
    assert filling.left == 0


def test_an_edit_goes_first_and_is_embedded_without_looking_at_all_rows(
    store: Store, embedder: Hashing, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.replace([], rows("old.py", 40))
    filling.plan({})
    filling.step()
    done = len(embedder.texts)
    monkeypatch.setattr(Store, "pending", None)
    edited = rows("edited.py", 3)
    store.replace(["edited.py"], edited)
    filling.first(edited)
    filling.step()
    assert embedder.texts[done : done + 3] == [f"{one.header}\n{one.text}" for one in edited]
    finish(filling)
    assert len(embedder.texts) == 43 and store.counts().vectors == 43


def test_what_is_queued_or_embedded_is_not_queued_again(
    store: Store, embedder: Hashing, filling: Filling
) -> None:
    known = rows("a.py", 20)
    store.replace([], known)
    filling.plan({})
    filling.step()
    filling.first(known)
    finish(filling)
    filling.first(known)
    assert (filling.left, len(embedder.texts), store.counts().vectors) == (0, 20, 20)


def test_rows_that_are_edited_away_before_their_turn_are_let_go_of(
    store: Store, embedder: Hashing, filling: Filling
) -> None:
    store.replace([], rows("a.py", 20))
    filling.plan({})
    store.drop(["a.py"])
    finish(filling)
    assert embedder.texts == []


def test_a_batch_takes_as_long_as_an_edit_may_wait(
    store: Store, embedder: Hashing, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    each = [0.001]
    sizes: list[int] = []
    embed = embedder.embed

    def timed(texts: list[str], *, query: bool = False) -> np.ndarray:
        now[0] += each[0] * len(texts)
        sizes.append(len(texts))
        return embed(texts, query=query)

    monkeypatch.setattr(module, "LOT", 1_000)
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(embedder, "embed", timed)
    store.replace([], rows("a.py", 1_000))
    filling.plan({})
    for _ in range(6):
        filling.step()
    assert sizes == [8, 16, 32, 64, 64, 64], "0.064 s are enough"
    each[0] = 0.01
    for _ in range(4):
        filling.step()
    assert sizes[6:] == [64, 32, 16, 8] and filling.left


def test_what_failed_to_be_embedded_is_tried_again(store: Store, embedder: Hashing, filling: Filling) -> None:
    store.replace([], rows("a.py", 5))
    filling.plan({})
    embedder.fails = True
    with pytest.raises(Exception, match="No vectors"):
        filling.step()
    embedder.fails = False
    finish(filling)
    assert store.counts().vectors == 5


def test_tiny_pieces_and_tables_get_no_vector(store: Store, embedder: Hashing, filling: Filling) -> None:
    shorter, longer = "x" * (module.TINY - 1), "y" * module.TINY
    given = [row("a.py", shorter), row("a.py", longer), row("locale/de/django.PO", f"{longer} z")]
    store.replace([], given)
    filling.plan({})
    assert filling.left == 1
    finish(filling)
    filling.first(given)
    assert filling.left == 0 and embedder.texts == [f"a.py\n{longer}"]
    filling.first([row("b.py", shorter), row("b.py", f"{shorter}z"), row("b.csv", f"{shorter}zz")])
    assert filling.left == 1


def test_texts_of_like_length_are_embedded_together(
    store: Store, embedder: Hashing, filling: Filling
) -> None:
    store.replace([], [row("a.py", "y" * (module.TINY + 37 * n % 100)) for n in range(100)])
    filling.plan({})
    finish(filling)
    lengths = [len(text) for text in embedder.texts]
    batches = [lengths[start : start + module.LEAST] for start in range(0, 24, module.LEAST)]
    assert all(max(batch) - min(batch) < module.LEAST for batch in batches) and len(set(lengths)) == 100
