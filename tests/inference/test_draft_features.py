"""Each feature of a draft says what its name says, and the place of the cursor only where it is known."""

from __future__ import annotations

import math

import pytest

from inference.draft_features import features, first_line
from inference.prompts import CursorContext
from inference.types import Snippet


def at(prefix: str, suffix: str = "\n", **given: object) -> CursorContext:
    return CursorContext("a.py", prefix, suffix, language="python", **given)  # type: ignore[arg-type]


def feature(name: str, text: str, prefix: str, suffix: str = "\n") -> float:
    return features([-0.1], [0.5], text, at(prefix, suffix))[name]


def test_figures_of_the_tokens() -> None:
    row = features([-0.5, -1.0, -1.5, -4.0], [0.8, 0.6, 0.4, 0.2])
    assert row == pytest.approx(
        {
            "tokens": math.log(5),
            "start": -0.5,
            "first": -1.0,
            "mean": -1.75,
            "sum": -7.0,
            "least": -4.0,
            "tenth": -4.0 + 0.3 * 2.5,
            "quarter": -1.5 - 0.25 * 2.5,
            "margin": 0.5,
            "least_margin": 0.2,
            "first_margin": 0.6,
        }
    )


def test_what_is_unknown_is_left_out() -> None:
    assert features([]) == {}
    assert "margin" not in features([-1.0])
    assert "unknown" not in features([-1.0], [], "some text")
    assert "first" not in features([], [], "some text", at("x = "))


@pytest.mark.parametrize("text", ["total", "total\nmore", "\n\ntotal", "\ntotal\n"])
def test_the_first_line_is_the_first_with_something_on_it(text: str) -> None:
    assert first_line(text) == "total"


@pytest.mark.parametrize(("text", "loops"), [("host, host, host, host", 1), ("a, b, c", 0), ("_to_to_to", 1)])
def test_loops(text: str, loops: float) -> None:
    assert feature("loops", text, "x = ") == loops


@pytest.mark.parametrize(
    ("text", "prefix", "share"),
    [
        ("rows", "rows = 1\nreturn ", 0.0),
        ("columns", "rows = 1\nreturn ", 1.0),
        ("rows + columns", "rows = 1\nreturn ", 0.5),
        ("not None", "rows = 1\nreturn ", 0.0),  # keywords are nobody's names
        ("ws", "rows = 1\nreturn ro", 0.0),  # the unfinished word counts with what finishes it
        ("und", "rows = 1\nreturn ro", 1.0),
        ("1 + 2", "x = ", 0.0),
    ],
)
def test_share_of_names_never_seen_before(text: str, prefix: str, share: float) -> None:
    assert feature("unknown", text, prefix) == share


def test_names_below_and_in_other_files_are_seen() -> None:
    assert feature("unknown", "below", "x = ", "\nbelow = 1\n") == 0
    shown = at("x = ", snippets=(Snippet("b.py", "def elsewhere(): ..."),))
    assert features([-0.1], [], "elsewhere", shown)["unknown"] == 0


@pytest.mark.parametrize(("text", "left"), [("call(a", 1), ("call(a)", 0), (")", 0), ("]) + (", 1)])
def test_brackets_left_open(text: str, left: float) -> None:
    assert feature("open", text, "x = ") == left


def test_a_bracket_opened_before_the_cursor_counts() -> None:
    assert feature("open", "a, b", "x = call(") == 1
    assert feature("open", "a, b)", "x = call(") == 0


@pytest.mark.parametrize(
    ("prefix", "suffix", "repeats"),
    [
        ("total += 1\ntotal ", "\n", 1),
        ("total += 1\n\n    total ", "\n", 1),
        ("total ", "\n    total += 1\n", 1),
        ("total += 2\ntotal ", "\n", 0),
    ],
)
def test_it_repeats_the_line_above_or_below(prefix: str, suffix: str, repeats: float) -> None:
    assert feature("repeats", "+= 1", prefix, suffix) == repeats


def test_text_right_of_the_cursor() -> None:
    assert feature("mid_line", "a", "call(", ")\n") == 1
    assert feature("mid_line", "a", "call(", "  \n)") == 0
