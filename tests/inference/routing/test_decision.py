"""When a hosted model is asked: by hand, at a pause or after typing over one, the less sure the sooner."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.routing.decision import PAUSE_MS, Moment, is_sent, occasion, standing

UNSURE = Moment("s", score=0.1)
moments = st.builds(
    Moment,
    st.just("s"),
    st.sampled_from(("automatic", "invoked")),
    st.none() | st.floats(0, 1),
    st.floats(0, 5000),
    st.booleans(),
)
cuts = st.floats(0, 1) | st.sampled_from((-math.inf, math.inf))


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (UNSURE, False),  # still typing
        (replace(UNSURE, pause_ms=PAUSE_MS - 1), False),
        (replace(UNSURE, pause_ms=PAUSE_MS), True),
        (replace(UNSURE, pause_ms=5000, score=0.9), False),
        (replace(UNSURE, score=0.9, typed_over=True), True),  # it was wrong, whatever it said
        (replace(UNSURE, trigger="invoked", score=0.99), True),
        (replace(UNSURE, trigger="invoked", score=None), True),
        (replace(UNSURE, pause_ms=5000, score=None), False),  # nothing says it is unsure
        (replace(UNSURE, score=None, typed_over=True), True),
    ],
)
def test_when_a_draft_is_sent_at_a_cut_of_a_half(moment: Moment, sent: bool) -> None:
    assert is_sent(moment, 0.5) is sent


@given(moments, cuts, cuts)
def test_raising_the_cut_never_keeps_what_was_sent(moment: Moment, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert is_sent(moment, high) >= is_sent(moment, low)


@given(moments, cuts, st.floats(0, 1))
def test_a_surer_draft_is_never_sent_where_a_less_sure_one_is_kept(
    moment: Moment, cut: float, score: float
) -> None:
    if moment.score is not None:
        lower, higher = sorted((moment.score, score))
        assert is_sent(replace(moment, score=lower), cut) >= is_sent(replace(moment, score=higher), cut)


def test_an_inverted_comparison_would_be_noticed() -> None:
    paused = replace(UNSURE, pause_ms=1000.0)
    assert is_sent(replace(paused, score=0.2), 0.5) and not is_sent(replace(paused, score=0.8), 0.5)
    assert not is_sent(replace(paused, score=0.5), 0.5)  # at the cut it is kept
    assert is_sent(paused, math.inf) and not is_sent(paused, -math.inf)


@given(moments, st.floats(0, PAUSE_MS - 1))
def test_nobody_who_types_on_is_sent_for(moment: Moment, pause: float) -> None:
    typing = replace(moment, trigger="automatic", typed_over=False, pause_ms=pause)
    assert occasion(typing) == "" and not is_sent(typing, math.inf)


def test_a_draft_typed_over_stands_below_nearly_any_other_and_they_keep_their_order() -> None:
    assert (standing(0.9, True) or 0) < 0.1
    assert (standing(0.2, True) or 0) < (standing(0.8, True) or 0)
    assert standing(None) is None and standing(math.nan) is None and standing(None, True) == 0
