"""A hosted model betters local drafts where a project allows it: after they are shown, by its thresholds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.fake_cloud import KEY, PRICES, TERRA, FakeCloud, Fault
from tests.lsp_client import LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

TEXT = "def add(first, second):\n    \n"
HERE = (1, 4)
UNSURE, SURE = [-2.5], [-0.001]
INVOKED = 1
HOSTED = "return first + second"

Opened = Callable[..., Awaitable[LspClient]]


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud(HOSTED) as server:
        yield server


@pytest.fixture
def opened(start: Start, cloud: FakeCloud, tmp_path: Path) -> Opened:
    """Return a function that opens a document in a project whose user opted in, as far as settings say."""

    async def open_(
        logprobs: list[float] = UNSURE,
        project: Path | None = None,
        uri: str = "",
        routing: dict[str, Any] | None = None,
        cloud_settings: dict[str, Any] | None = None,
        state: str = "state",
        tokens: Sequence[str] = ("pass",),
    ) -> LspClient:
        folder = project or tmp_path / "project"
        folder.mkdir(exist_ok=True)
        price = PRICES[TERRA]
        options = {
            "completion": {"show_above": 0},
            "retrieval": {"enabled": False},
            "routing": {"mode": "local-first", **(routing or {})},
            "cloud": {
                "provider": "openai-compatible",
                "model": TERRA,
                "base_url": cloud.url + "/v1",
                "api_key_env": "SOME_KEY",
                **(cloud_settings or {}),
            },
            "cost": {"prices": {TERRA: {"input": float(price.input), "output": float(price.output)}}},
        }
        params = {
            "processId": None,
            "rootUri": folder.as_uri(),
            "capabilities": {},
            "initializationOptions": options,
        }
        client = await start(
            Script(tokens=list(tokens), logprobs=logprobs),
            params,
            SOME_KEY=KEY,
            XDG_STATE_HOME=str(tmp_path / state),
            XDG_DATA_HOME=str(tmp_path / state),
        )
        client.open(TEXT, uri or (folder / "a.py").as_uri())
        return client

    return open_


def uri_in(tmp_path: Path, project: str = "project", name: str = "a.py") -> str:
    return (tmp_path / project / name).as_uri()


async def route(client: LspClient, uri: str, *states: str) -> dict[str, Any]:
    """Wait until the last draft's route is in one of these states, and return it."""
    while True:
        told = (await client.request("nearside/suggestion", {"textDocument": {"uri": uri}})).result
        if told.get("route", {}).get("state") in states:
            return told["route"]
        await asyncio.sleep(0.02)


