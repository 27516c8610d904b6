"""A project that wants to loosen settings is a question in the editor, asked once for what it sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import LspClient
from tests.lsp_server.conftest import Start
from tests.lsp_server.test_configuration import opened, until_quiet

TEXT = "def add(a, b):\n    \n"
QUESTION = "window/showMessageRequest"
LOOSER = '[completion]\nenabled = false\n[routing]\nmode = "local-first"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".nearside.toml").write_text(LOOSER)
    return folder


async def started(start: Start, project: Path, state: Path, answer: Any) -> LspClient:
    """Start a server for the project; its question gets this answer."""
    client = await start(None, opened(project), ready=False, XDG_STATE_HOME=str(state))
    client.answers[QUESTION] = answer
    return client


def questions(client: LspClient) -> list[Any]:
    return [params for method, params in client.requests if method == QUESTION]


async def asked(client: LspClient) -> dict[str, Any]:
    while not questions(client):
        await client.counters()
    return questions(client)[0]


async def mode(client: LspClient) -> str:
    return (await client.counters())["mode"]


async def test_the_question_names_what_would_be_set_and_until_then_the_file_only_tightens(
    start: Start, project: Path, tmp_path: Path
) -> None:
    client = await started(start, project, tmp_path / "state", None)
    question = await asked(client)
    assert "routing.mode" in question["message"] and "completion.enabled" not in question["message"]
    assert [action["title"] for action in question["actions"]][0] == "Allow"
    client.open(TEXT)
    await until_quiet(client)
    assert await mode(client) == "local-only"
    assert not [text for method, text in client.notifications if method == "window/showMessage"]


async def test_allowed_is_in_force_at_once_and_not_asked_again(
    start: Start, project: Path, tmp_path: Path
) -> None:
    client = await started(start, project, tmp_path / "state", {"title": "Allow"})
    await asked(client)
    while await mode(client) != "local-first":
        pass
    later = await started(start, project, tmp_path / "state", {"title": "Allow"})
    while await mode(later) != "local-first":
        pass
    assert not questions(later)


async def test_never_is_not_asked_again_until_the_file_asks_for_something_else(
    start: Start, project: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    client = await started(start, project, state, {"title": "Never for these settings"})
    await asked(client)
    await client.stop()
    later = await started(start, project, state, {"title": "Allow"})
    later.open(TEXT)
    await until_quiet(later)
    assert not questions(later) and await mode(later) == "local-only"
    await later.stop()
    (project / ".nearside.toml").write_text(LOOSER + "daily_budget = 50\n")
    again = await started(start, project, state, None)
    assert "routing.daily_budget" in (await asked(again))["message"]


async def test_later_is_asked_again_in_the_next_session_only(
    start: Start, project: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    client = await started(start, project, state, {"title": "Not now"})
    await asked(client)
    client.notify("workspace/didChangeConfiguration", {"settings": {"nearside": {"log": {"level": "debug"}}}})
    await client.counters()
    assert len(questions(client)) == 1 and await mode(client) == "local-only"
    await client.stop()
    assert await asked(await started(start, project, state, None))
