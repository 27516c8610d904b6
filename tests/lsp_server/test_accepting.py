"""After an accept the next suggestion is there already; what nobody was shown is never speculated upon."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.lsp_client import URI, LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

TEXT = "def add(a, b):\n    \n"


async def speculations(client: LspClient, *, begun: int = 0, ended: int = 0) -> dict[str, Any]:
    """Return the speculative calls' counters once `begun` of them have begun and `ended` are over."""
    async with asyncio.timeout(5):
        while (counters := (await client.counters())["speculations"])["ended"] < ended or (
            counters["calls"] < begun
        ):
            await asyncio.sleep(0.01)
    return counters


async def test_the_suggestion_after_an_accept_costs_no_engine_call(start: Start) -> None:
    script = Script(follow="    total = a + b\n    return total")
    client = await start(script, NEARSIDE_COMPLETION_MAX_LINES="1")
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    assert (await speculations(client, ended=1))["calls"] == 1
    client.change(2, insertion(1, 4, item["insertText"]))
    (following,) = await client.inline(1, 4 + len(item["insertText"]))
    assert following["insertText"]
    where = {"textDocument": {"uri": URI}}
    assert (await client.request("nearside/suggestion", where)).result["source"] == "speculation"
    assert (await client.counters())["calls"] == 1


async def test_typing_along_speculates_once(start: Start) -> None:
    client = await start()
    client.open(TEXT)
    await client.inline(1, 4)
    for count in range(1, 10):
        client.change(1 + count, insertion(1, 3 + count, "return a + b"[count - 1]))
        assert await client.inline(1, 4 + count)
    assert (await speculations(client, ended=1))["calls"] == 1
    assert (await client.counters())["calls"] == 1


async def test_taking_it_word_by_word_keeps_the_rest_and_asks_nobody(start: Start) -> None:
    client = await start()
    client.open(TEXT)
    await client.inline(1, 4)
    client.change(2, insertion(1, 4, "return"))
    assert [item["insertText"] for item in await client.inline(1, 10)] == [" a + b"]
    client.change(3, insertion(1, 10, " a"))
    assert [item["insertText"] for item in await client.inline(1, 12)] == [" + b"]
    assert (await client.counters())["calls"] == 1


async def test_nothing_is_speculated_where_nothing_was_shown(start: Start) -> None:
    client = await start(Script(tokens=["   "]))
    client.open(TEXT)
    assert await client.inline(1, 4) == []
    client.change(2, insertion(1, 4, "x"))
    assert await client.inline(1, 5) == []
    assert (await client.counters())["speculations"]["calls"] == 0


async def test_another_text_ends_the_speculation_before_its_own_call(start: Start) -> None:
    client = await start(Script(token_delay=0.02))
    client.open(TEXT)
    await client.inline(1, 4)
    await speculations(client, begun=1)
    client.change(2, insertion(1, 4, "x = "))
    assert await client.inline(1, 8)
    counters = await client.counters()
    assert counters["calls"] == 2
    assert counters["speculations"]["cancelled"] == 1
