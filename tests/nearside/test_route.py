"""`nearside route`: consequences and reasons from the user's ledger, and setting the share."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from inference import calls
from inference.calls import Call
from inference.cost.prices import Tokens
from inference.ledger import Entry, Ledger
from inference.routing.decision import Moment
from inference.routing.router import Router
from inference.routing.study import study
from nearside import cli
from settings import paths, trust
from settings.layers import load, project_file
from settings.schema import Routing

NOW = time.time()
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in an empty folder, so that no project's settings are in the way."""
    (home / "empty").mkdir()
    monkeypatch.chdir(home / "empty")

    def command(*arguments: str) -> tuple[int, str, str]:
        status = cli.run(["route", *arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return command


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def config(text: str) -> None:
    file = paths.config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def live(project: Path, drafts: int = 300, hosted: bool = True) -> None:
    """Write what a session with that many stops leaves behind."""
    chance = Random(1)
    ledger = Ledger(paths.ledger_file())
    settings = replace(Routing(), mode="local-first", exploration=Decimal("0.1"))
    router = Router(settings, study(paths.ledger_file(), str(project), "m", Entry("", 0).scorer))
    asked = []
    for at in range(drafts):
        score = chance.random()
        ledger.suggested(Entry(f"s-{at}", NOW + at / 1000, str(project), model="m", confidence=score))
        ledger.labelled(f"s-{at}", chance.random() < score)
        decision = router.decide(Moment(f"s-{at}", "automatic", score, 900), left=Decimal(1))
        ledger.decided(replace(decision, time=NOW + at / 1000))
        asked += [decision] * decision.ask
        if decision.explore:
            ledger.compared(decision, agreed=False, hosted_right=True)
    ledger.close()
    with calls.opened(paths.ledger_file()) as connection:
        for number, decision in enumerate(asked if hosted else ()):
            calls.reserve(
                connection,
                Call(
                    f"c-{number}", NOW, str(project), "x", "y", Decimal(1), "completion", decision.suggestion
                ),
            )
            calls.settle(connection, f"c-{number}", Decimal("0.002"), Tokens(100, 10))


def as_json(run: Run, *arguments: str) -> dict[str, Any]:
    status, out, err = run(*arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def test_without_a_ledger_it_shows_what_was_shipped_and_says_so(run: Run) -> None:
    status, out, err = run("explain")
    assert (status, err) == (0, "")
    assert "before it was shipped" in out and "<- now" in out and "?" in out
    told = as_json(run, "explain")
    assert told["calibration"] == "shipped" and told["decisions"] == [] and told["labels"] == 0
    right = [row["right"] for row in told["consequences"]]
    assert right == sorted(right) and 0.1 < right[0] < right[-1] < 0.9
    assert not paths.ledger_file().exists()


def test_the_table_is_counted_in_the_users_ledger(run: Run, project: Path) -> None:
    live(project)
    told = as_json(run, "explain", "-n", "3")
    assert (told["labels"], told["calibration"], told["model"]) == (300, "isotonic", "m")
    shares = [row["keep_local"] for row in told["consequences"]]
    assert shares == [0.95, 0.9, 0.8, 0.7, 0.65, 0.6, 0.5]
    assert [row["now"] for row in told["consequences"]].index(True) == shares.index(0.65)
    for row in told["consequences"]:
        assert row["low"] < row["right"] < row["high"]
        assert row["labels"] == round(300 * row["keep_local"])
        assert row["dollars_a_day"] == pytest.approx(0.002 * 300 * (1 - row["keep_local"]))
    right = [row["right"] for row in told["consequences"]]
    assert right == sorted(right)
    assert told["drafts_a_day"] == 300 and told["dollars_each"] == 0.002
    assert told["compared"]["drafts"] == told["compared"]["hosted_right"] > 0


def test_the_reasons_of_the_last_decisions_are_sentences(run: Run, project: Path) -> None:
    live(project)
    told = as_json(run, "explain", "-n", "40")
    assert len(told["decisions"]) == 40
    newest = told["decisions"][0]
    assert newest["suggestion"] == "s-299" and newest["sentence"].startswith(
        ("Sent, because", "Kept local, because")
    )
    status, out, _ = run("explain", "-n", "2")
    assert status == 0 and out.count("because the draft scored") == 2
    assert run("explain", "-n", "0")[1].count("because the draft scored") == 0


def test_one_project_only_found_by_any_folder_in_it(run: Run, project: Path) -> None:
    live(project)
    inner = project / "src"
    inner.mkdir()
    for folder in (project, inner):
        told = as_json(run, "explain", "--project", str(folder))
        assert told["project"] == str(project) and len(told["decisions"]) == 10
    other = project.parent / "other"
    (other / ".git").mkdir(parents=True)
    told = as_json(run, "explain", "--project", str(other))
    assert told["decisions"] == [] and told["labels"] == 300  # other projects' labels still teach


def test_the_present_setting_has_its_row(run: Run) -> None:
    config("[routing]\nkeep_local = 0.73\nmode = 'local-first'\n")
    told = as_json(run, "explain")
    assert [row["keep_local"] for row in told["consequences"] if row["now"]] == [0.73]
    assert not any("local-only" in note for note in told["notes"])


@pytest.mark.parametrize(
    ("wanted", "said"), [("0.2", "met whatever is kept"), ("0.7", "with a score of"), ("1", "No cut meets")]
)
def test_what_a_demanded_quality_comes_to_is_said(run: Run, project: Path, wanted: str, said: str) -> None:
    live(project)
    config(f"[routing]\nmin_quality = {wanted}\n")
    assert any(said in note for note in as_json(run, "explain")["notes"])


def test_calibrate_shows_the_consequences_and_writes_the_users_own_file(run: Run, project: Path) -> None:
    live(project)
    config("# mine\n[routing]\nmode = 'local-first' # yes\n")
    status, out, err = run("calibrate", "--target", "0.8", "--min-quality", "0.5")
    assert (status, err) == (0, "")
    assert "<- new" in out and "<- now" in out and str(paths.config_file()) in out
    text = paths.config_file().read_text()
    assert text.startswith("# mine") and "# yes" in text
    routing = load(None).settings.routing
    assert (routing.keep_local, routing.min_quality) == (Decimal("0.8"), Decimal("0.5"))


def test_a_dry_run_writes_nothing(run: Run) -> None:
    status, out, _ = run("calibrate", "--target", "0.8", "--dry-run")
    assert status == 0 and "<- new" in out and "--dry-run" in out
    assert not paths.config_file().exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "neither --target nor --min-quality"),
        (("--target", "1.5"), 'routing.keep_local: "1.5" is not a number from 0 to 1'),
        (("--target", "nan"), "is not a number"),
        (("--min-quality", "high"), "routing.min_quality"),
    ],
)
def test_what_is_no_share_is_refused(run: Run, arguments: tuple[str, ...], said: str) -> None:
    status, out, err = run("calibrate", *arguments)
    assert status == 2 and said in err and out == "" and err.count("\n") == 1
    assert not paths.config_file().exists()


