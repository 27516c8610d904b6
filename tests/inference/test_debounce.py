"""Where the engine is slower than the user, the next key inside a word is waited for; elsewhere never."""

from __future__ import annotations

import pytest

from inference.debounce import KEYS, LONGEST, USUAL, Debounce


def typing(*intervals: float) -> Debounce:
    debounce, now = Debounce(), 100.0
    debounce.typed(now)
    for interval in intervals:
        now += interval
        debounce.typed(now)
    debounce.answered(1.0)
    return debounce


def test_an_engine_faster_than_the_user_is_never_kept_waiting() -> None:
    debounce = typing(0.2, 0.2)
    for _ in range(20):
        debounce.answered(0.05)
    assert debounce.wait("retu") == 0
    for _ in range(20):
        debounce.answered(0.6)
    assert debounce.wait("retu") == pytest.approx(0.2)


def test_an_engine_not_known_yet_is_asked_at_once() -> None:
    assert Debounce().wait("retu") == 0


def test_a_user_not_known_yet_types_as_most_do() -> None:
    assert typing().wait("def f") == USUAL


def test_the_wait_is_the_mean_interval() -> None:
    assert typing(0.1, 0.2).wait("retu") == pytest.approx(0.15)


def test_pauses_say_nothing_of_the_rhythm() -> None:
    assert typing(0.1, 5.0, 0.1).wait("x") == pytest.approx(0.1)


def test_only_the_latest_keys_count() -> None:
    assert typing(*[0.3] * 50, *[0.1] * KEYS).wait("x_") == pytest.approx(0.1)


def test_nobody_waits_long() -> None:
    assert typing(*[0.39] * 5).wait("x") == LONGEST


@pytest.mark.parametrize("prefix", ["", "x = ", "f(", "a.", "    ", "\n"])
def test_where_people_stop_to_think_nothing_is_waited_for(prefix: str) -> None:
    assert typing(0.1).wait(prefix) == 0
