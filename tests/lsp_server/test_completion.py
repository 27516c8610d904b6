"""textDocument/completion, for clients without ghost text: one plain item, easy to filter and to apply."""

from __future__ import annotations

from typing import Any

import pytest

from lsp_server.completion import label
from tests.lsp_client import URI, LspClient, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script


async def complete(client: LspClient, line: int, character: int) -> dict[str, Any]:
    where = {"textDocument": {"uri": URI}, "position": {"line": line, "character": character}}
    reply = await client.request("textDocument/completion", where)
    assert reply.error is None
    return reply.result


async def test_the_item_replaces_the_word_being_typed_and_sorts_last(start: Start) -> None:
    client = await start(Script(tokens=["urn a", " + b"]))
    client.open("def add(a, b):\n    ret\n")
    answer = await complete(client, 1, 7)
    assert answer["isIncomplete"] is True
    (item,) = answer["items"]
    assert item["textEdit"] == {
        "range": {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 7}},
        "newText": "return a + b",
    }
    assert item["label"] == "return a + b"
    assert item["filterText"].startswith("ret")
    assert item["sortText"] > "zzzz"
    assert item["documentation"]["value"] == "return a + b"
    assert item["insertTextFormat"] == 1
    assert item["command"]["command"] == "nearside.accepted"


async def test_the_whole_text_is_in_the_documentation_as_code_where_the_client_shows_markdown(
    start: Start,
) -> None:
    item_support = {"documentationFormat": ["markdown", "plaintext"]}
    capabilities = {"textDocument": {"completion": {"completionItem": item_support}}}
    client = await start(
        Script(tokens=["\n    c = a + b", "\n    return c"]),
        {"processId": None, "rootUri": None, "capabilities": capabilities},
    )
    client.open("def add(a, b):")
    (item,) = (await complete(client, 0, 14))["items"]
    assert item["label"] == "c = a + b …"
    text = "\n    c = a + b\n    return c"
    assert item["documentation"] == {"kind": "markdown", "value": f"```python\n{text}\n```"}
    assert item["textEdit"]["newText"] == text


async def test_columns_are_in_the_clients_encoding(start: Start) -> None:
    client = await start(Script(tokens=["ä()"]))
    client.open("é😀 = wört")
    (item,) = (await complete(client, 0, 10))["items"]
    assert item["textEdit"]["range"]["start"] == {"line": 0, "character": 6}
    assert item["textEdit"]["newText"] == "wörtä()"


async def test_typing_on_asks_no_engine(start: Start) -> None:
    client = await start(Script(tokens=["return a + b"]))
    client.open("def add(a, b):\n    \n")
    await complete(client, 1, 4)
    client.change(2, insertion(1, 4, "ret"))
    (item,) = (await complete(client, 1, 7))["items"]
    assert item["textEdit"]["newText"] == "return a + b"
    assert (await client.counters())["calls"] == 1


async def test_text_that_changes_meanwhile_leaves_nothing_to_show(start: Start) -> None:
    client = await start(Script(token_delay=0.05))
    client.open("def add(a, b):\n    \n")
    where = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 4}}
    _, reply = client.ask("textDocument/completion", where)
    client.change(2, insertion(1, 4, "re"))
    assert (await reply).result["items"] == []


async def test_a_client_that_announces_ghost_text_is_offered_no_menu_items(start: Start) -> None:
    capabilities = {"textDocument": {"inlineCompletion": {}}}
    client = await start(None, {"processId": None, "rootUri": None, "capabilities": capabilities})
    client.open("x = \n")
    where = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}}
    reply = await client.request("textDocument/completion", where)
    assert reply.error is not None
    assert reply.error["code"] == -32601


async def test_a_client_that_uses_ghost_text_unannounced_never_sees_a_suggestion_twice(start: Start) -> None:
    client = await start()
    client.open("x = \n")
    assert (await complete(client, 0, 4))["items"]
    assert await client.inline(0, 4)
    assert (await complete(client, 0, 4))["items"] == []


async def test_an_unknown_document_gets_an_empty_list(start: Start) -> None:
    assert (await complete(await start(), 0, 0))["items"] == []


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("return", "return"),
        ("\n    return a\n    b", "return a …"),
        ("x" * 61, "x" * 59 + "…"),
        ("  \n", ""),
    ],
)
def test_a_label_is_one_short_line(text: str, short: str) -> None:
    assert label(text) == short
