"""The handshake with eight real clients, what arrives malformed, and how the process ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import LspClient, inline_params
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

RECORDED = sorted((Path(__file__).parent.parent / "data" / "initialize").glob("*.json"))
ENCODINGS = {"neovim": "utf-8", "helix": "utf-8", "vscode": "utf-16", "emacs": "utf-32", "vim": "utf-16"}
HEAVY = {"llama_cpp", "numpy", "torch", "huggingface_hub", "starlette", "uvicorn", "rich", "typer", "httpx2"}


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
async def test_every_recorded_client_is_served(start: Start, file: Path, tmp_path: Path) -> None:
    params = json.loads(file.read_text(encoding="utf-8")) | {"processId": None, "rootUri": tmp_path.as_uri()}
    client = await LspClient.start(tmp_path)
    result = await client.initialize(params)
    capabilities = result["capabilities"]
    assert capabilities["positionEncoding"] == ENCODINGS[file.stem.split("-")[0]]
    assert capabilities["textDocumentSync"]["change"] == 2
    assert "inlineCompletionProvider" in capabilities
    announces = "inlineCompletion" in params["capabilities"]["textDocument"]
    assert ("completionProvider" in capabilities) == (
        not announces or not params["capabilities"]["textDocument"]["inlineCompletion"]
    )
    client.open("def add(a, b):\n    é😀 = \n")
    column = {"utf-8": 13, "utf-16": 10, "utf-32": 9}[capabilities["positionEncoding"]]
    (item,) = await client.inline(1, column)
    assert item["range"]["start"]["character"] == column
    assert await client.stop() == 0


async def test_no_heavy_library_is_loaded_when_initialize_is_answered(start: Start) -> None:
    client = await start(ready=False)
    assert not HEAVY & set((await client.counters())["modules"])


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        [],
        {"textDocument": {"uri": "file:///project/a.py"}},
        inline_params(0, 0) | {"position": {"line": "0", "character": None}},
        inline_params(0, 0) | {"context": "by hand"},
    ],
)
async def test_malformed_params_get_an_error_and_the_server_goes_on(start: Start, params: Any) -> None:
    client = await start()
    client.open("x = \n")
    reply = await client.request("textDocument/inlineCompletion", params)
    assert reply.error is not None
    assert reply.error["code"] == -32602
    assert await client.inline(0, 4)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didOpen", {"textDocument": {"uri": 5}}),
        ("textDocument/didChange", None),
        ("textDocument/didChange", {"textDocument": {"uri": "file:///project/a.py"}, "contentChanges": [{}]}),
        ("workspace/didChangeConfiguration", None),
        ("workspace/didChangeWatchedFiles", {}),
        ("$/cancelRequest", {}),
        ("nonsense/method", {"a": 1}),
    ],
)
async def test_malformed_notifications_are_ignored(start: Start, method: str, params: Any) -> None:
    client = await start()
    client.open("x = \n")
    client.notify(method, params)
    assert await client.inline(0, 4)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b"null", b"{}", b'{"jsonrpc": "2.0"}'])
async def test_what_is_no_message_is_ignored(start: Start, body: bytes) -> None:
    client = await start()
    client.open("x = \n")
    client.send_bytes(body)
    assert await client.inline(0, 4)


async def test_an_unknown_request_is_refused(start: Start) -> None:
    client = await start()
    reply = await client.request("textDocument/nonsense", {})
    assert reply.error is not None
    assert reply.error["code"] == -32601


async def test_exit_after_shutdown_is_success_and_lets_go_of_the_engine(start: Start) -> None:
    client = await start(Script(token_delay=10))
    client.open("x = \n")
    waiting = client.ask_inline(0, 4)[1]
    await client.request("shutdown", None)
    assert (await waiting).result == {"items": []} or (await waiting).error is not None
    client.notify("exit", None)
    assert await client.leave() == 0


async def test_exit_without_shutdown_is_a_failure(start: Start) -> None:
    client = await start()
    client.notify("exit", None)
    assert await client.leave() == 1


@pytest.mark.parametrize("script", [Script(), Script(start_delay=30), Script(token_delay=30)])
async def test_a_client_that_is_gone_ends_the_server(start: Start, script: Script) -> None:
    client = await start(script, ready=not script.start_delay)
    client.open("x = \n")
    client.ask_inline(0, 4)
    assert await client.leave() == 1


async def test_a_client_that_died_without_closing_the_pipe_properly_ends_the_server(start: Start) -> None:
    client = await start()
    assert client.process.stdin is not None
    client.process.stdin.write(b"Content-Length: 400\r\n\r\n{")
    assert await client.leave() == 1


async def test_a_request_before_the_engine_is_there_gets_an_empty_list(tmp_path: Path) -> None:
    client = await LspClient.start(tmp_path)
    await client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    client.open("x = \n")
    assert await client.inline(0, 4) == []
    assert await client.stop() == 0


async def test_what_the_server_prints_never_lands_between_messages(tmp_path: Path) -> None:
    client = await LspClient.start(tmp_path, Script(says=["Loading."]))
    await client.initialize()
    assert await client.heard("window/logMessage")
    assert await client.stop() == 0
    assert client.process.stderr is not None
    assert await asyncio.wait_for(client.process.stderr.read(), 10) == b""
