"""Inside a word the next key is waited for about as long as it takes; elsewhere nothing is."""

from __future__ import annotations

import pytest

from inference.debounce import KEYS, LONGEST, USUAL, Debounce


def typing(*intervals: float) -> Debounce:
    debounce, now = Debounce(), 100.0
    debounce.typed(now)
    for interval in intervals:
        now += interval
        debounce.typed(now)
    return debounce


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
