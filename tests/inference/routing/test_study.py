"""What is learned from a ledger: labels of the same model, scores of the same project, and costs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from inference import calls, ledger_file
from inference.calls import Call, LedgerUnusable
from inference.confidence import version
from inference.cost.prices import Tokens
from inference.ledger import Entry, Ledger
from inference.routing.decision import Decision
from inference.routing.exploration import agree, explores
from inference.routing.router import Router
from inference.routing.study import Compared, Study, history, latest_model, study
from settings.schema import Routing

NOW = time.time()
ASKED = Decision(
    "s-0", "pause", NOW, "/p", "m", version(), "share", True, score=0.1, cut=0.3, keep_local=0.65
)


@pytest.fixture
def file(home: Path) -> Path:
    return home / "ledger.db"


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    opened = Ledger(file)
    yield opened
    opened.close()


def suggest(ledger: Ledger, id: str, score: float | None, right: bool | None, **values: Any) -> None:
    ledger.suggested(Entry(id, **{"time": NOW, "project": "/p", "model": "m", "confidence": score} | values))
    if right is not None:
        ledger.labelled(id, right)


def learned(ledger: Ledger, project: str = "/p") -> Study:
    assert ledger.flush()
    return study(ledger.path, project, "m", version())


def test_a_draft_counts_with_its_score_at_decode_time_and_what_became_of_it(ledger: Ledger) -> None:
    suggest(ledger, "right", 0.8, True)
    suggest(ledger, "wrong", 0.3, False)
    suggest(ledger, "open", 0.5, None)
    suggest(ledger, "unscored", None, True)
    found = learned(ledger)
    assert {(label.score, label.right) for label in found.labels} == {(0.8, True), (0.3, False)}


def test_an_accepted_draft_that_mostly_survived_was_right(ledger: Ledger) -> None:
    suggest(ledger, "edited", 0.8, False)
    ledger.survived("edited", True)
    suggest(ledger, "thrown away", 0.4, False)
    ledger.survived("thrown away", False)
    assert {(label.score, label.right) for label in learned(ledger).labels} == {(0.8, True), (0.4, False)}


def test_labels_of_another_model_or_of_other_weights_do_not_count(ledger: Ledger) -> None:
    suggest(ledger, "mine", 0.8, True)
    suggest(ledger, "other", 0.8, False, model="another")
    suggest(ledger, "older", 0.8, False, scorer="old weights")
    assert [label.right for label in learned(ledger).labels] == [True]


def test_labels_of_all_projects_come_each_with_its_own(ledger: Ledger) -> None:
    suggest(ledger, "here", 0.8, True)
    suggest(ledger, "there", 0.2, False, project="/q")
    assert {label.project for label in learned(ledger).labels} == {"/p", "/q"}


def test_two_hundred_labels_in_the_file_make_a_curve_of_their_own(ledger: Ledger) -> None:
    chance = Random(1)
    for at in range(250):
        score = chance.random()
        suggest(ledger, f"s-{at}", score, chance.random() < score / 3)
    found = learned(ledger)
    assert found.calibration.kind == "isotonic" and len(found.labels) == 250
    assert found.calibration.probability(0.9) < 0.5


def test_recent_scores_are_the_projects_own_or_its_users_while_there_are_few(ledger: Ledger) -> None:
    for at in range(60):
        ledger.decided(replace(ASKED, suggestion=f"q-{at}", project="/q", score=0.9, time=NOW + at))
    ledger.decided(replace(ASKED, score=0.2, time=NOW + 100))
    ledger.decided(replace(ASKED, suggestion="by hand", rule="explicit", time=NOW + 101))
    ledger.decided(replace(ASKED, suggestion="over", occasion="typed over", score=0.5, time=NOW + 102))
    assert learned(ledger, "/q").recent == (0.9,) * 60
    assert learned(ledger).recent == (*(0.9,) * 60, 0.2, 0.05)


def test_a_router_goes_on_where_the_last_session_ended(ledger: Ledger) -> None:
    """The cut of a new session is the quantile of what was decided before it."""
    for at in range(200):
        ledger.decided(replace(ASKED, suggestion=f"s-{at}", score=at / 200, time=NOW + at))
    router = Router(replace(Routing(), mode="local-first"), learned(ledger))
    assert router._share.cut(0.65) == pytest.approx(0.35, abs=0.01)


def test_decisions_come_back_as_they_were_made_the_newest_first(ledger: Ledger) -> None:
    second = replace(
        ASKED, suggestion="s-1", time=NOW + 1, rule="closed", ask=False, note="no key", left=Decimal("0.25"),
        cut=float("inf"), explore=False,
    )  # fmt: skip
    ledger.decided(ASKED)
    ledger.decided(second)
    assert ledger.flush()
    assert history(ledger.path, None, 10).decisions == (second, ASKED)
    assert history(ledger.path, "/p", 1).decisions == (second,)
    assert history(ledger.path, "/q", 10).decisions == ()


def test_an_answer_that_never_came_replaces_the_decision_to_ask(ledger: Ledger) -> None:
    ledger.decided(ASKED)
    ledger.decided(ASKED.failed("the connection broke"))
    assert ledger.flush()
    [kept] = history(ledger.path, None, 10).decisions
    assert (kept.rule, kept.ask, kept.note) == ("failed", False, "the connection broke")


def test_what_a_comparison_came_to_is_kept(ledger: Ledger) -> None:
    for id, local, agreed, hosted in (
        ("a", True, True, None),  # the same answer: what is true of one is true of the other
        ("b", False, True, None),
        ("c", False, False, True),
        ("d", True, False, False),
        ("e", True, False, None),  # not known yet
    ):
        suggest(ledger, id, 0.5, local)
        decision = replace(ASKED, suggestion=id, rule="kept", ask=False, explore=True)
        ledger.decided(decision)
        ledger.compared(decision, agreed=agreed)
        if hosted is not None:
            ledger.compared(decision, hosted_right=hosted)
    ledger.decided(replace(ASKED, suggestion="f"))
    assert ledger.flush()
    assert history(ledger.path, "/p", 0).compared == Compared(4, 2, 2, 2)


def test_costs_are_those_of_completions_that_were_charged(file: Path, ledger: Ledger) -> None:
    for at in range(10):
        ledger.decided(replace(ASKED, suggestion=f"s-{at}"))
    assert ledger.flush()
    with calls.opened(file) as connection:
        for id, suggestion, purpose in (
            ("1", "s-1", "completion"),
            ("2", "s-1", "completion"),
            ("3", "", "edit"),
        ):
            calls.reserve(connection, Call(id, NOW, "/p", "x", "y", Decimal("0.5"), purpose, suggestion))
        calls.settle(connection, "1", Decimal("0.02"), Tokens(10, 1))
        calls.settle(connection, "2", Decimal("0.04"), Tokens(10, 1))
    spending = history(file, "/p", 0).spending
    assert (spending.stops, spending.asked, spending.cost) == (10.0, 1, Decimal("0.06"))


def test_the_newest_draft_says_which_model_it_is_about(file: Path, ledger: Ledger) -> None:
    assert latest_model(file) is None
    suggest(ledger, "old", 0.5, True, time=NOW - 9)
    suggest(ledger, "new", 0.5, True, model="n", project="/q")
    assert ledger.flush()
    assert latest_model(file) == ("n", version()) and latest_model(file, "/p") == ("m", version())


def test_no_ledger_teaches_nothing_and_a_broken_one_neither(file: Path) -> None:
    assert study(file, "/p", "m", "w").labels == ()
    assert history(file, None, 10).decisions == ()
    file.write_text("this is no database, whatever its name says; it is long enough to be looked at" * 20)
    assert study(file, "/p", "m", "w").recent == ()
    with pytest.raises(LedgerUnusable):
        history(file, None, 10)


def test_figures_that_are_none_are_left_out(file: Path) -> None:
    ledger_file.open_ledger(file).close()
    with sqlite3.connect(file) as connection:
        for id, score in (("a", "high"), ("b", float("inf")), ("c", -1.0), ("d", 0.5)):
            connection.execute(
                "INSERT INTO suggestions "
                "SELECT ?, 1, '/p', '', '', 'm', '', ?, 1, 1, 1, 1, 1, 1, 1, 0, '', 1, 0, 'w'",
                (id, score),
            )
            connection.execute(
                "INSERT INTO decisions VALUES (?, 'pause', ?, '/p', 'm', 'w', 'kept', 'x', 0, ?, ?, ?, "
                "'y', 0, ?, 'many', 'rich', ?, 0, 0)",
                (id, f"{id}o'clock", score, score, score, score, "a\x1b[31mb"),
            )
    connection.close()
    assert [label.score for label in study(file, "/p", "m", "w").labels] == [0.5]
    assert set(study(file, "/p", "m", "w").recent) == {0.5}
    for decision in history(file, None, 10).decisions:
        assert decision.note == "a?[31mb" and (decision.left, decision.moments) == (None, 0)


def test_a_ledger_of_the_version_before_is_brought_up_to_date(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(ledger_file, "MIGRATIONS", ledger_file.MIGRATIONS[:2])
        connection = ledger_file.open_ledger(file)
        connection.execute(
            "INSERT INTO suggestions "
            "SELECT 'a', ?, '/p', '', '', 'm', '', 0.5, 1, 1, 1, 1, 1, 1, 1, 0, '', 1, 0",
            (NOW,),
        )
        connection.close()
    assert study(file, "/p", "m", version()).labels == ()  # nobody knows which weights scored it
    assert len(study(file, "/p", "m", "").labels) == 1


def test_old_decisions_are_forgotten(file: Path) -> None:
    first = Ledger(file)
    first.decided(replace(ASKED, suggestion="old", time=NOW - ledger_file.KEPT_SECONDS - 60))
    first.decided(ASKED)
    first.close()
    again = Ledger(file)
    again.shown("x")
    again.close()
    assert [one.suggestion for one in history(file, None, 10).decisions] == ["s-0"]


def test_whether_one_is_explored_depends_on_its_id_alone() -> None:
    ids = [f"s-{at}" for at in range(4000)]
    chosen = [id for id in ids if explores(id, 0.05)]
    assert 140 < len(chosen) < 260
    assert chosen == [id for id in reversed(ids) if explores(id, 0.05)][::-1]
    assert set(chosen) <= {id for id in ids if explores(id, 0.2)}
    assert not any(explores(id, 0) for id in ids) and all(explores(id, 1) for id in ids[:50])


@pytest.mark.parametrize(
    ("local", "hosted", "same"),
    [
        ("return x", "return x\n    y", True),
        ("\n    return  x", "return x", True),
        ("return x", "return y", False),
        ("", "\n \n", True),
    ],
)
def test_answers_agree_where_their_first_lines_do(local: str, hosted: str, same: bool) -> None:
    assert agree(local, hosted) is same
