"""How good what is kept is, as counted or expected, and the cut that keeps a promised quality."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.routing.calibration import SHIPPED, Labelled, calibrated
from inference.routing.quality import (
    DOUBT,
    Rung,
    at_share,
    enough,
    expected,
    ladder,
    quality_cut,
)

TEN = [Labelled(at / 10, at >= 5) for at in range(10)]


def drawn(count: int, seed: int) -> list[Labelled]:
    """Drafts right in 45 % of cases whose score, in [0, 1], tells right from wrong at an AUROC of 0.8."""
    chance = Random(seed)
    rows = []
    for _ in range(count):
        right = chance.random() < 0.45
        rows.append(Labelled(1 / (1 + math.exp(-chance.gauss(1.19 * right, 1))), right))
    return rows


def test_the_surest_share_is_counted_with_its_bounds() -> None:
    half = at_share(TEN, 0.5)
    assert (half.right, half.labels, half.cut) == (1.0, 5, 0.5) and half.low < half.right
    whole = at_share(TEN, 1.0)
    assert (whole.right, whole.labels, whole.cut) == (0.5, 10, 0.0)
    assert whole.low < 0.5 < whole.high
    nothing = at_share(TEN, 0.0)
    assert math.isnan(nothing.right) and (nothing.low, nothing.high, nothing.labels) == (0.0, 1.0, 0)


def test_drafts_of_one_score_count_as_the_mean_of_them() -> None:
    tied = [Labelled(0.5, at % 2 == 0) for at in range(100)]
    assert at_share(tied, 0.3).right == pytest.approx(0.5)
    assert at_share(sorted(tied, key=lambda label: label.right), 0.3).right == pytest.approx(0.5)


def test_before_there_are_labels_quality_is_what_the_calibration_expects() -> None:
    kept = expected([0.1, 0.2, 0.6, 0.8], SHIPPED, 0.5)
    assert kept.right == pytest.approx(0.7) and kept.labels == 0 and kept.cut == 0.6
    assert math.isnan(expected([], SHIPPED, 0.5).right)


def test_a_project_with_few_labels_counts_all_of_its_users() -> None:
    both = [*TEN, *(Labelled(0.5, True, "/p") for _ in range(3))]
    assert enough(both, "/p", 3) == both[10:] and enough(both, "/p", 4) == both


@pytest.mark.parametrize("wanted", [0.6, 0.7])
def test_the_promised_quality_is_broken_no_more_often_than_said(wanted: float) -> None:
    future = sorted(drawn(20_000, 999), key=lambda label: -label.score)
    scores = [-label.score for label in future]
    rights = [0, *accumulate(label.right for label in future)]
    broken = 0
    for seed in range(50):
        labels = drawn(250, seed)
        kept = bisect_right(scores, -quality_cut(ladder(labels, SHIPPED), wanted))
        broken += kept > 0 and rights[kept] / kept < wanted
    assert broken / 50 <= DOUBT + 0.04


def test_more_labels_allow_to_keep_more() -> None:
    cuts = []
    for count in (200, 1500):
        labels = [drawn(count, seed) for seed in range(4)]
        cuts.append(sum(quality_cut(ladder(one, calibrated(one)), 0.6) for one in labels) / 4)
    assert cuts[1] < cuts[0]


def test_below_two_hundred_labels_it_is_kept_as_expected() -> None:
    few = drawn(100, 1)
    cut = quality_cut(ladder(few, SHIPPED), 0.75)
    kept = [label.score for label in few if label.score >= cut]
    assert sum(kept) / len(kept) >= 0.75
    shipped = [at / 100 for at in range(100)]
    assert quality_cut(ladder([], SHIPPED, shipped), 0.45) == -math.inf
    assert quality_cut(ladder([], SHIPPED, shipped), 0.7) == pytest.approx(0.4, abs=0.06)


def test_nothing_demanded_sends_nothing_and_too_much_sends_all() -> None:
    rungs = ladder(drawn(400, 1), SHIPPED)
    assert quality_cut(rungs, 0) == -math.inf
    assert quality_cut(rungs, 0.3) == -math.inf  # all drafts together are better than that
    assert quality_cut(rungs, 0.999) == math.inf
    assert quality_cut((), 0.5) == math.inf


@given(
    st.lists(st.builds(Rung, st.floats(0, 1), st.floats(0, 1)), max_size=20), st.floats(0, 1), st.floats(0, 1)
)
def test_a_higher_demand_never_has_a_lower_cut(rungs: list[Rung], one: float, other: float) -> None:
    rungs.sort(key=lambda rung: rung.cut)
    low, high = sorted((one, other))
    assert quality_cut(rungs, low) <= quality_cut(rungs, high)


@pytest.mark.parametrize("count", [30, 100, 400])
def test_the_ladder_goes_from_keeping_all_to_keeping_few(count: int) -> None:
    rungs = ladder(drawn(count, 2), SHIPPED, [0.2, 0.4, 0.4, 0.9])
    assert rungs[0].cut == -math.inf
    assert all(a.cut < b.cut for a, b in pairwise(rungs))


def test_drafts_of_one_score_are_kept_or_sent_together() -> None:
    tied = [Labelled(0.5, True)] * 300 + [Labelled(0.2, False)] * 100
    assert [rung.cut for rung in ladder(tied, SHIPPED)] == [-math.inf, 0.5]
