"""Deferral curves on sets small enough to be reckoned by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import escalation_holes
from benchmarks.escalation import curve, deferral, gained, hosted, largest_local, orders, targets
from benchmarks.escalation_holes import Outcome
from benchmarks.holes import Filled, Hole
from inference.completer import Suggestion
from inference.generation import Draft
from inference.prompts import CursorContext


def hole(score: float, right: bool, characters: int = 10) -> Outcome:
    return Outcome(score, right, characters, "p", "python")


FOUR = [hole(0.9, True), hole(0.6, False), hole(0.4, True), hole(0.1, False)]


def test_a_curve_starts_all_local_and_ends_all_hosted() -> None:
    qualities = curve([3, 2, 1, 0], [1, 0, 1, 0], [0.5] * 4)
    assert qualities == [0.5, 0.625, 0.5, 0.625, 0.5]


def test_the_score_sends_the_least_sure_first_and_the_oracle_where_it_gains_most() -> None:
    by_score, by_oracle = orders(FOUR, [0.5] * 4)
    assert by_score == [3, 2, 1, 0]
    assert set(by_oracle[:2]) == {1, 3}


def test_the_area_is_none_for_random_and_one_for_the_oracle() -> None:
    random, oracle = [0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.5, 1.0, 1.0, 1.0]
    assert gained(random, oracle) == 0 and gained(oracle, oracle) == 1
    assert gained([0.0, 0.0, 0.0, 0.5, 1.0], oracle) < 0


def test_the_largest_local_share_is_where_quality_is_that_of_always_asking() -> None:
    assert largest_local([0.5, 0.6, 0.7, 0.8, 0.8]) == 0.25
    assert largest_local([0.5, 0.6, 0.795, 0.8, 0.8]) == 0.5
    assert largest_local([0.9, 0.8, 0.8]) == 1


def test_the_stand_in_is_right_as_often_as_asked_and_less_often_where_there_is_more_to_write() -> None:
    holes = [hole(0.5, True, length) for length in (2, 5, 10, 40)]
    chances = hosted(holes, 0.65)
    assert sum(chances) / 4 == pytest.approx(0.65) and chances == sorted(chances, reverse=True)


def test_what_a_set_comes_to() -> None:
    found = deferral(FOUR * 20, [0.6] * 80)
    assert (found["local"], found["hosted"]) == (0.5, pytest.approx(0.6))
    assert found["auroc"] == 0.75
    assert found["needed_precision"] == pytest.approx(0.6)
    assert found["ours"][0] == 0.5 and found["ours"][-1] == pytest.approx(0.6)
    assert all(o >= q - 1e-9 for o, q in zip(found["oracle"], found["ours"], strict=True))
    low, high = found["largest_local_90"]
    assert low <= found["largest_local"] <= high


def test_the_router_keeps_to_its_target_in_the_benchmark() -> None:
    scores = [at / 300 for at in range(300)]
    for row in targets(scores, [score / 5 for score in scores]):
        assert row["before"] < 0.03 and row["later"] < 0.03
        assert row["fixed_cut_after"] > 0.1


def test_a_second_run_asks_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    async def fill(holes: list[Hole], *_: object) -> list[Filled]:
        asked.append(len(holes))
        return [Filled(hole, Suggestion(("right now",), confidence=0.7), Draft()) for hole in holes]

    class Engine:
        def __init__(self, model: Path | None) -> None: ...
        async def close(self) -> None: ...

    context = CursorContext("d", "x = ", "", path="a/b.py", language="python")
    holes = [Hole(context, "right now", "rest"), Hole(context, "wrong", "rest")]
    monkeypatch.setattr(escalation_holes, "fill", fill)
    monkeypatch.setattr(escalation_holes, "InProcess", Engine)
    monkeypatch.setattr(escalation_holes, "checkout", lambda count: holes[:count])
    first = escalation_holes.outcomes("checkout", 2)
    assert first == [Outcome(0.7, True, 9, "a", "python"), Outcome(0.7, False, 5, "a", "python")]
    assert escalation_holes.outcomes("checkout", 2) == first and asked == [2]
    assert escalation_holes.outcomes("checkout", 1) == first[:1] and asked == [2]
