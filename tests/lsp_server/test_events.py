"""What ends up in the ledger of what clients do with suggestions, through the real server over stdio."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import URI, LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

TEXT = "def add(a, b):\n    \n"


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "state" / "nearside" / "ledger.db")) as connection:
        return connection.execute(sql).fetchall()


def events(home: Path) -> list[tuple[str, int]]:
    """Return each suggestion's events in the order they came, with their characters."""
    return rows(home, "SELECT kind, characters FROM events ORDER BY suggestion, time")


def item_of(shown: dict[str, Any]) -> dict[str, Any]:
    return {"item": shown}


async def taken(client: LspClient, item: dict[str, Any]) -> None:
    """Run an item's command as clients do after they put its text in."""
    assert (await client.request("workspace/executeCommand", item["command"])).error is None


async def test_shown_and_accepted_are_recorded_once(start: Start, home: Path) -> None:
    client = await start()
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    client.notify("textDocument/didShowCompletion", item_of(item))
    client.notify("textDocument/didShowCompletion", item_of(item))
    client.change(2, insertion(1, 4, "return a + b"))
    await taken(client, item)
    await taken(client, item)
    await client.stop()
    assert events(home) == [("shown", 0), ("accepted", 12)]
    assert rows(home, "SELECT by_client FROM events WHERE kind = 'shown'") == [(1,)]
    columns = "project, client, language, model, source, characters, lines, generated_tokens, label, survived"
    assert rows(home, f"SELECT {columns} FROM suggestions") == [
        ("", "unknown", "python", "scripted", "engine", 12, 1, 4, 1, 1)
    ]


async def test_a_client_that_says_nothing_is_taken_to_show_what_it_gets(start: Start, home: Path) -> None:
    client = await start()
    client.open(TEXT)
    await client.inline(1, 4)
    client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///project/a.py"}})
    await client.stop()
    assert events(home) == [("shown", 0), ("ignored", 0)]
    assert rows(home, "SELECT by_client FROM events WHERE kind = 'shown'") == [(0,)]


async def test_what_the_engine_did_is_summed_up_for_the_cost_report(start: Start, home: Path) -> None:
    client = await start()
    client.open(TEXT)
    await client.inline(1, 4)
    await client.stop()
    [(day, project, model, requests, generated, busy)] = rows(
        home, "SELECT day, project, model, requests, generated_tokens, busy_ms FROM work"
    )
    assert (project, model) == ("", "scripted") and len(day) == 10
    assert requests >= 1 and generated >= 4 and busy > 0


async def test_dismissed_is_rejected(start: Start, home: Path) -> None:
    client = await start()
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    client.notify("nearside/dismissed", item_of(item))
    client.notify("nearside/dismissed", item_of(item))
    await client.stop()
    assert events(home) == [("shown", 0), ("rejected", 0)]


async def test_what_the_user_typed_out_is_not_rejected_by_leaving_it(start: Start, home: Path) -> None:
    client = await start()
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    client.change(2, insertion(1, 4, "return a"))
    client.change(3, insertion(1, 12, " + b"))
    client.notify("nearside/dismissed", item_of(item))
    await client.stop()
    assert events(home) == [("shown", 0), ("ignored", 0)]


async def test_an_accepted_suggestion_is_found_again_below_new_lines(start: Start, home: Path) -> None:
    client = await start()
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    client.change(2, insertion(1, 4, "return a + b"))
    await taken(client, item)
    client.change(3, insertion(0, 0, "import os\n\n"))
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    client.open("")
    await client.stop()
    assert rows(home, "SELECT label, survived FROM suggestions") == [(1, 1)]


async def test_a_part_is_measured_in_utf16(start: Start, home: Path) -> None:
    client = await start(Script(tokens=['"😀é" + x']))
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    client.change(2, insertion(1, 4, '"😀é"'))
    client.notify("textDocument/didPartiallyAcceptCompletion", {**item_of(item), "acceptedLength": 5})
    await client.stop()
    assert events(home) == [("shown", 0), ("partial", 4), ("ignored", 0)]


async def test_a_part_keeps_the_rest_without_asking_the_engine(start: Start, home: Path) -> None:
    client = await start(Script(tokens=['"😀é', '" + x', " + y"]))
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    client.change(2, insertion(1, 4, '"😀é"'))
    client.notify("textDocument/didPartiallyAcceptCompletion", {**item_of(item), "acceptedLength": 5})
    (rest,) = await client.inline(1, 9)
    assert rest["insertText"] == " + x + y"
    assert rest["command"] == item["command"], "it is the same suggestion"
    client.change(3, insertion(1, 9, " + x"))
    client.notify("textDocument/didPartiallyAcceptCompletion", {**item_of(rest), "acceptedLength": 4})
    (rest,) = await client.inline(1, 13)
    assert rest["insertText"] == " + y"
    assert (await client.counters())["calls"] == 1
    await client.stop()
    assert events(home) == [("shown", 0), ("partial", 8), ("ignored", 0)]
    assert rows(home, "SELECT count(*) FROM suggestions") == [(1,)]


