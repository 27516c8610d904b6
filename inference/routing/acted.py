"""Code actions of the past, as the ledger has them: what was tried here, what failed, what was sent and why.

Reads the file: not for an event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from inference import calls
from inference.calls import PICO
from inference.ledger_rows import ActionEntry, AttemptEntry
from inference.routing.action import ActionDecision, Rule

_ACTION, _ATTEMPT = ActionEntry.__dataclass_fields__, AttemptEntry.__dataclass_fields__
_ACTIONS = f"""
    SELECT {', '.join(_ACTION)}, (
        SELECT sum(COALESCE(cost, reserved)) FROM calls
        WHERE suggestion = actions.id AND state <> 'released'
    )
    FROM actions WHERE ? IS NULL OR project = ? ORDER BY time DESC, id LIMIT ?
"""
_ATTEMPTS = f"SELECT {', '.join(_ATTEMPT)} FROM attempts WHERE action = ? ORDER BY number"


@dataclass(frozen=True, slots=True)
class Acted:
    """One action that has ended."""

    action: ActionEntry
    attempts: tuple[AttemptEntry, ...]
    cost: Decimal
    """US dollars of hosted models, at most where that is not known."""


def acted(ledger: Path, project: str | None, limit: int) -> list[Acted]:
    """Return the newest actions, the newest first. Raises LedgerUnusable."""
    found: list[Acted] = []
    if not ledger.exists():
        return found
    with calls.read(ledger, "No actions were shown") as connection:
        for *values, cost in connection.execute(_ACTIONS, (project, project, limit)).fetchall():
            action = _entry(ActionEntry, values)
            rows = connection.execute(_ATTEMPTS, (action.id,)).fetchall()
            attempts = tuple(_entry(AttemptEntry, row) for row in rows)
            found.append(Acted(action, attempts, Decimal(cost or 0) / PICO))
    return found


def told(one: Acted) -> str:
    """Return one sentence: what was tried, what failed at which check, and why more was asked or not."""
    action = one.action
    said = [_tries([attempt for attempt in one.attempts if not attempt.hosted])]
    said += [_tries([attempt for attempt in one.attempts if attempt.hosted])]
    if action.rule:
        decision = ActionDecision(cast(Rule, action.rule), action.asked, note=action.note)
        asked = "the hosted model was asked" if action.asked else "no hosted model was asked"
        said.append(f"{asked}, because {decision.because}" if decision.because else asked)
    ends = {"passed": "it passed", "cancelled": "it was cancelled"}
    said.append(ends.get(action.ending, "nothing changed"))
    return f"{action.kind}: {'; '.join(filter(None, said))}."


def _tries(attempts: list[AttemptEntry]) -> str:
    if not attempts:
        return ""
    failed = [attempt.step for attempt in attempts if not attempt.passed]
    said = f"failed at {', '.join(failed)}" if failed else ""
    passed = f"passed {attempts[-1].step}" if attempts[-1].passed else ""
    return f"{attempts[0].model} {' and then '.join(filter(None, (said, passed)))}"


def _entry(kind: Any, values: Any) -> Any:
    return kind(*values)
