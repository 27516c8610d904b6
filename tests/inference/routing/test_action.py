"""An action asks the hosted model by what failed here, never where settings or money forbid it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from inference.routing.action import Failed, Rule, decide, hosted_first
from settings.schema import Actions, Routing

TESTS, BLOCKED = Failed("tests"), Failed("tests", blocked=True)


def routing(mode: str = "local-first", escalate: str = "when checks fail") -> Routing:
    return Routing(mode=mode, actions=Actions(escalate=escalate))


@pytest.mark.parametrize(
    ("settings", "failed", "left", "closed", "rule", "ask"),
    [
        (routing("local-only", "always"), [TESTS], 1, "", "mode", False),
        (routing(escalate="never"), [TESTS], 1, "", "never", False),
        (routing(), [TESTS], 1, "a.py is never sent", "closed", False),
        (routing(), [TESTS, BLOCKED], 1, "", "blocked", False),
        (routing(), [TESTS], 0, "", "budget", False),
        (routing(), [TESTS], None, "", "budget", False),
        (routing(), [TESTS] * 3, 1, "", "failed", True),
        (routing(), [], 1, "", "no model", True),
        (routing(escalate="always"), [], 1, "", "always", True),
        (routing("cloud-first"), [], 1, "", "cloud-first", True),
        (routing("cloud-first", "never"), [], 1, "", "never", False),
    ],
)
def test_the_rule_that_decides(
    settings: Routing, failed: list[Failed], left: int | None, closed: str, rule: Rule, ask: bool
) -> None:
    money = None if left is None else Decimal(left)
    decision = decide(settings, failed, left=money, closed=closed)
    assert (decision.rule, decision.ask) == (rule, ask) and decision.because


def test_a_draft_that_passed_is_not_asked_about() -> None:
    decision = decide(routing(), [TESTS], passed=True, left=Decimal(1), closed="")
    assert (decision.rule, decision.ask) == ("passed", False)


def test_why_it_was_asked_names_the_check_that_failed() -> None:
    decision = decide(routing(), [Failed("parses"), Failed("lint")], left=Decimal(1), closed="")
    assert decision.because == "local drafts failed 2 times, at last at lint"


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        (routing(), False),
        (routing(escalate="always"), True),
        (routing("cloud-first"), True),
        (routing("cloud-first", "never"), False),
    ],
)
def test_where_an_action_begins_with_the_hosted_model(settings: Routing, first: bool) -> None:
    assert hosted_first(settings) is first
