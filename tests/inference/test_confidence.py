"""The score of a draft rises with each of its figures and stays in [0, 1]; None where nothing is known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.confidence import score
from inference.generation import Draft
from inference.types import Piece

LOGPROBS = st.lists(st.floats(-20, 0), min_size=1, max_size=30)


def sure(logprobs: list[float], margins: list[float] | None = None) -> float:
    value = score(logprobs, margins or ())
    assert value is not None
    return value


@given(LOGPROBS, st.lists(st.floats(0, 1), max_size=30))
def test_it_lies_between_zero_and_one(logprobs: list[float], margins: list[float]) -> None:
    assert 0 <= sure(logprobs, margins) <= 1


@given(LOGPROBS, st.integers(0, 29))
def test_it_rises_with_every_token_the_model_is_surer_of(logprobs: list[float], index: int) -> None:
    better = list(logprobs)
    better[index % len(better)] /= 2
    assert sure(better) >= sure(logprobs)


def test_certainty_is_one_and_despair_is_near_zero() -> None:
    assert sure([0.0, 0.0], [1.0, 1.0]) == pytest.approx(1)
    assert sure([-15.0] * 5, [0.0] * 5) < 0.001


def test_the_formula_is_the_documented_one() -> None:
    logprobs, margins = [-0.1, -0.2, -0.3, -1.0], [0.9, 0.8, 0.7, 0.2]
    by_hand = 0.4 * math.exp(-0.2) + 0.3 * math.exp(-0.4) + 0.15 * math.exp(-1.0) + 0.15 * 0.65
    assert sure(logprobs, margins) == pytest.approx(by_hand)


def test_unknown_margins_leave_the_other_weights_in_proportion() -> None:
    by_hand = (0.4 * math.exp(-0.5) + 0.3 * math.exp(-0.5) + 0.15 * math.exp(-0.5)) / 0.85
    assert sure([-0.5]) == pytest.approx(by_hand)


def test_without_log_probabilities_nothing_is_known() -> None:
    assert score([]) is None
    assert score([], [0.5]) is None


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_broken_figure_is_no_confidence(value: float) -> None:
    assert sure([value, -0.1]) < 0.6


def test_only_the_first_line_counts() -> None:
    draft = Draft()
    for text, logprob in [("\n    ", -0.1), ("return", -0.2), ("\n", -0.3), ("junk", -9.0)]:
        draft.add(Piece(text, logprobs=(logprob,)))
    assert draft.logprobs == [-0.1, -0.2, -0.3]
