"""With the bundled model: what idle moments add to a prompt is in the KV cache before anybody types."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp

from inference.completer import Completer
from lsp_server import suggestions, sync
from lsp_server.context import Context
from lsp_server.documents import Document
from lsp_server.server import create_server, local_engine
from lsp_server.session import NearsideServer
from settings.schema import Completion, Model, Settings

SOURCE = Path(argparse.__file__).read_text("utf-8")
OTHER = "\n".join(f"def part{n}(left, right):\n    return left.value{n} + right\n\n" for n in range(60))


@pytest.fixture
async def ls(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NearsideServer]:
    """Return a server in this process with the real engine; its idle moments come when called for."""
    server = create_server(local_engine)
    server.engine = await asyncio.to_thread(local_engine, Model(threads=1), lambda text: None)
    server.settings = Settings(completion=Completion(deadline_ms=60_000, max_tokens=8))
    server.completer = Completer(server.engine, server.settings.completion)
    monkeypatch.setattr(server.status, "log", lambda text: None)
    server.context = Context(server)
    monkeypatch.setattr(server.context, "_stir", lambda: None)
    server.context.tokens = (await server.engine.info()).context
    yield server
    server.stop_background()
    await server.completer.close()
    await server.engine.close()


def open_(ls: NearsideServer, name: str, text: str) -> Document:
    item = lsp.TextDocumentItem(f"file:///project/{name}", "python", 1, text)
    sync.did_open(ls, lsp.DidOpenTextDocumentParams(item))
    return ls.documents[item.uri]


async def ask(ls: NearsideServer, document: Document, line: int, column: int) -> Any:
    """Return what a request that reaches the engine cost."""
    placed = await suggestions.suggest(ls, document, (line, column), 1)
    suggestion = placed.suggestion if placed else ls.suggestions[document.uri]
    assert suggestion.source == "engine"
    return suggestion.usage


def type_(ls: NearsideServer, document: Document, line: int, column: int, text: str) -> None:
    place = lsp.Position(line, column)
    change = lsp.TextDocumentContentChangePartial(lsp.Range(place, place), text)
    identifier = lsp.VersionedTextDocumentIdentifier(document.revision + 2, document.uri)
    sync.did_change(ls, lsp.DidChangeTextDocumentParams(identifier, [change]))


async def test_a_chunk_of_another_file_is_in_the_cache_after_idle_moments(ls: NearsideServer) -> None:
    start = SOURCE.index("class HelpFormatter")
    main = open_(ls, "main.py", SOURCE[start : start + 12_000])
    line = 60
    column = len(main.lines[line]) - 1
    first = await ask(ls, main, line, column)
    assert first.evaluated_tokens + first.reused_tokens > 500
    open_(ls, "other.py", OTHER)
    shown: list[int] = []
    for _ in range(6):
        await ls.context.tick()
        if ls.warming:
            await asyncio.wait((ls.warming,))
        shown.append(len(ls.context.ready(main, (line, column))))
    assert shown[-1] > 0
    type_(ls, main, line, column, " q")
    ready = ls.context.ready(main, (line, column + 2))
    assert any("def part0" in snippet.text for snippet in ready)
    usage = await ask(ls, main, line, column + 2)
    assert usage.evaluated_tokens <= 64
