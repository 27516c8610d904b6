"""The threshold rises with rejects, falls with accepts, forgets, and never shuts for good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.gate import ACCEPT_STEP, HALF_LIFE, MOST, REJECT_STEP, SHOWN_LAST, Gate

SPREAD = [i / 100 for i in range(100)]


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def shown(gate: Gate, confidences: list[float] = SPREAD) -> int:
    return sum(gate.shows(confidence) for confidence in confidences)


def test_at_first_the_setting_decides(clock: Clock) -> None:
    gate = Gate(30, clock)
    assert not gate.shows(0.29)
    assert gate.shows(0.3001)


def test_unknown_confidence_is_shown(clock: Clock) -> None:
    gate = Gate(99, clock)
    for _ in range(50):
        gate.rejected()
    assert gate.shows(None)


def test_zero_shows_everything_whatever_was_rejected(clock: Clock) -> None:
    gate = Gate(0, clock)
    for _ in range(50):
        gate.rejected()
    assert gate.shows(0.0)


def test_thirty_rejects_in_a_row_halve_what_is_shown(clock: Clock) -> None:
    gate = Gate(30, clock)
    before = shown(gate)
    for _ in range(30):
        gate.rejected()
        clock.seconds += 5
    assert shown(gate) <= before / 2


def test_it_recovers_by_itself(clock: Clock) -> None:
    gate = Gate(30, clock)
    before = shown(gate)
    for _ in range(30):
        gate.rejected()
    clock.seconds += HALF_LIFE
    halfway = shown(gate)
    clock.seconds += 5 * HALF_LIFE
    assert before / 2 < halfway < before
    assert shown(gate) >= before - 2


def test_accepts_bring_it_back_sooner(clock: Clock) -> None:
    gate = Gate(30, clock)
    before = gate.threshold
    for _ in range(30):
        gate.rejected()
    for _ in range(9):
        gate.accepted()
    assert gate.threshold < before


def test_a_quarter_accepted_leaves_the_threshold_where_it_is(clock: Clock) -> None:
    gate = Gate(30, clock)
    for accepted in [False, False, False, True] * 20:
        gate.accepted() if accepted else gate.rejected()
    assert gate.threshold == pytest.approx(0.30, abs=1e-9)
    assert pytest.approx(3 * REJECT_STEP) == ACCEPT_STEP


def test_no_row_of_rejects_hides_what_is_nearly_certain(clock: Clock) -> None:
    gate = Gate(80, clock)
    for _ in range(1000):
        gate.rejected()
    assert gate.shows(SHOWN_LAST)
    assert not gate.shows(SHOWN_LAST - 0.01)


def test_a_threshold_the_user_set_higher_still_holds(clock: Clock) -> None:
    assert not Gate(97, clock).shows(0.95)


def test_no_row_of_accepts_shows_everything(clock: Clock) -> None:
    gate = Gate(30, clock)
    for _ in range(1000):
        gate.accepted()
    assert 0.1 < gate.threshold < 0.3


def test_a_change_of_the_setting_counts_at_once(clock: Clock) -> None:
    gate = Gate(30, clock)
    gate.show_above = 60
    assert gate.threshold == pytest.approx(0.6)


def test_recalled_outcomes_count_as_if_they_had_been_seen(clock: Clock) -> None:
    seen, told = Gate(30, clock), Gate(30, clock)
    outcomes = []
    for i in range(46):  # so many rejects that they reach the bound, and accepts after them
        outcomes.append((clock.seconds, i >= 40))
        seen.accepted() if i >= 40 else seen.rejected()
        clock.seconds += 7
    told.recall((clock.seconds - at, accepted) for at, accepted in reversed(outcomes))
    assert told.threshold == pytest.approx(seen.threshold, abs=1e-3)


def test_old_outcomes_are_as_good_as_forgotten(clock: Clock) -> None:
    gate = Gate(30, clock)
    gate.recall([(24 * 3600.0, False)] * 30)
    assert gate.threshold == pytest.approx(0.30, abs=1e-6)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5000)), max_size=60), st.integers(1, 99))
def test_the_threshold_stays_within_its_bounds(events: list[tuple[bool, float]], setting: int) -> None:
    clock = Clock()
    gate = Gate(setting, clock)
    for accepted, pause in events:
        gate.accepted() if accepted else gate.rejected()
        clock.seconds += pause
        assert 0 < gate.threshold <= max(SHOWN_LAST, setting / 100)
        assert abs(gate._learned) <= MOST