async def test_alternatives_are_one_suggestion_of_one_prompt_evaluation(start: Start, home: Path) -> None:
    client = await start(Script(alternatives=[["return", " sum"], ["yield"]]))
    client.open(TEXT)
    items = await client.inline(1, 4, kind=1)
    assert len({item["insertText"] for item in items}) == 3
    client.change(2, insertion(1, 4, items[1]["insertText"]))
    await taken(client, items[1])
    await client.stop()
    prompt = len(TEXT)
    assert rows(home, "SELECT alternatives, evaluated_tokens FROM suggestions") == [(3, prompt)]
    assert events(home) == [("shown", 0), ("accepted", len("return sum"))]


async def test_no_text_is_recorded(start: Start, home: Path) -> None:
    client = await start(Script(tokens=["very", "_secret", "_name"]))
    client.open("password = 'hunter2'\n    \n")
    (item,) = await client.inline(1, 4)
    client.notify("textDocument/didPartiallyAcceptCompletion", {**item_of(item), "acceptedLength": 4})
    client.change(2, insertion(1, 4, "very_secret_name"))
    await taken(client, item)
    await client.stop()
    folder = home / "state" / "nearside"
    files = list(folder.glob("ledger.db*"))
    content = b"".join(file.read_bytes() for file in files)
    assert files and len(events(home)) == 3
    assert not any(word in content for word in (b"secret", b"hunter2", b"password"))
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


async def test_switched_off_nothing_is_recorded(start: Start, home: Path) -> None:
    client = await start(NEARSIDE_LEDGER_ENABLED="false")
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    await taken(client, item)
    await client.stop()
    assert not (home / "state" / "nearside" / "ledger.db").exists()


async def test_a_ledger_that_cannot_be_written_costs_one_message(start: Start, home: Path) -> None:
    (home / "state" / "nearside" / "ledger.db").mkdir(parents=True)
    client = await start()
    client.open(TEXT)
    for line in (1, 1):
        (item,) = await client.inline(line, 4)
        client.notify("nearside/dismissed", item_of(item))
    said = await client.heard("window/showMessage")
    assert said["message"].startswith("Nothing is recorded: ")
    assert await client.inline(1, 4)
    await client.stop()
    messages = [params for name, params in client.notifications if name == "window/showMessage"]
    assert len(messages) == 1


@pytest.mark.parametrize(
    "params",
    [None, [], 3, {}, {"item": None}, {"item": {"command": {"arguments": [None]}}}, {"item": {"command": 1}},
     {"item": {"command": {"arguments": ["x.99999999999999999999"]}}, "acceptedLength": "2"},
     {"item": {"insertText": 7, "command": {"arguments": ["a-1.0"]}}, "acceptedLength": -1}],
)  # fmt: skip
async def test_malformed_notifications_do_no_harm(start: Start, home: Path, params: Any) -> None:
    client = await start()
    client.open(TEXT)
    for method in (
        "textDocument/didShowCompletion",
        "textDocument/didPartiallyAcceptCompletion",
        "nearside/dismissed",
    ):
        client.notify(method, params)
    (item,) = await client.inline(1, 4)
    await taken(client, item)
    await client.stop()
    assert events(home) == [("shown", 0), ("accepted", 12)]
    assert not [name for name, _ in client.notifications if name == "window/showMessage"]


async def test_several_servers_write_one_ledger_and_killing_one_harms_nothing(
    start: Start, home: Path
) -> None:
    clients = [await start() for _ in range(3)]

    async def work(client: LspClient, rounds: int) -> None:
        for number in range(rounds):
            uri = f"file:///project/{number}.py"
            client.open(TEXT, uri)
            (item,) = await client.inline(1, 4, uri=uri)
            client.change(2, insertion(1, 4, "return a + b"), uri=uri)
            await taken(client, item)

    victim = asyncio.create_task(work(clients[2], 1000))
    await asyncio.gather(*(work(client, 20) for client in clients[:2]))
    clients[2].process.kill()
    victim.cancel()
    for client in clients[:2]:
        await client.stop()
    assert rows(home, "PRAGMA integrity_check") == [("ok",)]
    per_event = rows(home, "SELECT suggestion, kind, count(*) FROM events GROUP BY 1, 2")
    assert {count for _, _, count in per_event} == {1}
    sessions: dict[str, Counter[str]] = {}
    for id, kind, _ in per_event:
        sessions.setdefault(id.partition("-")[0], Counter())[kind] += 1
    assert len(sessions) == 3
    assert list(sessions.values()).count(Counter(shown=20, accepted=20)) >= 2
