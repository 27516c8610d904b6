"""The share kept local is hit, also after a drift, and keeping a smaller one never sends less."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.routing.share import ENOUGH, HORIZON, RECENT, Share

scores = st.lists(st.floats(0, 1) | st.sampled_from((0.0, 0.25, 1.0)), max_size=150)
shares = st.sampled_from((0.0, 0.05, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)) | st.floats(0, 1)


def sent(stream: Sequence[float], keep: float, share: Share | None = None) -> list[int]:
    """Return how many were sent after each draft of a stream."""
    share = share or Share()
    counts = []
    for score in stream:
        below = score < share.cut(keep)
        share.note(score, below, keep)
        counts.append(share.sent)
    return counts


def confidences(count: int, seed: int, centre: float = -2.0) -> list[float]:
    chance = Random(seed)
    return [1 / (1 + math.exp(-chance.gauss(centre, 1.6))) for _ in range(count)]


@pytest.mark.parametrize("keep", [0.5, 0.65, 0.8, 0.95])
def test_the_share_is_hit_within_three_points_on_streams_nobody_has_seen(keep: float) -> None:
    shipped = confidences(100, 1, centre=0.0)  # another model's: far off
    for seed in range(20):
        share = Share(shipped=shipped)
        sent(confidences(400, 100 + seed), keep, share)
        assert share.kept == pytest.approx(keep, abs=0.03)


@pytest.mark.parametrize("centre", [-5.0, 1.0])
def test_after_a_drift_the_share_is_hit_again_and_never_far_off(centre: float) -> None:
    for seed in range(10):
        share = Share(confidences(RECENT, 50 + seed))
        sent(confidences(300, 100 + seed), 0.65, share)
        before = share.sent
        drifted = [count - before for count in sent(confidences(400, 200 + seed, centre), 0.65, share)]
        assert abs(drifted[199] / 200 - 0.35) < 0.1
        assert (drifted[-1] - drifted[199]) / 200 == pytest.approx(0.35, abs=0.08)
        assert share.kept == pytest.approx(0.65, abs=0.03)


@given(scores, shares)
def test_no_scores_at_all_get_it_off_by_more_than_the_horizon(stream: list[float], keep: float) -> None:
    for count, so_far in enumerate(sent(stream, keep), 1):
        assert abs(so_far - (1 - keep) * count) <= HORIZON * max(keep, 1 - keep) + 1


@given(scores, shares, shares, st.lists(st.floats(0, 1), max_size=60))
def test_keeping_a_smaller_share_never_sends_less(
    stream: list[float], one: float, other: float, recent: list[float]
) -> None:
    lower, higher = sorted((one, other))
    more = sent(stream, lower, Share(recent))
    less = sent(stream, higher, Share(recent))
    assert all(a >= b for a, b in zip(more, less, strict=True))


@given(scores, st.lists(st.floats(0, 1), max_size=60), st.floats(0.01, 0.99))
def test_of_two_drafts_at_one_moment_the_less_sure_one_goes_first(
    stream: list[float], recent: list[float], keep: float
) -> None:
    share = Share(recent)
    sent(stream, keep, share)
    cut = share.cut(keep)
    assert (cut > 0.2) >= (cut > 0.6)


def test_a_smaller_share_has_a_higher_cut() -> None:
    share = Share(confidences(RECENT, 3))
    cuts = [share.cut(keep / 20) for keep in range(21)]
    assert cuts == sorted(cuts, reverse=True)
    assert (cuts[0], cuts[-1]) == (math.inf, -math.inf)
    assert cuts[5] > cuts[15]  # the middle of the scale is not all the same


def test_all_or_nothing_needs_no_scores() -> None:
    assert sent([0.0, 0.5, 1.0], 0.0) == [1, 2, 3]
    assert sent([0.0, 0.5, 1.0], 1.0) == [0, 0, 0]


def test_the_cut_is_the_quantile_of_recent_scores() -> None:
    share = Share([at / 100 for at in range(101)])
    assert share.cut(0.65) == pytest.approx(0.35)


def test_shipped_scores_give_way_to_the_users_own() -> None:
    share = Share(shipped=[0.9] * 100)
    assert share.cut(0.5) == pytest.approx(0.9)
    for _ in range(2):
        for at in range(ENOUGH):
            share.note(0.1, at % 2 == 0, 0.5)
    assert share.cut(0.5) == pytest.approx(0.1)
    assert Share([0.1] * ENOUGH, shipped=[0.9] * 100).cut(0.5) == pytest.approx(0.1)


def test_what_is_sent_for_another_reason_is_not_made_good_by_keeping_others() -> None:
    plain, other = Share([0.5] * RECENT), Share([0.5] * RECENT)
    for at in range(40):
        plain.note(0.5, False, 0.65)
        other.note(0.5, False, 0.65, sent=at % 2 == 0)
    assert other.kept == 0.5 and plain.kept == 1.0
    assert other.cut(0.65) == plain.cut(0.65)


def test_only_the_newest_scores_count() -> None:
    share = Share([0.9] * 1000 + [0.1] * RECENT)
    assert share.cut(0.05) == pytest.approx(0.1)
    assert Share().kept is None


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), max_size=500))
def test_the_window_stays_sorted_and_small(stream: list[float]) -> None:
    share = Share(shipped=[0.5] * 20)
    for score in stream:
        share.note(score, False, 0.65)
    assert share._ordered == sorted(share._scores) and len(share._scores) <= RECENT