async def test_an_unsure_draft_is_shown_at_once_and_bettered_after_a_pause(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    client, uri = await opened(routing={"keep_local": 0.0}), uri_in(tmp_path)
    [draft] = await client.inline(*HERE, uri=uri)
    assert draft["insertText"] == "pass" and not cloud.received
    assert (await client.heard("nearside/refresh"))["uri"] == uri
    items = await client.inline(*HERE, uri=uri)
    assert [item["insertText"] for item in items][0] == HOSTED
    assert len(cloud.received) == 1
    account = (await client.request("nearside/suggestion", {"textDocument": {"uri": uri}})).result
    assert (account["source"], account["model"], account["confidence"]) == ("hosted", TERRA, None)
    assert "Sent, because the draft scored" in (await route(client, uri, "answered"))["why"]
    calls = (await client.counters())["calls"]
    client.change(2, insertion(1, 4, "ret"), uri=uri)
    [rest] = await client.inline(1, 7, uri=uri)
    assert rest["insertText"] == HOSTED[3:] and (await client.counters())["calls"] == calls


async def test_where_the_local_model_has_nothing_the_hosted_one_is_asked(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    client, uri = await opened(SURE, tokens=[], routing={"keep_local": 0.5}), uri_in(tmp_path)
    assert await client.inline(*HERE, uri=uri) == []
    assert (await client.heard("nearside/refresh"))["uri"] == uri
    [item] = await client.inline(*HERE, uri=uri)
    assert item["insertText"] == HOSTED


async def test_a_draft_that_is_kept_asks_nobody_and_says_why(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    client, uri = await opened(SURE, routing={"keep_local": 1.0}), uri_in(tmp_path)
    assert await client.inline(*HERE, uri=uri)
    assert "Kept local, because the draft scored" in (await route(client, uri, "kept"))["why"]
    assert not cloud.received


async def test_typing_on_is_no_pause(opened: Opened, cloud: FakeCloud, tmp_path: Path) -> None:
    client, uri = await opened(routing={"keep_local": 0.0}), uri_in(tmp_path)
    for number, letter in enumerate("xyzuvwxyz"):
        await client.inline(1, 4 + number, uri=uri)
        client.change(2 + number, insertion(1, 4 + number, letter), uri=uri)
        await asyncio.sleep(0.15)
    assert not cloud.received


async def test_asked_by_hand_the_local_draft_comes_first_and_the_hosted_one_at_once(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    client, uri = await opened(SURE, routing={"keep_local": 1.0}), uri_in(tmp_path)
    items = await client.inline(*HERE, kind=INVOKED, uri=uri)
    assert items[0]["insertText"] == "pass"
    heard = await client.heard("nearside/refresh")
    assert heard == {"uri": uri, "byHand": True}
    items = await client.inline(*HERE, kind=INVOKED, uri=uri)
    assert [item["insertText"] for item in items] == [HOSTED, "pass"]
    assert "you asked for it by hand" in (await route(client, uri, "answered"))["why"]


async def test_local_only_asks_nobody_even_by_hand(opened: Opened, cloud: FakeCloud, tmp_path: Path) -> None:
    client, uri = await opened(routing={"mode": "local-only", "keep_local": 0.0}), uri_in(tmp_path)
    assert await client.inline(*HERE, kind=INVOKED, uri=uri)
    await asyncio.sleep(1.0)
    assert not cloud.received and not [name for name, _ in client.notifications if name == "nearside/refresh"]


async def test_a_hosted_model_that_is_down_leaves_the_draft_and_says_so_once(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    cloud.always = Fault(status=401, code="invalid_api_key", message="no")
    client, uri = await opened(routing={"keep_local": 0.0}), uri_in(tmp_path)
    for _ in range(2):
        [item] = await client.inline(*HERE, kind=INVOKED, uri=uri)
        assert item["insertText"] == "pass"
        told = await route(client, uri, "failed")
        assert "Kept local although it was to be sent" in told["why"]
    messages = [params["message"] for name, params in client.notifications if name == "window/showMessage"]
    assert len(messages) == 1 and "key" in messages[0]


async def test_two_projects_with_two_thresholds(opened: Opened, cloud: FakeCloud, tmp_path: Path) -> None:
    sends, keeps = tmp_path / "sends", tmp_path / "keeps"
    for folder, share in ((sends, 0.0), (keeps, 1.0)):
        folder.mkdir()
        (folder / ".nearside.toml").write_text(f"[routing]\nkeep_local = {share}\n")
    routing = {"keep_local": None}
    one = await opened(project=sends, routing={"keep_local": 0.0})
    other = await opened(project=keeps, routing=routing, state="state")
    for client, name in ((one, "sends"), (other, "keeps")):
        assert await client.inline(*HERE, uri=uri_in(tmp_path, name))
    await route(one, uri_in(tmp_path, "sends"), "answered")
    await route(other, uri_in(tmp_path, "keeps"), "kept")
    assert len(cloud.received) == 1


async def test_nothing_leaves_of_files_that_may_not(opened: Opened, cloud: FakeCloud, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".gitignore").write_text("generated.py\n")
    client = await opened(cloud_settings={"never_send": ["secret_*"]})
    outside = (tmp_path / "elsewhere.py").as_uri()
    for name in ("secret_plan.py", "generated.py"):
        client.open(TEXT, uri_in(tmp_path, name=name))
    client.open(TEXT, outside)
    for uri in (uri_in(tmp_path, name="secret_plan.py"), uri_in(tmp_path, name="generated.py"), outside):
        assert await client.inline(*HERE, kind=INVOKED, uri=uri)
        assert "cannot be asked" in (await route(client, uri, "kept"))["why"]
    assert not cloud.received


async def test_without_money_left_nothing_is_sent(opened: Opened, cloud: FakeCloud, tmp_path: Path) -> None:
    client, uri = await opened(routing={"daily_budget": "0"}), uri_in(tmp_path)
    assert await client.inline(*HERE, kind=INVOKED, uri=uri)
    assert "budget" in (await route(client, uri, "kept"))["why"]
    assert not cloud.received


async def test_an_answer_that_comes_too_late_is_not_shown(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    cloud.faults.append(Fault("endless"))
    client, uri = await opened(), uri_in(tmp_path)
    assert await client.inline(*HERE, kind=INVOKED, uri=uri)
    await asyncio.to_thread(cloud.reached.wait, 10)
    client.change(2, insertion(0, 0, "import os\n"), uri=uri)
    assert await asyncio.to_thread(cloud.hang_up.wait, 10)
    assert not [name for name, _ in client.notifications if name == "nearside/refresh"]


async def test_an_answer_that_is_not_what_was_typed_meanwhile_is_not_offered(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    cloud.faults.append(Fault("stall"))
    client, uri = await opened(), uri_in(tmp_path)
    assert await client.inline(*HERE, kind=INVOKED, uri=uri)
    await asyncio.to_thread(cloud.reached.wait, 10)
    client.change(2, insertion(1, 4, "x"), uri=uri)
    await client.counters()
    cloud.go_on.set()
    await route(client, uri, "answered")
    assert not [name for name, _ in client.notifications if name == "nearside/refresh"]


async def test_an_answer_that_is_what_was_typed_meanwhile_is_offered_without_it(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    cloud.faults.append(Fault("stall"))
    client, uri = await opened(), uri_in(tmp_path)
    assert await client.inline(*HERE, kind=INVOKED, uri=uri)
    await asyncio.to_thread(cloud.reached.wait, 10)
    client.change(2, insertion(1, 4, HOSTED[:3]), uri=uri)
    await client.counters()
    cloud.go_on.set()
    await client.heard("nearside/refresh")
    [item] = await client.inline(1, 7, uri=uri)
    assert item["insertText"] == HOSTED[3:]


async def test_exploration_asks_to_compare_and_shows_nothing(
    opened: Opened, cloud: FakeCloud, tmp_path: Path
) -> None:
    client = await opened(SURE, routing={"keep_local": 1.0, "exploration": 0.5})
    uris = [uri_in(tmp_path, name=f"{letter}.py") for letter in "bcdefghij"]
    for uri in uris:  # by its id half of the drafts are compared
        client.open(TEXT, uri)
        assert await client.inline(*HERE, uri=uri)
    assert await asyncio.to_thread(cloud.reached.wait, 20)
    for uri in uris:
        await route(client, uri, "kept", "answered")
        [item] = await client.inline(*HERE, uri=uri)
        assert item["insertText"] == "pass"
    assert 0 < len(cloud.received) < len(uris)
    assert not [name for name, _ in client.notifications if name == "nearside/refresh"]
