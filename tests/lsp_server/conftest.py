"""A server in one expression: `client = await start(Script(token_delay=0.1))`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import LspClient
from tests.scripted_engine import Script

Start = Callable[..., Awaitable[LspClient]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Return a function that starts the real server over stdio and shakes hands; all end with the test."""
    clients: list[LspClient] = []

    async def started(
        script: Script | None = None,
        params: dict[str, Any] | None = None,
        ready: bool = True,
        **environ: str,
    ) -> LspClient:
        folder = tmp_path / f"client-{len(clients)}"
        folder.mkdir()
        client = await LspClient.start(folder, script, environ)
        clients.append(client)
        await client.initialize(params, ready)
        return client

    yield started
    for client in clients:
        if client.process.returncode is None:
            await client.stop()
