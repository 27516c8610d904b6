"""The ledger tells of every action what was tried here, what failed, and what was sent and why."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from inference.calls import LedgerUnusable
from inference.ledger import Ledger
from inference.ledger_rows import ActionEntry, AttemptEntry
from inference.routing.acted import acted, told
from nearside.cli import run
from settings import paths

ACTION = ActionEntry(
    "a1", 1_760_000_000.0, "/p", "fix-test", "python", "passed", "failed", True, "local drafts failed"
)
TRIES = (
    AttemptEntry("a1", 1, "small", False, False, "parses", 1.0, 10),
    AttemptEntry("a1", 2, "small", False, False, "tests", 1.0, 10),
    AttemptEntry("a1", 3, "large", True, True, "tests", 2.0, 20),
)


def noted(file: Path, *actions: tuple[ActionEntry, tuple[AttemptEntry, ...]]) -> Path:
    ledger = Ledger(file)
    for action, attempts in actions:
        ledger.acted(action, attempts)
    assert ledger.flush()
    ledger.close()
    return file


def test_what_was_noted_comes_back_the_newest_first(tmp_path: Path) -> None:
    other = replace(ACTION, id="a2", time=ACTION.time + 1, project="/q")
    file = noted(tmp_path / "ledger.sqlite", (ACTION, TRIES), (other, ()))
    found = acted(file, None, 10)
    assert [(one.action, one.attempts, one.cost) for one in found] == [
        (other, (), Decimal(0)), (ACTION, TRIES, Decimal(0)),
    ]  # fmt: skip
    assert [one.action.id for one in acted(file, "/p", 10)] == ["a1"]
    assert [one.action.id for one in acted(file, None, 1)] == ["a2"]
    assert acted(tmp_path / "nowhere", None, 10) == []


def test_one_sentence_says_it_all(tmp_path: Path) -> None:
    kept = ActionEntry("a3", 1.0, "/p", "document", "go", "nothing", "never", False)
    file = noted(tmp_path / "ledger.sqlite", (ACTION, TRIES), (kept, ()))
    passed, nothing = (told(one) for one in acted(file, None, 10))
    assert passed == (
        "fix-test: small failed at parses, tests; large passed tests; "
        "the hosted model was asked, because local drafts failed; it passed."
    )
    assert nothing == (
        "document: no hosted model was asked, because routing.actions.escalate is never; nothing changed."
    )


def test_an_action_noted_twice_counts_once(tmp_path: Path) -> None:
    file = noted(tmp_path / "ledger.sqlite", (ACTION, TRIES), (ACTION, TRIES))
    assert len(acted(file, None, 10)) == 1 and len(acted(file, None, 10)[0].attempts) == len(TRIES)


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerUnusable, match="No actions were shown"):
        acted(file, None, 10)


def test_the_command_shows_them(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["route", "actions"]) == 0
    assert capsys.readouterr().out == "No code action has run yet.\n"
    noted(paths.ledger_file(), (ACTION, TRIES))
    assert run(["route", "actions", "-n", "5"]) == 0
    assert "fix-test: small failed at parses, tests; large passed tests" in capsys.readouterr().out
    assert run(["route", "actions", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["rule"] == "failed" and row["dollars"] == 0 and len(row["attempts"]) == 3
