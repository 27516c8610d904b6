"""Clopper and Pearson's bounds against published values, their definition, and what they promise."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.routing.bounds import at_least, at_most, beta_share


@pytest.mark.parametrize(
    ("successes", "cases", "low", "high"),
    [(8, 10, 0.4439, 0.9748), (0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (50, 100, 0.3983, 0.6017)],
)
def test_the_two_sided_bounds_of_95_per_cent_in_tables(
    successes: int, cases: int, low: float, high: float
) -> None:
    assert at_least(successes, cases, 0.025) == pytest.approx(low, abs=5e-5)
    assert at_most(successes, cases, 0.025) == pytest.approx(high, abs=5e-5)


@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))), st.floats(0.001, 0.999)
)
def test_it_is_the_tail_of_the_binomial(counts: tuple[int, int], rate: float) -> None:
    k, n = counts
    tail = sum(math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(k, n + 1))
    assert beta_share(rate, k, n - k + 1) == pytest.approx(tail, abs=1e-9)


@given(st.integers(0, 300), st.integers(0, 300))
def test_bounds_enclose_what_was_seen(successes: int, failures: int) -> None:
    cases = successes + failures
    low, high = at_least(successes, cases), at_most(successes, cases)
    assert 0 <= low <= high <= 1
    if cases:
        assert low <= successes / cases <= high


def test_the_lower_bound_is_wrong_in_no_more_than_its_share_of_cases() -> None:
    chance = Random(1)
    bounds = {k: at_least(k, 60, 0.1) for k in range(61)}
    wrong = sum(bounds[sum(chance.random() < 0.6 for _ in range(60))] > 0.6 for _ in range(2000))
    assert 0.02 < wrong / 2000 <= 0.115


def test_no_cases_say_nothing() -> None:
    assert (at_least(0, 0), at_most(0, 0)) == (0.0, 1.0)
