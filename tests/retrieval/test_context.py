"""A prompt's context depends on what there is and not on when it came, and repeats nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.types import Snippet
from retrieval.context import (
    BODY_SHARE,
    DEFINITIONS,
    LINE_SHARE,
    RING,
    SIMILAR,
    Candidate,
    Gatherer,
    Query,
    Surroundings,
    assemble,
    budget,
    ready,
    step,
)
from retrieval.neighbourhoods import similarity, words

PREFIX = "def total(basket):\n    price = 0\n    for item in basket.items:\n        price += "
SUFFIX = "\n    return price\n"
HERE = Query("shop/main.py", "python", PREFIX, SUFFIX)


def candidate(
    text: str, path: str = "shop/other.py", tier: int = DEFINITIONS, score: float = 0.5
) -> Candidate:
    return Candidate(Snippet(path, text), tier, 0, 0, score)


def many(count: int = 30) -> list[Candidate]:
    """Return candidates of both tiers, some with equal scores and some twice with different ones."""
    chance, found = Random(1), []
    for n in range(count):
        text = "\n".join(f"def name_{n}_{line}(argument_{n}, other_{line}): ..." for line in range(1 + n % 5))
        tier, score = n % 2, chance.choice((0.1, 0.5, 0.5, 0.9))
        found.append(Candidate(Snippet(f"file{n % 4}.py", text), tier, n if tier == RING else 0, n, score))
        if n % 3 == 0:
            found.append(Candidate(Snippet(f"file{n % 4}.py", text), tier, n if tier == RING else 0, n, 0.3))
    return found


def snippets(candidates: Sequence[Candidate]) -> list[Snippet]:
    return [candidate.snippet for candidate in candidates]


@pytest.mark.parametrize("room", [200, 1000, 3000, 100_000])
def test_1000_orders_of_arrival_make_one_prompt(room: int) -> None:
    chance, candidates = Random(2), many()
    first = assemble(candidates, HERE, room)
    assert first
    for _ in range(1000):
        chance.shuffle(candidates)
        again = assemble(candidates, HERE, room)
        assert [c.place for c in again] == [c.place for c in first]
        assert snippets(again) == snippets(first)


def test_what_changes_least_comes_first_and_what_is_worth_most_is_kept() -> None:
    stable, stabler = (
        Candidate(Snippet("shop/other.py", text), RING, number, 0, 0.5)
        for number, text in ((7, "stable words here"), (3, "even older text"))
    )
    volatile = candidate("def volatile(argument): ...", score=0.9)
    everything = [volatile, stable, stabler]
    assert [c.tier for c in assemble(everything, HERE, 1000)] == [RING, RING, DEFINITIONS]
    assert assemble(everything, HERE, volatile.cost) == (volatile,)


@pytest.mark.parametrize(("body", "share"), [(False, LINE_SHARE), (True, BODY_SHARE)])
def test_definitions_get_more_of_a_lines_context_than_of_a_bodys(body: bool, share: float) -> None:
    room = 4000
    one, other = (
        [candidate(f"{kind}_{n} = one_{kind}_{n}(two_{kind}_{n})", f"{kind}{n}.py", tier, score)
         for n in range(200)]
        for kind, tier, score in (("definition", DEFINITIONS, 0.5), ("similar", SIMILAR, 0.9))
    )  # fmt: skip
    chosen = assemble([*one, *other], replace(HERE, body=body), room)
    cost = sum(c.cost for c in chosen if c.tier == DEFINITIONS)
    assert share * room - 60 < cost <= share * room


@pytest.mark.parametrize("tier", [DEFINITIONS, SIMILAR])
def test_one_kind_may_use_what_the_other_leaves_over(tier: int) -> None:
    found = [candidate(f"name_{n} = one_{n}(two_{n})", f"{n}.py", tier) for n in range(200)]
    assert sum(c.cost for c in assemble(found, HERE, 4000)) > 3900


def test_what_came_later_into_the_ring_stands_later() -> None:
    entries = [Candidate(Snippet(path, f"text of {path}"), RING, n, 0, 0.5) for n, path in enumerate("zyxw")]
    assert [c.snippet.path for c in assemble(entries, HERE, 1000)] == ["z", "y", "x", "w"]


def test_the_budget_is_kept() -> None:
    for room in range(0, 3000, 37):
        assert sum(c.cost for c in assemble(many(), HERE, room)) <= room


@pytest.mark.parametrize(
    "text",
    [
        PREFIX + SUFFIX,
        "for item in basket.items:\n        price += 1\n    return price",
        "    for item in basket.items:\n        price += item.cost",
        "def total(basket):\n    price = 0",
    ],
)
def test_what_is_like_the_text_around_the_cursor_is_left_out(text: str) -> None:
    assert assemble([candidate(text)], HERE, 1000) == ()


def test_no_snippet_is_more_than_half_like_the_text_around_the_cursor() -> None:
    chance = Random(3)
    vocabulary = sorted(words(PREFIX + SUFFIX)) + [f"other{n}" for n in range(12)]
    texts = [" ".join(chance.sample(vocabulary, chance.randint(3, 18))) for _ in range(500)]
    chosen = assemble([candidate(text) for text in texts], HERE, 100_000)
    assert chosen
    for one in chosen:
        assert similarity(words(one.snippet.text), words(PREFIX + SUFFIX)) <= 0.5


def test_the_whole_window_counts_not_only_what_is_next_to_the_cursor() -> None:
    far = "\n".join(f"    alpha beta gamma delta {n % 3}" for n in range(40))
    near = "\n".join(f"    one two three {n % 4}" for n in range(40))
    query = Query("shop/main.py", "python", far + "\n" + near + "\n    x", "")
    like = candidate("delta gamma beta alpha 0 1 2 one")
    assert not query.surroundings.distorted_by(like)
    assert assemble([like], query, 1000) == ()


def test_a_snippet_that_holds_the_lines_being_completed_is_left_out() -> None:
    filler = "\n".join(f"unlike_{n} = anything_{n}(else_{n})" for n in range(30))
    copy = "    for item in basket.items:\n        price += item.cost\n    return price"
    assert assemble([candidate(filler)], HERE, 10_000)
    assert assemble([candidate(filler + "\n" + copy)], HERE, 10_000) == ()


@pytest.mark.parametrize("path", ["shop/main.py", ".env", "deploy/key.pem", ".ssh/config"])
def test_the_current_file_and_secret_files_are_left_out(path: str) -> None:
    assert assemble([candidate("def unlike(anything): ...", path)], HERE, 1000) == ()


def test_nothing_is_said_twice() -> None:
    stub = candidate("def price_of(article):", score=0.9)
    same = candidate("def price_of(article):", "copy/other.py")
    whole = candidate("class Article:\n    def price_of(self):\n    def other_of(self):", score=0.8)
    part = candidate("    def other_of(self):", score=0.1)
    assert set(assemble([stub, same, whole, part], HERE, 1000)) == {stub, whole}


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.integers(100, 4000))
def test_steps_change_one_snippet_each_and_arrive(old: set[int], new: set[int], room: int) -> None:
    pool = many(12)
    shown = assemble([pool[i] for i in old], HERE, room)
    wanted = assemble([pool[i] for i in new], HERE, room)
    for _ in range(30):
        if shown == wanted:
            break
        after = step(shown, wanted, room)
        assert len(set(shown) - set(after)) <= 1 and len(set(after) - set(shown)) <= 1
        assert sum(c.cost for c in after) <= room
        assert [c.place for c in after] == sorted(c.place for c in after)
        shown = after
    assert shown == wanted


def test_what_is_ready_is_held_against_the_place_the_cursor_moved_to() -> None:
    shown = (candidate("def total(basket):\n    price = 0"), candidate("def unlike(anything): ..."))
    here = Surroundings.of(PREFIX, SUFFIX)
    assert ready(shown, "shop/main.py", here) == (shown[1].snippet,)
    assert ready(shown, "shop/other.py", here) == ()


def test_the_budget_leaves_the_text_around_the_cursor_most_of_a_small_context() -> None:
    assert budget(1024, 64) < 0.26 * 1024 * 3.3
    assert budget(0, 64) == budget(4096, 64) < 3500
    assert budget(1_000_000, 64) == 12_000
    assert budget(1, 64) > 0


class Fake:
    deadline = 0.05

    def __init__(self, name: str, answer: Sequence[Candidate] | Exception | None) -> None:
        self.name, self._answer = name, answer

    async def candidates(self, query: Query) -> Sequence[Candidate]:
        if self._answer is None:
            await asyncio.sleep(10)
            raise AssertionError("nobody waited that long")
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def test_sources_that_hang_or_fail_are_named_and_the_others_count() -> None:
    one = candidate("def good(answer): ...")
    sources = [Fake("hangs", None), Fake("works", [one]), Fake("hangs too", None), Fake("fails", OSError())]
    gatherer = Gatherer(sources)
    started = time.perf_counter()
    found, skipped = await gatherer.gather(HERE)
    again = await gatherer.gather(HERE)
    gatherer.close()
    assert again == (found, skipped)
    assert (found, skipped) == ([one], ("hangs", "hangs too", "fails"))
    assert time.perf_counter() - started < 1, "they wait side by side, each for its own deadline"