def test_a_projects_file_is_written_only_where_asked_for(run: Run, project: Path) -> None:
    status, out, _ = run("calibrate", "--target", "0.9", "--project", str(project))
    assert status == 0 and ".nearside.toml" in out
    assert tomllib.loads((project / ".nearside.toml").read_text()) == {"routing": {"keep_local": 0.9}}
    assert not paths.config_file().exists()
    assert load(project).settings.routing.keep_local == Decimal("0.9")  # it tightens, and needs no consent


def test_a_project_that_loosens_needs_consent_as_ever(run: Run, project: Path) -> None:
    status, out, _ = run("calibrate", "--target", "0.3", "--project", str(project))
    assert status == 0 and "nearside trust" in out
    assert load(project).settings.routing.keep_local == Decimal("0.65")


def test_consent_that_was_given_stays_given_for_what_the_user_changes(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.nearside.routing]\nkeep_local = 0.5\n")
    table = project_file(project, [])
    assert table
    trust.grant(project, table.table)
    status, out, _ = run("calibrate", "--target", "0.4", "--project", str(project))
    assert status == 0 and "nearside trust" not in out
    assert "keep_local = 0.4" in (project / "pyproject.toml").read_text()
    assert load(project).settings.routing.keep_local == Decimal("0.4")


def test_what_wins_over_the_users_file_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEARSIDE_ROUTING_KEEP_LOCAL", "0.9")
    _, out, _ = run("calibrate", "--target", "0.5")
    assert "stays 0.9, because your environment says so" in out


@pytest.mark.parametrize("command", ["explain", "calibrate"])
def test_a_folder_that_is_not_there_is_one_line(run: Run, command: str) -> None:
    more = ("--target", "0.5") if command == "calibrate" else ()
    status, out, err = run(command, *more, "--project", "/nowhere")
    assert (status, out) == (1, "") and "is no folder" in err and err.count("\n") == 1


def test_a_broken_ledger_is_one_line(run: Run) -> None:
    paths.ledger_file().write_text("no database at all, but a text of some length" * 100)
    status, out, err = run("explain")
    assert (status, out) == (1, "") and "is damaged" in err and err.count("\n") == 1


def test_a_broken_settings_file_is_left_alone(run: Run) -> None:
    config("[routing\n")
    status, _, err = run("calibrate", "--target", "0.5")
    assert status == 1 and "not valid TOML" in err and paths.config_file().read_text() == "[routing\n"
