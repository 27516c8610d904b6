"""Probabilities follow the user's labels, always in one order, and are as shipped while there are few."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.routing.calibration import (
    ISOTONIC_FROM,
    SHIPPED,
    SHRUNK_FROM,
    Calibration,
    Labelled,
    calibrated,
    isotonic,
    platt,
)

labelled = st.builds(Labelled, st.floats(0, 1), st.booleans(), st.sampled_from(("/p", "/q")))


def logit(score: float) -> float:
    return math.log(score / (1 - score))


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def drafts(count: int, truth: Callable[[float], float], seed: int = 1, project: str = "/p") -> list[Labelled]:
    """Labels drawn from a true probability at each score."""
    chance = Random(seed)
    scores = [min(0.999, max(0.001, logistic(chance.gauss(-1.5, 1.5)))) for _ in range(count)]
    return [Labelled(score, chance.random() < truth(score), project) for score in scores]


def loss(curve: Calibration, truth: Callable[[float], float], seed: int = 999) -> float:
    """Expected nats lost per draft."""
    total = 0.0
    for draft in drafts(1000, truth, seed):
        said, true = curve.probability(draft.score), truth(draft.score)
        total -= true * math.log(said) + (1 - true) * math.log(1 - said)
    return total / 1000


def half_as_sure(score: float) -> float:
    return logistic(0.6 * logit(score) + 0.5)


def stairs(score: float) -> float:
    return 0.05 if score < 0.1 else 0.45 if score < 0.5 else 0.6


def test_below_fifty_labels_the_score_is_the_probability() -> None:
    few = [Labelled(0.9, False)] * (SHRUNK_FROM - 1)
    assert calibrated(few, "") is SHIPPED
    assert SHIPPED.probability(0.3) == pytest.approx(0.3)
    assert calibrated([*few, few[0]], "").kind == "shrunk"


def test_from_fifty_on_labels_move_it_and_from_two_hundred_on_their_steps_do() -> None:
    kinds = {count: calibrated(drafts(count, half_as_sure), "/p").kind for count in (50, 199, 200)}
    assert kinds == {50: "shrunk", 199: "shrunk", ISOTONIC_FROM: "isotonic"}


@given(st.lists(labelled, max_size=80), st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_surer_draft_is_never_less_likely_right(labels: list[Labelled], scores: list[float]) -> None:
    for curve in (calibrated(labels, "/p"), calibrated(labels * 6, "/q")):
        said = [curve.probability(score) for score in sorted(scores)]
        assert all(0 < one < 1 for one in said)
        assert all(a <= b + 1e-12 for a, b in zip(said, said[1:], strict=False))


def test_labels_that_say_the_contrary_do_not_turn_the_order_around() -> None:
    backwards = drafts(150, lambda score: 1 - score)
    curve = calibrated(backwards, "/p")
    assert curve.probability(0.1) <= curve.probability(0.9)


def test_few_labels_move_little_and_many_all_the_way() -> None:
    said = [calibrated(drafts(count, half_as_sure), "/p").probability(0.1) for count in (2000, 4000)]
    assert said == pytest.approx([half_as_sure(0.1)] * 2, abs=0.06)
    few = platt([1.0, -1.0], [0.0, 1.0], 0.5, 1.0)  # two labels against it: it leans on what was shipped
    many = platt([1.0, -1.0] * 50, [0.0, 1.0] * 50, 0.5, 1.0)
    assert few[0] > 0.5 > many[0] > 0 and few[1] == pytest.approx(0)


@pytest.mark.parametrize(("count", "gain"), [(50, 0.05), (100, 0.08), (400, 0.08), (2000, 0.09)])
def test_calibrating_says_more_than_the_shipped_score(count: int, gain: float) -> None:
    losses = [loss(calibrated(drafts(count, half_as_sure, seed), "/p"), half_as_sure) for seed in range(5)]
    assert sum(losses) / 5 < loss(SHIPPED, half_as_sure) - gain


def test_steps_find_what_no_formula_has() -> None:
    labels = drafts(1500, stairs)
    steps = calibrated(labels, "/p")
    formula = Calibration("shrunk", 1500, steps.slope, steps.offset)
    assert loss(steps, stairs) < loss(formula, stairs) - 0.015


def test_a_small_project_borrows_from_the_others_and_has_its_own_say() -> None:
    """Another base rate in one project, from forty labels of it: pooled is better than either alone."""

    def harder(score: float) -> float:
        return logistic(0.6 * logit(score) - 1.0)

    gains_on_all, gains_on_own = [], []
    for seed in range(12):
        others, own = drafts(400, half_as_sure, seed, "/q"), drafts(40, harder, 100 + seed, "/p")
        pooled = loss(calibrated([*others, *own], "/p"), harder)
        gains_on_all.append(loss(calibrated([*others, *own], "/none"), harder) - pooled)
        gains_on_own.append(loss(calibrated(own, "/p"), harder) - pooled)
    assert sum(gains_on_all) / 12 > 0.1
    assert sum(gains_on_own) / 12 > 0.0


def test_a_project_like_the_others_has_the_same_curve_as_they() -> None:
    """A curve of its own has to show on labels left out of it that it foretells them better."""
    same = 0
    for seed in range(10):
        labels = [*drafts(400, half_as_sure, seed, "/q"), *drafts(40, half_as_sure, 100 + seed, "/p")]
        same += calibrated(labels, "/p") == calibrated(labels, "/none")
    assert same >= 9


def test_a_project_without_labels_has_its_users_curve() -> None:
    labels = drafts(300, half_as_sure)
    assert calibrated(labels, "/new") == calibrated(labels, "/p")


@given(st.lists(st.sampled_from((0.0, 1.0)), min_size=1, max_size=20))
def test_pooling_violators_is_the_least_squares_fit(rights: list[float]) -> None:
    """The fit at each point is the largest over starts of the smallest over ends of the mean between."""

    def mean(start: int, end: int) -> Fraction:
        return Fraction(sum(map(int, rights[start : end + 1])), end + 1 - start)

    last = len(rights) - 1
    fit = [
        max(min(mean(start, end) for end in range(at, last + 1)) for start in range(at + 1))
        for at in range(last + 1)
    ]
    knots, values = isotonic([(float(at), right) for at, right in enumerate(rights)])
    assert values == pytest.approx(sorted(map(float, set(fit))))
    assert list(knots) == sorted(knots)


@given(st.lists(st.tuples(st.sampled_from((0.0, 0.5, 2.0)), st.sampled_from((0.0, 1.0))), min_size=1))
def test_drafts_of_one_score_are_in_one_step(points: list[tuple[float, float]]) -> None:
    knots, values = isotonic(points)
    assert len(knots) <= 3 and list(knots) == sorted(set(knots)) and list(values) == sorted(values)


def test_pooling_violators_on_an_example_by_hand() -> None:
    knots, values = isotonic([(1, 0.0), (2, 1.0), (3, 0.0), (4, 1.0), (5, 1.0)])
    assert (knots, values) == (pytest.approx((1, 2.5, 4.5)), pytest.approx((0, 0.5, 1)))
