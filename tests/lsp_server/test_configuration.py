"""Settings are read in layers at the start and again when one of them changes, without a restart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import LspClient, inline_params
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

TEXT = "def add(a, b):\n    \n"
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
PULLS = {"workspace": {"configuration": True}}


def opened(workspace: Path, capabilities: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    return {
        "processId": None,
        "rootUri": workspace.as_uri(),
        "capabilities": capabilities or {},
        "initializationOptions": options,
    }


async def until_quiet(client: LspClient, quiet: bool = True) -> None:
    """Wait until the settings in force make the server quiet, or not."""
    while bool(await client.inline(1, 4)) == quiet:
        pass


async def test_a_project_file_is_in_force_from_the_start(start: Start, tmp_path: Path) -> None:
    (tmp_path / ".nearside.toml").write_text("[completion]\nenabled = false\n")
    client = await start(None, opened(tmp_path))
    client.open(TEXT)
    assert await client.inline(1, 4) == []


async def test_a_project_file_that_changes_is_read_again_without_any_message(
    start: Start, tmp_path: Path
) -> None:
    client = await start(None, opened(tmp_path))
    client.open(TEXT)
    assert await client.inline(1, 4)
    (tmp_path / ".nearside.toml").write_text("[completion]\nenabled = false\n")
    await until_quiet(client)
    (tmp_path / ".nearside.toml").unlink()
    await until_quiet(client, False)


async def test_a_client_that_watches_files_is_asked_to(start: Start, tmp_path: Path) -> None:
    client = await start(None, opened(tmp_path, WATCHES))
    while not client.requests:
        await client.counters()
    ((method, params),) = client.requests
    assert method == "client/registerCapability"
    (registration,) = params["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    client.open(TEXT)
    (tmp_path / ".nearside.toml").write_text("[completion]\nenabled = false\n")
    uri = (tmp_path / ".nearside.toml").as_uri()
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 1}]})
    await until_quiet(client)


@pytest.mark.parametrize(
    "settings",
    [{"completion": {"enabled": False}}, {"nearside": {"completion": {"enabled": False}}}],
    ids=["our part alone", "everything"],
)
async def test_settings_sent_by_the_editor_take_effect_at_once(
    start: Start, tmp_path: Path, settings: dict[str, Any]
) -> None:
    client = await start(None, opened(tmp_path))
    client.open(TEXT)
    assert await client.inline(1, 4)
    client.notify("workspace/didChangeConfiguration", {"settings": settings})
    await until_quiet(client)
    client.notify("workspace/didChangeConfiguration", {"settings": {}})
    await until_quiet(client, False)


@pytest.mark.parametrize("answer", [[None], None, [], "nonsense", [5]])
async def test_settings_are_asked_for_where_the_editor_answers(tmp_path: Path, answer: Any) -> None:
    client = await LspClient.start(tmp_path)
    client.answers["workspace/configuration"] = [{"completion": {"enabled": False}}]
    await client.initialize(opened(tmp_path, PULLS))
    client.open(TEXT)
    assert await client.inline(1, 4) == []
    client.answers["workspace/configuration"] = answer
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await until_quiet(client, False)
    assert await client.stop() == 0


async def test_the_editors_settings_win_over_the_users_and_lose_to_the_environment(
    start: Start, tmp_path: Path, home: Path
) -> None:
    (home / "config" / "nearside").mkdir()
    (home / "config" / "nearside" / "config.toml").write_text("[completion]\nlanguages = ['lua']\n")
    client = await start(None, opened(tmp_path))
    client.open(TEXT)
    assert await client.inline(1, 4) == []
    client = await start(None, opened(tmp_path, completion={"languages": ["python"]}))
    client.open(TEXT)
    assert await client.inline(1, 4)
    client = await start(
        None,
        opened(tmp_path, completion={"languages": ["python"]}),
        NEARSIDE_COMPLETION_LANGUAGES="rust",
    )
    client.open(TEXT)
    assert await client.inline(1, 4) == []


async def test_an_unknown_setting_is_one_warning_and_everything_else_works(
    start: Start, tmp_path: Path
) -> None:
    client = await start(None, opened(tmp_path, completion={"deadlinems": 400, "maxToken": 5}))
    client.open(TEXT)
    assert await client.inline(1, 4)
    client.notify("workspace/didChangeConfiguration", {"settings": {}})
    await client.inline(1, 4)
    shown = [params["message"] for name, params in client.notifications if name == "window/showMessage"]
    assert any("max_token" in text for text in shown), shown
    assert len(shown) == len(set(shown))


async def test_another_model_means_another_engine_and_the_same_model_does_not(
    start: Start, tmp_path: Path
) -> None:
    client = await start(None, opened(tmp_path))
    settings = {"completion": {"maxTokens": 5}}
    client.notify("workspace/didChangeConfiguration", {"settings": settings})
    client.notify("workspace/didChangeConfiguration", {"settings": {"model": {"completion": "other.gguf"}}})
    while len((counters := await client.counters())["models"]) < 2:
        pass
    assert [Path(model).name for model in counters["models"]] == ["auto", "other.gguf"]
    assert counters["closed"] == 1
    client.open(TEXT)
    while not await client.inline(1, 4):
        pass


async def test_a_request_in_flight_when_the_model_changes_is_answered(start: Start, tmp_path: Path) -> None:
    client = await start(Script(token_delay=5), opened(tmp_path, completion={"deadlineMs": 60000}))
    client.open(TEXT)
    reply = client.ask("textDocument/inlineCompletion", inline_params(1, 4))[1]
    client.notify("workspace/didChangeConfiguration", {"settings": {"model": {"completion": "other.gguf"}}})
    assert (await reply).result == {"items": []}


async def test_settings_nobody_can_read_leave_the_defaults_in_force(start: Start, tmp_path: Path) -> None:
    (tmp_path / ".nearside.toml").write_text("[completion\n")
    client = await start(None, opened(tmp_path))
    client.open(TEXT)
    assert await client.inline(1, 4)
    shown = await client.heard("window/showMessage")
    assert ".nearside.toml" in shown["message"], json.dumps(shown)
