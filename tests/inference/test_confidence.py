"""The score of a draft is a probability, never falls when the model is surer, and says what it comes from."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.confidence import (
    LABELS,
    Weight,
    Weights,
    contributions,
    explained,
    probability,
    score,
    weights,
)
from inference.draft_features import features
from inference.generation import Draft
from inference.prompts import CursorContext
from inference.types import Piece

LOGPROBS = st.lists(st.floats(-25, 0), min_size=1, max_size=30)
HERE = CursorContext("a.py", "def area(width, height):\n    return ", "\n", language="python")


def sure(logprobs: list[float], margins: list[float] | None = None, text: str = "width * height") -> float:
    value = score(logprobs, margins or (), text, HERE)
    assert value is not None
    return value


@given(LOGPROBS, st.lists(st.floats(0, 1), max_size=30), st.text(max_size=80))
def test_it_lies_between_zero_and_one(logprobs: list[float], margins: list[float], text: str) -> None:
    assert 0 <= sure(logprobs, margins, text) <= 1


@given(LOGPROBS, st.integers(0, 29))
def test_it_never_falls_when_a_token_gets_likelier(logprobs: list[float], index: int) -> None:
    better = list(logprobs)
    better[index % len(better)] /= 2
    assert sure(better) >= sure(logprobs) - 1e-12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 29))
def test_it_never_falls_when_the_second_choice_gets_less_likely(margins: list[float], index: int) -> None:
    better = list(margins)
    better[index % len(better)] = 1.0
    assert sure([-0.5] * len(margins), better) >= sure([-0.5] * len(margins), margins) - 1e-12


def test_a_sure_short_line_is_likely_and_a_guess_is_not() -> None:
    assert sure([0.0, 0.0], [1.0, 1.0], "width") > 0.8
    assert sure([-4.0] * 8, [0.05] * 8) < 0.05


def test_without_log_probabilities_nothing_is_known() -> None:
    assert score([]) is None
    assert score([], [0.5], "width", HERE) is None


@pytest.mark.parametrize("value", [math.nan, -math.inf, math.inf, 3.0])
def test_a_broken_figure_counts_as_the_least_likely(value: float) -> None:
    assert sure([value, -0.1]) == sure([-20.0, -0.1])
    assert sure([-0.1], [value]) == sure([-0.1], [0.0])


def test_what_is_not_given_counts_as_average() -> None:
    fitted = Weights(-1.0, {"least": Weight(-2.0, 0.5, 1.0), "margin": Weight(0.4, 0.2, 0.7)})
    assert contributions({"least": -1.0}, fitted) == {"least": 2.0}
    assert probability({"least": -1.0}, fitted) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert probability({}, fitted) == pytest.approx(1 / (1 + math.exp(1.0)))


def test_the_reasons_add_up_to_the_score_and_the_strongest_comes_first() -> None:
    row = features([-0.1, -3.0, -0.2], [0.9, 0.1, 0.8], "width * height", HERE)
    parts = contributions(row)
    logit = weights().bias + sum(parts.values())
    assert probability(row) == pytest.approx(1 / (1 + math.exp(-logit)))
    assert [abs(v) for v in parts.values()] == sorted((abs(v) for v in parts.values()), reverse=True)


def test_a_score_is_explained_in_words() -> None:
    row = features([-0.01, -6.0], [0.9, 0.02], "width", HERE)
    said = explained(row)
    assert said.startswith(f"{probability(row):.2f}: ")
    assert LABELS[next(iter(contributions(row)))] in said
    assert explained({}).count(":") == 0


def test_the_shipped_weights_are_of_known_features_with_a_name_for_the_user() -> None:
    known = features([-0.1], [0.5], "x", HERE).keys()
    assert weights().features.keys() <= known
    assert known <= LABELS.keys()


def test_the_shipped_weights_beat_the_plain_rule() -> None:
    """0.79 is what a weighted mean of four figures reached on the same drafts."""
    from inference.confidence import WEIGHTS

    measured = json.loads(WEIGHTS.read_text("utf-8"))["measured"]
    assert measured["auroc"] > 0.82
    assert measured["drafts"] > 1000


@pytest.mark.parametrize("content", [None, "{", '{"bias": 1}', '{"bias": 1, "features": {"sum": 3}}', "[]"])
def test_unreadable_weights_are_no_crash(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    if content is not None:
        file.write_text(content)
    assert weights(file) == Weights(0.0, {})


def test_only_the_first_line_counts() -> None:
    draft = Draft()
    for text, logprob in [("\n    ", -0.1), ("return", -0.2), ("\n", -0.3), ("junk", -9.0)]:
        draft.add(Piece(text, logprobs=(logprob,)))
    assert draft.logprobs == [-0.1, -0.2, -0.3]
