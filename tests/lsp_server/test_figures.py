"""A client that shows a status bar is told the model, the index and the money at each change."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fake_cloud import KEY, PRICES, TERRA, FakeCloud
from tests.lsp_client import LspClient
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

SHOWS = {"experimental": {"nearside": {"showsStatus": True}}}
STATUS = "nearside/status"
OFF: dict[str, Any] = {"retrieval": {"enabled": False}}


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud("return") as server:
        yield server


def params(
    capabilities: dict[str, Any], options: dict[str, Any], folder: Path | None = None
) -> dict[str, Any]:
    return {
        "processId": None,
        "rootUri": folder.as_uri() if folder else None,
        "capabilities": capabilities,
        "initializationOptions": options,
    }


async def until(client: LspClient, **wanted: object) -> dict[str, Any]:
    """Return the first figures that hold these."""
    while True:
        for told in figures(client):
            if all(told[name] == value for name, value in wanted.items()):
                return told
        await client.counters()  # another round: it waits for an answer


def figures(client: LspClient) -> list[dict[str, Any]]:
    return [params for name, params in client.notifications if name == STATUS]


async def test_the_model_is_named_once_it_is_ready(start: Start) -> None:
    client = await start(Script(start_delay=0.2), params(SHOWS, OFF))
    told = await until(client, engine="ready")
    assert told == {
        "engine": "ready",
        "model": "scripted",
        "hosted": "",
        "enabled": True,
        "index": {"state": "off", "done": 0, "total": 0},
        "spent": None,
    }


async def test_an_engine_that_fails_is_shown_as_such(start: Start) -> None:
    client = await start(Script(fail="unavailable"), params(SHOWS, OFF), ready=False)
    assert (await until(client, engine="failed"))["model"] == ""


async def test_the_index_is_reading_and_then_ready(start: Start, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("def add(a, b):\n    return a + b\n")
    client = await start(Script(), params(SHOWS, {"retrieval": {"embedder": "none"}}, project))
    states: list[str] = []
    while "ready" not in states:
        await client.counters()
        states = [told["index"]["state"] for told in figures(client)]
    assert "reading" in states[:-1]
    assert all(before != after for before, after in pairwise(figures(client)))


async def test_a_hosted_model_is_named_with_what_it_cost_today(
    start: Start, cloud: FakeCloud, tmp_path: Path
) -> None:
    price = PRICES[TERRA]
    options = {
        **OFF,
        "routing": {"mode": "local-first", "daily_budget": 2},
        "cloud": {
            "provider": "openai-compatible",
            "model": TERRA,
            "base_url": cloud.url + "/v1",
            "api_key_env": "SOME_KEY",
        },
        "cost": {"prices": {TERRA: {"input": float(price.input), "output": float(price.output)}}},
    }
    state = str(tmp_path / "state")
    client = await start(Script(), params(SHOWS, options), SOME_KEY=KEY, XDG_STATE_HOME=state)
    told = await until(client, hosted=TERRA)
    assert told["spent"] == {"today": "0", "budget": "2"}


async def test_nobody_else_is_told(start: Start) -> None:
    client = await start(Script(), params({}, OFF))
    await client.counters()
    assert figures(client) == []
