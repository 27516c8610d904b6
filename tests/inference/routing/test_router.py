"""Whole streams of drafts through routers as a server holds them, and what each decision says of itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.routing import router as module
from inference.routing.calibration import Labelled, calibrated
from inference.routing.decision import BY_SCORE, PAUSE_MS, Decision, Moment
from inference.routing.quality import ladder
from inference.routing.reasons import sentence
from inference.routing.router import Router
from inference.routing.study import Study
from settings.schema import Routing

MONEY = Decimal(1)
FIRST = replace(Routing(), mode="local-first")


def routing(**values: Any) -> Routing:
    shares = ("keep_local", "min_quality", "exploration")
    return replace(FIRST, **{k: Decimal(str(v)) if k in shares else v for k, v in values.items()})


def at_pause(score: float | None, id: str = "s") -> Moment:
    return Moment(id, "automatic", score, PAUSE_MS + 100.0)


def stream(router: Router, scores: Sequence[float | None], left: Decimal | None = MONEY) -> list[Decision]:
    return [router.decide(at_pause(score, f"s-{at}"), left=left) for at, score in enumerate(scores)]


def confidences(count: int, seed: int = 1, centre: float = -2.0) -> list[float]:
    chance = Random(seed)
    return [1 / (1 + math.exp(-chance.gauss(centre, 1.6))) for _ in range(count)]


def kept(decisions: Sequence[Decision]) -> float:
    return 1 - sum(decision.ask for decision in decisions) / len(decisions)


def labels(count: int = 400, project: str = "/p") -> tuple[Labelled, ...]:
    chance = Random(5)
    return tuple(Labelled(score, chance.random() < score, project) for score in confidences(count, 9, -0.5))


def studied(project: str = "/p", count: int = 400) -> Study:
    known = labels(count, project)
    curve = calibrated(known, project)
    recent = tuple(label.score for label in known[:200])
    return Study(project, "m", "w", known, recent, curve, ladder(known, curve, (), project))


@pytest.mark.parametrize("keep", [0.5, 0.65, 0.8])
def test_the_share_is_hit_within_three_points_on_a_held_out_stream(keep: float) -> None:
    for seed in range(10):
        decisions = stream(Router(routing(keep_local=keep)), confidences(400, seed))
        assert kept(decisions) == pytest.approx(keep, abs=0.03)
        assert kept(decisions) == pytest.approx(1 - sum(d.rule == "share" for d in decisions) / 400)


@pytest.mark.parametrize("centre", [-5.0, 2.0])
def test_after_a_drift_the_share_is_hit_within_three_points(centre: float) -> None:
    for seed in range(10):
        router = Router(routing(keep_local=0.65))
        stream(router, confidences(300, seed))
        after = [
            router.decide(at_pause(score, f"after-{at}"), left=MONEY)
            for at, score in enumerate(confidences(600, 100 + seed, centre))
        ]
        assert kept(after[200:]) == pytest.approx(0.65, abs=0.04)
        assert kept(after) == pytest.approx(0.65, abs=0.03)


def test_two_projects_with_two_shares_in_one_process_do_not_meet() -> None:
    strict, loose = (
        Router(routing(keep_local=0.9), studied("/p")),
        Router(routing(keep_local=0.5), studied("/q")),
    )
    scores = confidences(600, 3)
    pairs = []
    for at, score in enumerate(scores):
        pairs.append(
            (
                strict.decide(at_pause(score, f"p-{at}"), left=MONEY),
                loose.decide(at_pause(score, f"q-{at}"), left=MONEY),
            )
        )
    first, second = [one for one, _ in pairs], [two for _, two in pairs]
    assert kept(first) == pytest.approx(0.9, abs=0.03) and kept(second) == pytest.approx(0.5, abs=0.03)
    assert {d.project for d in first} == {"/p"} and {d.project for d in second} == {"/q"}
    alone = stream(Router(routing(keep_local=0.9), studied("/p")), scores)
    assert [d.ask for d in alone] == [d.ask for d in first]


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 1), max_size=120),
    st.sampled_from((0.0, 0.3, 0.65, 0.8, 1.0)),
    st.sampled_from((0.0, 0.35, 0.65, 0.9, 1.0)),
)
def test_keeping_a_smaller_share_never_asks_less(scores: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    more, less = (stream(Router(routing(keep_local=keep)), scores) for keep in (low, high))
    asked = [(sum(d.ask for d in more[:n]), sum(d.ask for d in less[:n])) for n in range(len(scores) + 1)]
    assert all(a >= b for a, b in asked)


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1), max_size=80), st.floats(0, 1), st.floats(0, 1))
def test_demanding_more_quality_never_asks_less(scores: list[float], one: float, other: float) -> None:
    low, high = sorted((round(one, 4), round(other, 4)))
    study = STUDIED
    less, more = (stream(Router(routing(min_quality=wanted), study), scores) for wanted in (low, high))
    assert all(a.ask >= b.ask for a, b in zip(more, less, strict=True))


STUDIED = studied()


def test_quality_comes_on_top_of_the_share() -> None:
    scores = confidences(400, 4)
    plain = stream(Router(routing(keep_local=0.65), STUDIED), scores)
    demanding = stream(Router(routing(keep_local=0.65, min_quality=0.6), STUDIED), scores)
    assert {d.rule for d in demanding} == {"share", "quality", "kept"}
    assert [d.rule == "share" for d in demanding] == [d.rule == "share" for d in plain]
    assert all((d.score or 0) >= (d.cut or 0) for d in demanding if d.rule == "kept")
    assert kept(demanding) < kept(plain)
    assert demanding[-1].kept == pytest.approx(kept(demanding[:-1]))


def test_a_quality_nothing_reaches_sends_all() -> None:
    assert kept(stream(Router(routing(min_quality=1), STUDIED), confidences(50))) == 0


def test_a_project_told_to_tighten_is_only_ever_asked_less() -> None:
    """Settings may change at any moment, and act at once."""
    router = Router(routing(keep_local=0.5), STUDIED)
    scores = confidences(300, 6, -0.5)
    stream(router, scores)
    router.settings = routing(keep_local=1)
    assert not router.decide(at_pause(0.0, "new"), left=MONEY).ask
    router.settings = routing(keep_local=0)
    assert router.decide(at_pause(1.0, "newer"), left=MONEY).ask


@pytest.mark.parametrize("trigger", ["automatic", "invoked"])
@pytest.mark.parametrize("typed_over", [False, True])
def test_nothing_goes_out_in_local_only_mode(trigger: Any, typed_over: bool) -> None:
    router = Router(routing(mode="local-only", keep_local=0, min_quality=1, exploration=0.5))
    for at in range(50):
        moment = Moment(f"s-{at}", trigger, at / 50, 5000, typed_over)
        decision = router.decide(moment, left=MONEY)
        assert not decision.send and decision.rule == "mode"


@pytest.mark.parametrize(
    ("left", "most"), [(Decimal(0), 0), (Decimal("-3"), 0), (None, 0), (Decimal("0.01"), Decimal("0.02"))]
)
@pytest.mark.parametrize("mode", ["local-first", "cloud-first"])
def test_without_money_nothing_goes_out_not_even_by_hand(left: Decimal | None, most: Any, mode: str) -> None:
    router = Router(routing(mode=mode, keep_local=0, exploration=0.5))
    for at, trigger in enumerate(("invoked", "automatic") * 10):
        decision = router.decide(
            Moment(f"s-{at}", trigger, 0.01, 5000),
            left=left,
            most=Decimal(most),  # type: ignore[arg-type]
        )
        assert not decision.send and decision.rule == "budget" and "budget" in sentence(decision)


def test_what_is_closed_stays_closed_and_says_why() -> None:
    router = Router(routing(exploration=0.5))
    decision = router.decide(Moment("s", "invoked"), left=MONEY, closed="the file is never sent")
    assert not decision.send and sentence(decision) == (
        "Kept local, because the hosted model cannot be asked: the file is never sent."
    )


def test_what_could_not_be_asked_is_not_made_good_later() -> None:
    away, fresh = Router(routing()), Router(routing())
    for at, score in enumerate(confidences(300)):
        away.decide(at_pause(score, f"a-{at}"), left=MONEY, closed="it is offline")
        away.decide(at_pause(score, f"b-{at}"), left=Decimal(0))
        away.decide(Moment(f"c-{at}", "invoked", score), left=MONEY)
    later = confidences(200, 2)
    assert [d.ask for d in stream(away, later)] == [d.ask for d in stream(fresh, later)]


def test_when_no_answer_comes_the_local_one_stays_and_is_flagged() -> None:
    decision = Router(routing(keep_local=0)).decide(at_pause(0.2), left=MONEY)
    assert decision.ask
    failed = decision.failed("the provider is overloaded")
    assert not failed.send and failed.rule == "failed"
    assert (failed.suggestion, failed.score, failed.time) == ("s", 0.2, decision.time)
    assert "Kept local" in sentence(failed) and "the provider is overloaded" in sentence(failed)


@pytest.mark.parametrize("score", [math.nan, math.inf, -1.0, 1.5])
def test_what_is_no_score_counts_as_none(score: float) -> None:
    router = Router(routing(keep_local=0.5), STUDIED)
    decision = router.decide(at_pause(score), left=MONEY)
    assert (decision.rule, decision.score, decision.probability) == ("unsure", None, None)
    over = router.decide(Moment("t", "automatic", score, 0, typed_over=True), left=MONEY)
    assert over.ask and "has no score" in sentence(over)


def test_cloud_first_asks_at_a_pause_and_never_while_one_types() -> None:
    router = Router(routing(mode="cloud-first", keep_local=1))
    assert router.decide(at_pause(0.99, "a"), left=MONEY).rule == "cloud-first"
    assert router.decide(at_pause(None, "b"), left=MONEY).ask
    assert router.decide(Moment("c", "automatic", 0.1, 10.0), left=MONEY).rule == "moment"


def test_a_draft_typed_over_is_asked_about_however_sure_it_was() -> None:
    router = Router(routing(), STUDIED)
    decision = router.decide(Moment("s", "automatic", 0.9, 0.0, typed_over=True), left=MONEY)
    assert decision.ask and decision.occasion == "typed over" and "typed over" in sentence(decision)


def test_even_drafts_typed_over_are_only_asked_about_as_far_as_the_share_goes() -> None:
    router = Router(routing(keep_local=0.65))
    decisions = [
        router.decide(Moment(f"s-{at}", "automatic", score, 0, True), left=MONEY)
        for at, score in enumerate(confidences(400))
    ]
    assert kept(decisions) == pytest.approx(0.65, abs=0.03)


def test_the_same_draft_and_occasion_is_decided_and_counted_once() -> None:
    router = Router(routing(), STUDIED)
    first = router.decide(at_pause(0.3), left=MONEY)
    assert router.decide(at_pause(0.0), left=MONEY) is first
    assert router.decide(at_pause(0.3, "t"), left=MONEY).moments == 1
    for at in range(module.REMEMBERED + 5):
        router.decide(at_pause(0.5, f"n-{at}"), left=MONEY)
    assert len(router._decided) == module.REMEMBERED


def test_who_types_on_is_neither_counted_nor_remembered() -> None:
    router = Router(routing(keep_local=0))
    assert router.decide(Moment("s", "automatic", 0.0, 10.0), left=MONEY).rule == "moment"
    assert router.decide(at_pause(0.0), left=MONEY).ask


def test_exploration_sends_its_share_of_what_is_kept_and_says_that_it_only_compares() -> None:
    router = Router(routing(exploration=0.2))
    decisions = stream(router, confidences(2000))
    local = [d for d in decisions if d.rule == "kept"]
    explored = [d for d in decisions if d.explore]
    assert len(explored) / len(local) == pytest.approx(0.2, abs=0.03)
    assert all(d in local and not d.ask and d.send for d in explored)
    assert kept(decisions) == pytest.approx(0.65, abs=0.03)
    assert "only to compare" in sentence(explored[0])
    again = stream(Router(routing(exploration=0.2)), confidences(2000))
    assert [d.explore for d in again] == [d.explore for d in decisions]
    other = stream(Router(routing(exploration=0.2), seed="another"), confidences(2000))
    assert [d.explore for d in other] != [d.explore for d in decisions]
    more = stream(Router(routing(exploration=0.4)), confidences(2000))
    assert all(b.explore >= a.explore for a, b in zip(decisions, more, strict=True))
    assert not any(d.explore for d in stream(Router(routing()), confidences(500)))


def test_learning_moves_probabilities_and_leaves_the_count_of_the_session() -> None:
    router = Router(routing(), Study("/p", "m", "w"))
    stream(router, confidences(60))
    before = router.probability(0.9)
    told = replace(STUDIED, calibration=calibrated([Labelled(0.9, False, "/p")] * 300, "/p"))
    router.learned(told)
    assert (router.probability(0.9) or 1) < (before or 0)
    assert router.decide(at_pause(0.5, "next"), left=MONEY).moments == 60
    router.learned(replace(STUDIED, model="another"))
    assert router.decide(at_pause(0.5, "other"), left=MONEY).moments == 0


def test_a_decision_holds_everything_it_was_made_of() -> None:
    router = Router(routing(keep_local=0.8, min_quality=0.1), STUDIED, now=lambda: 5.0)
    first = router.decide(at_pause(0.02, "a"), left=Decimal("0.5"))
    second = router.decide(at_pause(0.95, "b"), left=Decimal("0.5"))
    assert (first.ask, second.ask) == (True, False)
    assert (second.project, second.model, second.scorer, second.time) == ("/p", "m", "w", 5.0)
    assert (second.left, second.keep_local, second.min_quality) == (Decimal("0.5"), 0.8, 0.1)
    assert (first.kept, first.moments, second.kept, second.moments) == (None, 0, 0.0, 1)
    assert second.probability == STUDIED.calibration.probability(0.95)
    assert (first.cut or 0) > 0.02 and (second.cut or 1) <= 0.95
    with pytest.raises(AttributeError):
        second.ask = True  # type: ignore[misc]


@settings(max_examples=60)
@given(
    st.sampled_from(("local-only", "local-first", "cloud-first")),
    st.floats(0, 1),
    st.floats(0, 1),
    st.lists(
        st.tuples(
            st.none() | st.floats(0, 1) | st.sampled_from((math.nan, -1.0, math.inf)),
            st.sampled_from(("automatic", "invoked")),
            st.sampled_from((0.0, 599.0, 600.0)),
            st.booleans(),
            st.sampled_from((None, Decimal(0), Decimal(1))),
            st.sampled_from(("", "no key")),
        ),
        max_size=20,
    ),
)
def test_every_decision_has_one_sentence_of_plain_words(
    mode: str, keep: float, quality: float, asked: list[Any]
) -> None:
    router = Router(
        routing(mode=mode, keep_local=round(keep, 3), min_quality=round(quality, 3), exploration=0.5)
    )
    for at, (score, trigger, pause, over, left, closed) in enumerate(asked):
        decision = router.decide(Moment(f"s-{at}", trigger, score, pause, over), left=left, closed=closed)
        said = sentence(decision)
        assert said.startswith("Sent" if decision.ask else "Kept local")
        assert said.endswith(".") and said.count(". ") == 0 and "\n" not in said
        assert not any(word in said for word in ("None", "nan", "inf ", "inf,"))
        assert not (decision.ask and decision.explore)
        if mode == "local-only" or closed or not left:
            assert not decision.send
        if decision.rule in BY_SCORE:
            assert decision.score is not None or over


def test_sentences_as_they_are_read() -> None:
    base = Decision(
        "s", "pause", 0.0, "/p", "m", "w", "share", True, False, 0.12, 0.19, 0.3567, 0.65, 0.6, 0.663, 412,
        Decimal("0.00312"),
    )  # fmt: skip
    assert sentence(base) == (
        "Sent, because the draft scored 0.12 (19 % likely to be right), below 0.36, the cut that keeps 65 % "
        "local (66 % of 412 drafts so far)."
    )
    assert sentence(replace(base, rule="kept", ask=False, score=0.71, probability=0.68)) == (
        "Kept local, because the draft scored 0.71 (68 % likely to be right), not below 0.36, the cut "
        "that keeps 65 % local (66 % of 412 drafts so far)."
    )
    assert sentence(replace(base, rule="quality")) == (
        "Sent, because the draft scored 0.12 (19 % likely to be right), below 0.36, the cut from which on "
        "drafts are right at least 60 % of the time (routing.min_quality)."
    )
    assert sentence(replace(base, rule="budget", ask=False)) == (
        "Kept local, because $0.0031 left of the budget for hosted models do not pay for it."
    )
