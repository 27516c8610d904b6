"""`nearside act` with a server that chats: the loop from a terminal, on a real project with real tests."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearside.cli import run
from settings import paths
from tests.actions.test_ladder import SUMS, TESTS, state
from tests.scripted_chat import Chats, serving

WRONG = "```python\ndef add(a, b):\n    return a * b\n```"
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


@pytest.fixture
def server() -> Iterator[Chats]:
    with serving(Chats()) as chats:
        yield chats


@pytest.fixture
def project(home: Path, server: Chats) -> Path:
    config = paths.config_file()
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f'[model]\ncompletion = {{ base_url = "{server.url}", model = "chatty" }}\n'
        "[retrieval]\nenabled = false\n"
    )
    root = home / "project"
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    (root / "sums.py").write_text(SUMS)
    (root / "tests" / "test_sums.py").write_text(TESTS)
    return root


def test_the_fix_is_shown_and_with_apply_written(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [WRONG, RIGHT, RIGHT]
    before = state(project)
    assert run(["act", "fix-test", f"{project / 'sums.py'}:2", "--tests", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["passed"], one["step"]) for one in told["attempts"]] == [(False, "tests"), (True, "tests")]
    assert "-    return a - b\n+    return a + b\n" in told["diff"] and state(project) == before
    assert "test_add" in server.heard[1]["messages"][-1]["content"]
    assert run(["act", "fix-test", f"{project / 'sums.py'}:2", "--tests", "--apply"]) == 0
    assert (project / "sums.py").read_text() == SUMS.replace("a - b", "a + b")
    after = state(project)
    assert {path for path in after if after[path] != before.get(path)} == {"sums.py"}


def test_what_passes_no_check_changes_nothing_and_says_why(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [WRONG, "I would add.", WRONG]
    before = state(project)
    assert run(["act", "fix-test", f"{project / 'sums.py'}:2", "--tests", "--apply"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and state(project) == before
    line = said.err.strip().splitlines()[-1]
    assert line.startswith("Nothing was changed. chatty tried 3 times") and "test_add" in line
    assert line.endswith("A hosted model was not asked, because routing.mode is local-only.")


def rows(sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(paths.ledger_file())) as connection:
        return connection.execute(sql).fetchall()


def test_in_a_test_the_code_it_tests_is_what_is_changed(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [RIGHT]
    at = 1 + next(
        number for number, line in enumerate(TESTS.splitlines()) if line.startswith("def test_add")
    )
    assert run(["act", "fix-test", f"{project / 'tests' / 'test_sums.py'}:{at}", "--tests", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] and told["diff"].startswith("--- a/sums.py")
    first = server.heard[0]["messages"][-1]["content"]
    assert "def test_add" in first and "tests failed" in first  # before anything is drafted


def test_a_test_that_passes_costs_no_draft(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "sums.py").write_text(SUMS.replace("a - b", "a + b"))
    assert run(["act", "fix-test", f"{project / 'sums.py'}:2", "--tests"]) == 1
    assert "the tests pass as they are" in capsys.readouterr().err and not server.heard


def test_the_ledger_has_what_was_tried_and_what_failed(project: Path, server: Chats) -> None:
    server.answers = [WRONG, RIGHT]
    assert run(["act", "fix-test", f"{project / 'sums.py'}:2", "--tests"]) == 0
    assert rows("SELECT kind, language, ending, rule, asked FROM actions") == [
        ("fix-test", "python", "passed", "", 0)
    ]
    assert rows("SELECT number, model, hosted, passed, step FROM attempts ORDER BY number") == [
        (1, "chatty", 0, 0, "tests"),
        (2, "chatty", 0, 1, "tests"),
    ]


def test_another_model_than_the_completions_may_act(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    paths.config_file().write_text(
        f'[model]\nchat = {{ base_url = "{server.url}", model = "other" }}\n[retrieval]\nenabled = false\n'
    )
    server.answers = ["It adds."]
    assert run(["act", "explain", f"{project / 'sums.py'}:1"]) == 0
    assert server.heard[0]["model"] == "other" and capsys.readouterr().out == "It adds.\n"


def test_it_gives_up_after_as_long_as_allowed(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    gone_on = threading.Event()
    server.answers, server.meanwhile = ["It adds."], lambda: gone_on.wait(20)
    assert run(["act", "explain", f"{project / 'sums.py'}:1", "--seconds", "3"]) == 1
    gone_on.set()
    assert "it was not done in 3 s" in capsys.readouterr().err
    assert rows("SELECT kind, ending FROM actions") == [("explain", "cancelled")]


def test_an_explanation_is_printed(project: Path, server: Chats, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = ["It **adds**."]
    assert run(["act", "explain", f"{project / 'sums.py'}:1-2"]) == 0
    assert capsys.readouterr().out == "It **adds**.\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["nope", "sums.py:1"], 2, "there is no 'nope'"),
        (["refactor", "sums.py:1"], 2, "needs --instruction"),
        (["explain", "sums.py"], 2, "is no FILE:LINE"),
        (["explain", "sums.py:5-2"], 2, "is no FILE:LINE"),
        (["explain", "nowhere.py:1"], 1, "does not exist"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    says: str,
) -> None:
    monkeypatch.chdir(project)
    assert run(["act", *arguments]) == status
    assert says in capsys.readouterr().err.strip().splitlines()[-1]


def test_a_problem_is_read_from_standard_input(
    project: Path, server: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers = [RIGHT]
    monkeypatch.setattr("sys.stdin", io.StringIO("E   assert 3 == 5"))
    assert run(["act", "fix-diagnostic", f"{project / 'sums.py'}:2", "--problem", "-"]) == 0
    assert "assert 3 == 5" in server.heard[0]["messages"][1]["content"]


def test_a_file_that_is_not_utf_8_is_refused_and_stays(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    latin = SUMS.encode() + "# é\n".encode("latin-1")
    (project / "sums.py").write_bytes(latin)
    server.answers = [RIGHT]
    assert run(["act", "fix-diagnostic", f"{project / 'sums.py'}:2", "--apply"]) == 1
    assert "is not UTF-8; convert it" in capsys.readouterr().err and not server.heard
    assert (project / "sums.py").read_bytes() == latin


def test_marks_and_line_ends_stay(project: Path, server: Chats) -> None:
    (project / "sums.py").write_bytes(b"\xef\xbb\xbf" + SUMS.replace("\n", "\r\n").encode())
    server.answers = [RIGHT]
    assert run(["act", "fix-diagnostic", f"{project / 'sums.py'}:6", "--apply"]) == 0
    written = (project / "sums.py").read_bytes()
    assert written.startswith(b"\xef\xbb\xbfdef add") and b"\n" not in written.replace(b"\r\n", b"")


def test_what_changed_while_the_model_wrote_is_not_overwritten(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [RIGHT]
    server.meanwhile = lambda: (project / "sums.py").write_text("# mine\n")
    assert run(["act", "fix-diagnostic", f"{project / 'sums.py'}:2", "--apply"]) == 1
    assert "changed meanwhile" in capsys.readouterr().err
    assert (project / "sums.py").read_text() == "# mine\n"


def test_tests_that_are_there_are_kept_and_new_ones_get_a_file_of_their_own(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = ["```python\ndef test_new(): ...\n```"]
    assert run(["act", "write-tests", f"{project / 'sums.py'}:2", "--apply"]) == 0
    assert (project / "tests" / "test_sums.py").read_text() == TESTS
    assert (project / "tests" / "test_sums_2.py").read_text() == "def test_new(): ...\n"
    assert "The test framework: pytest" in server.heard[0]["messages"][-1]["content"]


def test_the_projects_index_says_what_the_part_uses(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    config = paths.config_file()
    config.write_text(config.read_text().replace("enabled = false", 'embedder = "none"'))
    (project / "tax.py").write_text("def rate_of(country: str) -> float:\n    return 0.5\n")
    (project / "cart.py").write_text(
        "from tax import rate_of\n\n\ndef total(net):\n    return net * rate_of('CH')\n"
    )
    server.answers = ["It multiplies."]
    assert run(["act", "explain", f"{project / 'cart.py'}:4"]) == 0
    assert "def rate_of(country: str) -> float" in server.heard[0]["messages"][-1]["content"]


def test_what_the_model_looks_up_is_shown_to_it_and_noted_in_figures(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    server.lookups = ['{"tool": "look_up_docs", "name": "json.dumps"}']
    server.answers = ["It adds."]
    assert run(["act", "explain", f"{project / 'sums.py'}:1"]) == 0
    assert "sort_keys" in server.heard[0]["messages"][-1]["content"]
    assert rows("SELECT tool, ok, characters > 100 FROM lookups") == [("look_up_docs", 1, 1)]
