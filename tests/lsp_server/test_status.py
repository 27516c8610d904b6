"""The user hears how the engine starts and, once, why there are no suggestions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lsp_client import LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

TEXT = "def add(a, b):\n    \n"
PROGRESS = {"processId": None, "rootUri": None, "capabilities": {"window": {"workDoneProgress": True}}}


def shown(client: LspClient) -> list[str]:
    return [params["message"] for name, params in client.notifications if name == "window/showMessage"]


def progress(client: LspClient) -> list[dict[str, Any]]:
    return [params["value"] for name, params in client.notifications if name == "$/progress"]


async def test_loading_the_model_is_progress_where_the_client_shows_it(start: Start) -> None:
    client = await start(Script(says=["Starting the engine."]), PROGRESS)
    assert client.requests[0][0] == "window/workDoneProgress/create"
    while len(progress(client)) < 3:
        await client.counters()
    begin, report, end = progress(client)
    assert (begin["kind"], begin["title"]) == ("begin", "Nearside: loading the model")
    assert (report["kind"], report["message"]) == ("report", "Starting the engine.")
    assert (end["kind"], end["message"]) == ("end", "The model is ready.")


async def test_loading_the_model_is_log_lines_where_the_client_shows_no_progress(start: Start) -> None:
    client = await start(Script(says=["Starting the engine."]))
    while len(client.notifications) < 3:
        await client.counters()
    lines = [params["message"] for name, params in client.notifications if name == "window/logMessage"]
    assert lines == ["Nearside: loading the model", "Starting the engine.", "The model is ready."]


async def test_a_model_that_cannot_be_loaded_is_told_once_whatever_is_typed(start: Start) -> None:
    client = await start(Script(fail="cannot_infill"), PROGRESS, ready=False)
    client.open(TEXT)
    await client.heard("window/showMessage")
    for version in range(2, 12):
        client.change(version, insertion(1, 4, "x"))
        assert await client.inline(1, 5) == []
    assert shown(client) == ["No completion: cannot_infill. Set another model."]
    assert progress(client)[-1] == {"kind": "end", "message": "Stopped."}


async def test_after_a_failure_the_engine_is_left_alone_for_a_while(start: Start) -> None:
    client = await start(Script(fail="unavailable"), ready=False)
    client.open(TEXT)
    await client.heard("window/showMessage")
    for version in range(2, 42):
        client.change(version, insertion(1, 4, "x"))
        await client.inline(1, 5)
    assert (await client.counters())["failed"] <= 2


async def test_suggestions_come_back_by_themselves(start: Start) -> None:
    client = await start(Script(fail="unavailable", fail_calls=2), ready=False)
    client.open(TEXT)
    assert await client.inline(1, 4) == []
    while not await client.inline(1, 4):
        pass
    assert len(shown(client)) == 1


@pytest.mark.parametrize("capabilities", [{"window": {"workDoneProgress": True}}, {}])
async def test_a_client_that_shows_nothing_is_served_all_the_same(
    start: Start, capabilities: dict[str, Any]
) -> None:
    client = await start(None, {"processId": None, "rootUri": None, "capabilities": capabilities})
    client.open(TEXT)
    assert await client.inline(1, 4)
