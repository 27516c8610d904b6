"""`nearside eval` with a scripted server: what it asks, counts, saves, goes on with and prints."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actions.kinds import TASKS
from nearside.cli import run
from nearside.evaluation.tasks import EvalTask, load_all
from settings import paths
from tests.fake_cloud import KEY, PRICES, TERRA, FakeCloud
from tests.nearside.eval_models import Strong, part_of, wrong
from tests.scripted_chat import Chats, serving

FEW = "invoice-rounding,token-bucket"


@pytest.fixture
def server(home: Path) -> Iterator[Chats]:
    configured("")
    with serving(Chats(script=Strong(), usage=True)) as chats:
        yield chats


def configured(text: str) -> None:
    config = paths.config_file()
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[retrieval]\nenabled = false\n" + text)


def evaluated(server: Chats, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Run an evaluation of the scripted model and return what it saved."""
    there = ["--base-url", server.url, "--served-model", "strong"]
    assert run(["eval", *there, "--json", *options]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", TASKS)
def test_what_fails_at_first_is_solved_in_the_loop_and_not_raw(
    server: Chats, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    ready = [task.name for task in load_all() if task.kind == kind and not task.missing]
    told = evaluated(server, capsys, "--runs", "1", "--kinds", kind)
    assert [one["task"] for one in told["seen"]] == ready
    assert [(one["solved"], one["raw"]) for one in told["seen"]] == [(True, False)] * len(ready)
    tries = [[(each["passed"], each["step"]) for each in one["tries"]] for one in told["seen"]]
    assert tries == [[(False, "tests"), (True, "tests")]] * len(ready)
    assert len(server.heard) == 3 * len(ready)


def test_the_table_has_the_score_the_speed_and_what_failed(
    server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    address = ["--base-url", server.url, "--served-model", "strong"]
    assert run(["eval", *address, "--runs", "2", "--tasks", FEW]) == 0
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines()]
    [row] = [row for row in rows if row[:1] == ["strong"]]
    assert row[1:4] == ["unknown", "4/4", "0/4"] and row[5:] == ["unknown", "0.00", "0", "2", "x", "2"]
    assert float(row[4].replace(",", "")) > 0
    assert ["bug", "fix", "2/2", "0/2"] in rows and ["test-driven", "development", "2/2", "0/2"] in rows
    assert ["tests", "4"] in rows and "Not solved" not in said.out
    assert "4 of 4, token-bucket, run 2: drafting again (2 of 3)" in said.err
    assert len(server.heard) == 12


def test_without_raw_only_the_loop_is_asked(server: Chats, capsys: pytest.CaptureFixture[str]) -> None:
    told = evaluated(server, capsys, "--runs", "1", "--tasks", "durations", "--no-raw")
    assert [one["raw"] for one in told["seen"]] == [None] and len(server.heard) == 2
    assert run(["eval", "--compare", str(only_saved())]) == 0
    assert "raw" not in capsys.readouterr().out


def only_saved() -> Path:
    [file] = (paths.state_dir() / "eval").glob("*.json")
    return file


def test_a_model_that_solves_nothing_is_said_why(server: Chats, capsys: pytest.CaptureFixture[str]) -> None:
    server.script = lambda body: "I would round later."
    told = evaluated(server, capsys, "--runs", "1", "--tasks", "invoice-rounding")
    [seen] = told["seen"]
    assert (seen["solved"], seen["raw"]) == (False, False)
    assert {one["step"] for one in seen["tries"]} == {"answer"} and "only words" in seen["raw_why"]
    assert run(["eval", "--compare", str(only_saved())]) == 0
    printed = capsys.readouterr().out
    assert "Not solved" in printed and "only words" in printed and "answer" in printed


def test_what_passes_the_visible_tests_alone_has_failed_the_hidden_ones(
    server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    task = next(task for task in load_all() if task.name == "sales-report")
    server.script = lambda body: (
        "```python\n"
        + part_of(task)
        .replace("return sorted", "# sorted by its key\n        return sorted")
        .replace("lambda sale: sale.article.lower()", "lambda sale: sale.article.title().lower()")
        .replace("if not sale.cancelled", "if not sale.cancelled and sale.cents > 0")
        + "```"
    )
    told = evaluated(server, capsys, "--runs", "1", "--tasks", "sales-report")
    [seen] = told["seen"]
    assert [one["passed"] for one in seen["tries"]] == [True] and not seen["solved"] and not seen["raw"]
    assert "hidden tests failed" in seen["why"]
    assert run(["eval", "--compare", str(only_saved())]) == 0
    assert ["hidden", "tests", "1"] in [line.split() for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Hear SIGINT, which a shell has its background jobs ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_evaluation_that_is_cut_goes_on_where_it_was(
    server: Chats, interruptible: None, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        if len(server.heard) == 5:
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(0.2)  # the client hangs up meanwhile

    server.meanwhile = interrupt
    address = ["--base-url", server.url, "--served-model", "strong"]
    assert run(["eval", *address, "--runs", "2", "--tasks", FEW]) == 1
    said = capsys.readouterr()
    assert "1/1" in said.out and "2 x 2, 1 run" in said.out
    assert "1 of 4 runs are done; `nearside eval --continue` goes on." in said.err
    assert json.loads(only_saved().read_text())["complete"] is False
    server.meanwhile = lambda: None
    heard = len(server.heard)
    assert run(["eval", "--continue", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["task"], one["run"]) for one in told["seen"]] == [
        ("invoice-rounding", 1), ("token-bucket", 1), ("invoice-rounding", 2), ("token-bucket", 2)
    ]  # fmt: skip
    assert len(server.heard) - heard == 9 and told["complete"]
    assert run(["eval", "--continue"]) == 1
    assert "no evaluation was cut" in capsys.readouterr().err


def test_time_that_is_up_is_said(server: Chats, capsys: pytest.CaptureFixture[str]) -> None:
    address = ["--base-url", server.url, "--served-model", "strong"]
    assert run(["eval", *address, "--tasks", FEW, "--minutes", "0.00001"]) == 1
    assert "0 of 6 runs are done; run it again, or allow more time." in capsys.readouterr().err


def test_a_server_that_goes_away_ends_it_and_keeps_what_is_there(
    server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = contextlib.ExitStack()
    other = stop.enter_context(serving(Chats(script=Strong(), usage=True)))
    other.meanwhile = lambda: stop.close() if len(other.heard) == 4 else None
    address = ["--base-url", other.url, "--served-model", "strong"]
    assert run(["eval", *address, "--tasks", FEW, "--runs", "1"]) == 1
    said = capsys.readouterr()
    assert "1/1" in said.out and len(json.loads(only_saved().read_text())["seen"]) == 1
    assert "goes on from here" in said.err.splitlines()[-1]


def test_nothing_answers(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured("")
    address = ["--base-url", "http://127.0.0.1:9", "--served-model", "x", "--tasks", "durations"]
    assert run(["eval", *address]) == 1
    said = capsys.readouterr()
    assert "nothing answers at http://127.0.0.1:9" in said.err and said.out == ""
    assert not (paths.state_dir() / "eval").exists()


def test_models_stand_side_by_side(server: Chats, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    evaluated(server, capsys, "--runs", "1", "--tasks", FEW, "--out", str(tmp_path / "one.json"))
    server.script = lambda body: ""
    address = ["--base-url", server.url, "--served-model", "weak", "--runs", "1", "--no-raw"]
    assert run(["eval", *address, "--tasks", "durations", "--out", str(tmp_path / "two.json")]) == 0
    capsys.readouterr()
    files = [str(tmp_path / "one.json"), str(tmp_path / "two.json")]
    assert run(["eval", "--compare", *files]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[2:4] for row in rows if row[:1] in (["strong"], ["weak"])] == [["2/2", "0/2"], ["0/1", "-"]]
    assert ["test-driven", "development", "1/1", "0/1", "0/1", "-"] in rows
    assert run(["eval", "--compare", "--json", *files]) == 0
    assert [one["model"] for one in json.loads(capsys.readouterr().out)] == ["strong", "weak"]
    later = (tmp_path / "one.json").read_text().replace('"version": 1', '"version": 2')
    (tmp_path / "one.json").write_text(later)
    assert run(["eval", "--compare", *files]) == 1
    assert "no evaluation of this version" in capsys.readouterr().err


def test_tasks_of_ones_own(server: Chats, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    task = tmp_path / "tasks" / "doubling"
    (task / "project").mkdir(parents=True)
    (task / "hidden").mkdir()
    (task / "project" / "sums.py").write_text("def double(a):\n    return a\n")
    (task / "hidden" / "test_sums.py").write_text(
        "import unittest\nfrom sums import double\n\n\nclass T(unittest.TestCase):\n"
        "    def test_double(self):\n        self.assertEqual(double(2), 4)\n"
    )
    (task / "task.toml").write_text(
        'title = "Double"\nkind = "bug fix"\naction = "fix-diagnostic"\nfile = "sums.py"\n'
        'symbol = "double"\nproblem = "it does not double"\ntests = "{python} -m unittest -v"\n'
    )
    server.script = lambda body: "```python\ndef double(a):\n    return 2 * a\n```"
    told = evaluated(server, capsys, "--tasks-from", str(tmp_path / "tasks"), "--runs", "1")
    assert [(one["task"], one["raw"]) for one in told["seen"]] == [("doubling", True)]
    assert "it does not double" in server.heard[0]["messages"][-1]["content"]


def test_a_task_whose_tool_is_missing_is_left_out_and_said(
    server: Chats, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, *a, **k: None if name == "go" else which(name, *a, **k))
    address = ["eval", "--base-url", server.url, "--served-model", "strong", "--runs", "1", "--no-raw"]
    assert run([*address, "--tasks", "durations,table-align"]) == 0
    assert "table-align is left out, because go is not installed." in capsys.readouterr().err
    told = json.loads(only_saved().read_text())
    assert [one["task"] for one in told["seen"]] == ["durations"] and list(told["left_out"]) == [
        "table-align"
    ]
    assert run([*address, "--tasks", "table-align"]) == 1
    assert "because go is not installed; install it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--tasks", "nope"], 1, "there is no task 'nope'"),
        (["--kinds", "puzzle"], 1, "there is no kind 'puzzle'"),
        (["--runs", "0"], 2, "--runs"),
        (["--model", "a.gguf", "--base-url", "http://x"], 2, "name two"),
        (["--served-model", "x"], 2, "give --base-url"),
        (["--base-url", "http://x"], 2, "name one with --served-model"),
        (["--base-url", "nonsense", "--served-model", "x"], 1, "no address of a server"),
        (["--budget", "1"], 2, "give --cloud"),
        (["--budget", "much", "--cloud"], 2, "is no amount"),
        (["--budget", "-1", "--cloud"], 2, "is no amount"),
        (["--cloud"], 1, "routing.mode is local-only"),
        (["--model", "nowhere.gguf"], 1, "there is no file"),
        (["--tasks-from", "nowhere"], 1, "there is no folder"),
        (["--compare"], 2, "no file was named"),
        (["--compare", "nowhere.json"], 1, "nowhere.json was not read"),
        (["saved.json"], 2, "did you mean --compare?"),
        (["--continue"], 1, "no evaluation was cut"),
        (["--continue", "--runs", "1"], 2, "--runs cannot be given with --continue"),
        (["--compare", "--no-raw", "x.json"], 2, "--raw cannot be given with --compare"),
        (["--out", "nowhere/x.json"], 2, "lies in a folder that is not there"),
        (["--out", "."], 2, "is a folder"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    status: int,
    says: str,
) -> None:
    configured("")
    monkeypatch.chdir(home)
    assert run(["eval", *options]) == status
    said = capsys.readouterr()
    assert says in said.err and said.out == "" and "Traceback" not in said.err
    assert not (paths.state_dir() / "eval").exists()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"version": 1}', '{"version": 2, "seen": []}', '{"version": 1, "plan": {}, "seen": 7}'],
)
def test_what_is_no_saved_evaluation_is_not_compared(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "x.json").write_text(text)
    assert run(["eval", "--compare", str(tmp_path / "x.json")]) == 1
    assert "was not read" in capsys.readouterr().err


def test_the_temporary_projects_are_gone(
    server: Chats, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    evaluated(server, capsys, "--runs", "1", "--tasks", "durations")
    assert list(tmp_path.iterdir()) == [] and list((paths.cache_dir() / "scratch").iterdir()) == []


def hosted_settings(cloud: FakeCloud) -> str:
    price = ", ".join(
        f'"{name}" = {{ input = {one.input}, output = {one.output} }}' for name, one in PRICES.items()
    )
    return (
        f'[routing]\nmode = "local-first"\n[cloud]\nprovider = "openai-compatible"\nmodel = "{TERRA}"\n'
        f'base_url = "{cloud.url}/v1"\napi_key_env = "SOME_KEY"\n[cost]\nprices = {{ {price} }}\n'
    )


def block(task: EvalTask) -> str:
    """Return a solution as a hosted model sends it."""
    old = "\n".join(task.texts[task.file].splitlines()[task.first : task.last + 1])
    return f"{task.file}\n<<<<<<< SEARCH\n{old}\n=======\n{part_of(task)}>>>>>>> REPLACE\n"


@pytest.fixture
def cloud(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCloud]:
    monkeypatch.setenv("SOME_KEY", KEY)
    task = next(task for task in load_all() if task.name == "rent-schedule")
    with FakeCloud(block(task), chunk=4000) as cloud:
        configured(hosted_settings(cloud))
        yield cloud


def ledger(sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(paths.ledger_file())) as connection:
        return connection.execute(sql).fetchall()


def test_what_the_local_model_cannot_the_hosted_one_does_and_both_are_on_record(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    task = next(task for task in load_all() if task.name == "rent-schedule")
    answers = [
        "I would look at the months.",
        "```\ndef due_dates(\n```",
        f"```\n{wrong(task, part_of(task))}```",
    ]
    with serving(Chats([*answers, answers[2]], usage=True)) as local:
        told = evaluated(local, capsys, "--cloud", "--runs", "1", "--tasks", "rent-schedule")
    [seen] = told["seen"]
    assert [(one["hosted"], one["passed"], one["step"]) for one in seen["tries"]] == [
        (False, False, "answer"), (False, False, "parses"), (False, False, "tests"), (True, True, "tests")
    ]  # fmt: skip
    assert (seen["solved"], seen["raw"]) == (True, False) and told["hosted_model"] == TERRA
    assert Decimal(seen["cost"]) == cloud.bill > 0
    assert ledger("SELECT kind, ending, rule, asked FROM actions") == [("fix-test", "passed", "failed", 1)]
    assert ledger("SELECT number, hosted, passed, step FROM attempts ORDER BY number") == [
        (1, 0, 0, "answer"), (2, 0, 0, "parses"), (3, 0, 0, "tests"), (4, 1, 1, "tests")
    ]  # fmt: skip
    assert run(["eval", "--compare", str(only_saved())]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["answer", "1", "0"] in rows and ["tests", "1", "0"] in rows
    [row] = [row for row in rows if row[:3] == ["strong", "+", TERRA]]
    assert row[4:6] == ["1/1", "0/1"] and row[-4:] == ["1", "1", "x", "1"]


def test_the_bundled_model_completes_and_a_hosted_one_acts(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["eval", "--model", "auto", "--runs", "1", "--tasks", "rent-schedule"]
    assert run(chosen) == 1
    said = capsys.readouterr()
    assert "completes code and does not chat" in said.err and not cloud.received
    assert run([*chosen, "--cloud", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    [seen] = told["seen"]
    assert [(one["hosted"], one["passed"]) for one in seen["tries"]] == [(True, True)] and seen["solved"]
    assert seen["raw"] is False and seen["raw_why"]
    assert ledger("SELECT rule, asked FROM actions") == [("no model", 1)]
    assert told["weights"] > 1_000_000 and told["memory"] > told["weights"]
    assert Decimal(seen["cost"]) == cloud.bill > 0


def test_no_more_is_spent_than_allowed(cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Chats(script=lambda body: "No.", usage=True)) as local:
        told = evaluated(
            local,
            capsys,
            "--cloud",
            "--runs",
            "1",
            "--tasks",
            "rent-schedule",
            "--budget",
            "0.000001",
            "--no-raw",
        )
    [seen] = told["seen"]
    assert not cloud.received and not seen["solved"] and "budget" in seen["why"]
    assert not any(one["hosted"] for one in seen["tries"])
