"""Fusion prefers what several lists agree on, spares room for other files, and always answers the same."""

from __future__ import annotations

import random

import pytest

from retrieval.fuse import fuse
from retrieval.rows import Hit


def hit(path: str, line: int = 0, score: float = 1.0) -> Hit:
    return Hit(path, f"{path}{line}", "python", "f", "", line, line + 5, False, "", score)


def test_what_two_lists_have_goes_before_what_one_has_first() -> None:
    fused = fuse({"words": [hit("a"), hit("b")], "vectors": [hit("c"), hit("b")]}, 10)
    assert [one.hit.path for one in fused] == ["b", "a", "c"]
    assert fused[0].why == (("words", 2), ("vectors", 2))
    assert fused[0].score == pytest.approx(2 / 22)


def test_scores_of_the_lists_do_not_matter_only_ranks_do() -> None:
    fused = fuse({"words": [hit("a", score=0.1), hit("b", score=900)]}, 10)
    assert [(one.hit.path, one.why) for one in fused] == [("a", (("words", 1),)), ("b", (("words", 2),))]


def test_at_most_two_hits_of_one_file_however_good_the_others_are() -> None:
    fused = fuse({"words": [*(hit("long", line) for line in range(0, 50, 10)), hit("short")]}, 4)
    assert [(one.hit.path, one.hit.first) for one in fused] == [("long", 0), ("long", 10), ("short", 0)]
    assert len(fuse({"words": [hit("long", line) for line in range(9)]}, 9, per_file=5)) == 5


def test_only_the_first_hits_of_a_list_count() -> None:
    deep = [hit(f"f{number}") for number in range(300)]
    assert len(fuse({"words": deep}, 1000)) == 200
    assert fuse({"words": deep[:250], "vectors": [deep[220]]}, 300)[0].why == (("words", 1),)


def test_a_place_twice_in_a_list_counts_once() -> None:
    fused = fuse({"words": [hit("a"), hit("a"), hit("b")]}, 10)
    assert [(one.hit.path, one.why) for one in fused] == [("a", (("words", 1),)), ("b", (("words", 2),))]


def test_the_order_of_the_lists_and_of_ties_changes_nothing() -> None:
    lists = {name: [hit(f"{name}{number}") for number in range(20)] for name in "xyz"}
    wanted = [one.hit.path for one in fuse(lists, 30)]
    for seed in range(10):
        names = random.Random(seed).sample("xyz", 3)
        assert [one.hit.path for one in fuse({name: lists[name] for name in names}, 30)] == wanted


def test_nothing_of_nothing() -> None:
    assert fuse({}, 5) == [] and fuse({"words": []}, 5) == [] and fuse({"words": [hit("a")]}, 0) == []
