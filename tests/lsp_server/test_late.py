"""An answer that misses its deadline is not lost: who shows ghost text is told when it is there."""

from __future__ import annotations

from tests.lsp_client import URI, LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

TEXT = "def add(a, b):\n    retu\n"
REST = "rn a + b"
FOLLOW = "def add(a, b):\n    return a + b\n"
SLOW = {"completion": {"deadline_ms": 50}}


async def opened(start: Start, **script: float) -> LspClient:
    params = {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": SLOW}
    client = await start(Script(follow=FOLLOW, **script), params)  # type: ignore[arg-type]
    client.open(TEXT)
    return client


def refreshes(client: LspClient) -> int:
    return len([name for name, _ in client.notifications if name == "nearside/refresh"])


async def test_after_a_deadline_with_nothing_the_client_is_told_to_ask_again(start: Start) -> None:
    client = await opened(start, batch_delay=0.8)
    assert await client.inline(1, 8) == []
    assert await client.heard("nearside/refresh") == {"uri": URI, "byHand": False}
    [item] = await client.inline(1, 8)
    assert item["insertText"] == REST
    assert (await client.counters())["calls"] == 1


async def test_an_answer_in_time_is_followed_by_nothing(start: Start) -> None:
    client = await opened(start)
    assert await client.inline(1, 8)
    await client.counters()
    assert refreshes(client) == 0


async def test_who_typed_along_asks_again_once(start: Start) -> None:
    client = await opened(start, batch_delay=1.5)
    assert await client.inline(1, 8) == []
    client.change(2, insertion(1, 8, "r"))
    assert await client.inline(1, 9) == []
    await client.heard("nearside/refresh")
    [item] = await client.inline(1, 9)
    assert item["insertText"] == REST[1:]
    assert refreshes(client) == 1


async def test_who_typed_something_else_is_left_alone(start: Start) -> None:
    client = await opened(start, batch_delay=0.8)
    assert await client.inline(1, 8) == []
    client.change(2, insertion(0, 0, "# "))
    await client.inline(0, 2)
    while (await client.counters())["ended"] + (await client.counters())["cancelled"] < 1:
        pass
    assert refreshes(client) == 0
