"""The log is JSON lines in the user's state folder, without source text, and can never stop the server."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from lsp_server import logs
from tests.lsp_client import insertion
from tests.lsp_server.conftest import Start
from tests.lsp_server.test_inline_completion import options

SECRET = "s3cret_identifier"


def lines(home: Path) -> list[dict]:
    file = home / "state" / "nearside" / "nearside.log"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


async def test_a_session_leaves_json_lines_without_the_users_text(start: Start, home: Path) -> None:
    client = await start()
    client.open(f"{SECRET} = 1\n    ")
    client.change(2, insertion(0, 0, SECRET))
    await client.inline(1, 4)
    client.notify("textDocument/didOpen", {"textDocument": {"uri": SECRET, "text": [SECRET]}})
    await client.request("textDocument/inlineCompletion", {"textDocument": SECRET})
    await client.request("workspace/executeCommand", {"command": SECRET})
    await client.inline(9, 9)
    await client.stop()
    written = lines(home)
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in written)
    assert SECRET not in json.dumps(written)


async def test_why_nothing_is_shown_is_in_the_log(start: Start, home: Path) -> None:
    client = await start(None, options(completion={"languages": ["lua"]}))
    client.open("x = ")
    await client.inline(0, 4)
    await client.stop()
    assert any(
        line["message"] == "Returning no completion because completion.languages does not name python"
        for line in lines(home)
    )


async def test_a_log_that_cannot_be_written_is_one_message_and_the_server_goes_on(
    start: Start, home: Path
) -> None:
    (home / "state" / "nearside").mkdir()
    (home / "state" / "nearside" / "nearside.log").mkdir()
    client = await start()
    client.open("x = ")
    assert await client.inline(0, 4)
    shown = [params["message"] for name, params in client.notifications if name == "window/showMessage"]
    assert len(shown) == 1
    assert "nearside.log" in shown[0]


@pytest.fixture
def quiet_root() -> object:
    """Restore logging as pytest had it."""
    root = logging.getLogger()
    level, raising = root.level, logging.raiseExceptions
    yield
    logs.stop()
    root.setLevel(level)
    logging.raiseExceptions = raising


def test_the_file_is_rotated(tmp_path: Path, quiet_root: None) -> None:
    assert logs.start(tmp_path / "a.log", "info") == ""
    for _ in range(3 * logs.SIZE // 1000):
        logging.getLogger("nearside.test").info("%s", "x" * 1000)
    assert {file.name for file in tmp_path.iterdir()} == {"a.log", "a.log.1", "a.log.2", "a.log.3"}
    assert all(file.stat().st_size <= logs.SIZE for file in tmp_path.iterdir())


def test_an_exception_is_logged_by_its_name_and_place_not_by_its_text(
    tmp_path: Path, quiet_root: None
) -> None:
    logs.start(tmp_path / "a.log", "info")
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("pygls.protocol").exception("Failed on %s", SECRET)
    (line,) = [json.loads(line) for line in (tmp_path / "a.log").read_text().splitlines()]
    assert line["error"] == "ValueError"
    assert line["message"] == "Failed on %s"
    assert "test_logs.py" in line["trace"][0]
    assert SECRET not in json.dumps(line)
