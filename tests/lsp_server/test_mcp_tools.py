"""Tools of the user's MCP servers in the editor: asked about once, gone with the session."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server.acting import Acting, opened, python_project, span
from tests.lsp_server.conftest import Start
from tests.processes import runs
from tests.scripted_engine import Script

QUESTION = "window/showMessageRequest"
BAD = Path(__file__).parents[1] / "tools" / "mcp_client" / "bad_server.py"
LOOKS_UP, NOTHING = '{"tool": "greeting.look"}', '{"tool": "answer"}'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return python_project(tmp_path / "project")


async def session(start: Start, root: Path, answer: str, *lookups: str) -> Acting:
    """Return a session whose settings name a server, and whose user answers the question about it so."""
    server = {"command": sys.executable, "args": ["-S", str(BAD), "greeting"], "env": ["PIDS"]}
    places = {"PIDS": str(root.parent / "pids"), "XDG_STATE_HOME": str(root.parent / "state")}
    script = Script(chats=["It adds."], lookups=list(lookups))
    client = await start(script, opened(root, mcp={"servers": {"greeting": server}}), **places)
    client.answers[QUESTION] = {"title": answer}
    client.answers["window/showDocument"] = {"success": True}
    return Acting(client, root / "sums.py").open()


async def looked_up(acting: Acting) -> list[str]:
    """Explain something, and return what was looked up for it."""
    before = len(acting.client.notifications)
    assert await acting.acts("explain", span(1), name="add")
    while True:
        await acting.client.counters()
        told = [params for method, params in acting.client.notifications[before:] if method == "$/progress"]
        begun = [one["token"] for one in told if one["value"].get("title") == "Explain add"]
        own = [one["value"] for one in told if one["token"] in begun]
        if own and own[-1]["kind"] == "end":
            return [value["message"] for value in own if "Looking up" in (value.get("message") or "")]


def questions(acting: Acting) -> list[Any]:
    return [params for method, params in acting.client.requests if method == QUESTION]


def started(root: Path) -> list[int]:
    file = root.parent / "pids"
    return list(map(int, file.read_text().split())) if file.exists() else []


async def test_a_server_is_asked_about_once_used_from_then_on_and_gone_with_the_session(
    start: Start, root: Path
) -> None:
    acting = await session(start, root, "Allow", NOTHING, LOOKS_UP)
    assert await looked_up(acting) == [] and started(root) == []  # no action waits for the answer
    question = (await acting.asked(QUESTION))["message"]
    assert f"{sys.executable} -S {BAD} greeting, and gives it PIDS" in question
    state = root.parent / "state" / "nearside" / "trust.json"
    while not state.exists():
        await acting.client.counters()
    assert await looked_up(acting) == ["Looking up: greeting.look"]
    assert await looked_up(acting) == [] and len(started(root)) == 1  # its script wants nothing more
    assert len(questions(acting)) == 1 and runs(started(root)[0])
    await acting.client.stop()
    assert not runs(started(root)[0])
    later = await session(start, root, "Allow", LOOKS_UP)
    assert await looked_up(later) == ["Looking up: greeting.look"] and questions(later) == []
    assert json.loads(state.read_text())


async def test_never_is_not_asked_again_and_nothing_is_started(start: Start, root: Path) -> None:
    acting = await session(start, root, "Never")
    assert await looked_up(acting) == []
    await acting.asked(QUESTION)
    state = root.parent / "state" / "nearside" / "trust.json"
    while not state.exists():
        await acting.client.counters()
    await acting.client.stop()
    later = await session(start, root, "Allow")
    assert await looked_up(later) == [] and questions(later) == [] and started(root) == []


async def test_not_now_is_not_asked_again_in_this_session(start: Start, root: Path) -> None:
    acting = await session(start, root, "Not now")
    for _ in range(2):
        assert await looked_up(acting) == [] and started(root) == []
    assert len(questions(acting)) == 1
