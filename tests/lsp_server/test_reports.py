"""What any client can ask for: why the last draft went where it did, and the page of costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from tests.lsp_server.conftest import Start

OPENS = {"window": {"showDocument": {"support": True}}}


def params(capabilities: dict[str, Any]) -> dict[str, Any]:
    return {"processId": None, "rootUri": None, "capabilities": capabilities}


async def test_why_says_that_nothing_ever_leaves_by_default(start: Start) -> None:
    client = await start()
    reply = await client.request("workspace/executeCommand", {"command": "nearside.why", "arguments": []})
    assert "local-only" in reply.result
    assert (await client.heard("window/showMessage"))["message"] == reply.result


async def test_the_report_is_a_page_the_client_opens(start: Start) -> None:
    client = await start(None, params(OPENS))
    client.answers["window/showDocument"] = {"success": True}
    reply = await client.request("workspace/executeCommand", {"command": "nearside.costReport"})
    [(_, shown)] = [one for one in client.requests if one[0] == "window/showDocument"]
    assert shown["uri"] == reply.result and shown["external"]
    page = Path(url2pathname(urlparse(reply.result).path))
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


async def test_a_client_that_opens_nothing_is_told_where_it_is(start: Start) -> None:
    client = await start()
    reply = await client.request("workspace/executeCommand", {"command": "nearside.costReport"})
    assert "cost.html" in (await client.heard("window/showMessage"))["message"] and reply.result


async def test_the_report_is_text_for_who_shows_it_there(start: Start) -> None:
    client = await start(None, params(OPENS))
    reply = await client.request("workspace/executeCommand", {"command": "nearside.costText"})
    assert reply.result.startswith("By project. Amounts in ") and "\n\nBy day." in reply.result
    assert not [one for one in client.requests if one[0] == "window/showDocument"]


async def test_a_client_can_ask_where_the_log_is(start: Start) -> None:
    client = await start()
    reply = await client.request("workspace/executeCommand", {"command": "nearside.logFile"})
    assert Path(reply.result).name == "nearside.log"
