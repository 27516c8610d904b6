"""`nearside act` with a server that chats: the loop from a terminal, on a real project with real tests."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nearside.cli import run
from settings import paths
from tests.actions.test_ladder import SUMS, TESTS, state

WRONG = "```python\ndef add(a, b):\n    return a * b\n```"
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


@dataclass
class Chats:
    """A server that says one answer a request."""

    answers: list[str]
    url: str = ""
    heard: list[Any] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """What happens before an answer."""


@pytest.fixture
def server() -> Iterator[Chats]:
    chats = Chats([])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chats.heard.append(body)
            chats.meanwhile()
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for part in [{"content": chats.answers.pop(0)}, {}]:
                choice = {"index": 0, "delta": part, "finish_reason": None if part else "stop"}
                self.wfile.write(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, format: str, *args: Any) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    chats.url = f"http://127.0.0.1:{http.server_address[1]}"
    yield chats
    http.shutdown()
    http.server_close()


@pytest.fixture
def project(home: Path, server: Chats) -> Path:
    config = paths.config_file()
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'[model]\ncompletion = {{ base_url = "{server.url}", model = "chatty" }}\n')
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
    assert line.endswith("A hosted model was not asked, because no hosted model is set.")


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


def test_tests_that_are_there_are_not_replaced_by_new_ones(
    project: Path, server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = ["```python\ndef test_new(): ...\n```", "I cannot.", "No."]
    assert run(["act", "write-tests", f"{project / 'sums.py'}:2", "--apply"]) == 1
    assert (project / "tests" / "test_sums.py").read_text() == TESTS
