"""Servers at an address: a real one of the SDK's on loopback, and some that answer with too much or never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from mcp.server.mcpserver import MCPServer

from settings.schema import Mcp, McpServer
from tests.tools.mcp_client.test_servers import call, refusal, stood, yes
from tools.mcp_client import connection, servers

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def wiki() -> AsyncIterator[McpServer]:
    """Serve two tools over HTTP."""
    made = MCPServer("wiki")
    flood = "x" * (20 << 20)

    @made.tool()
    def read(page: str) -> str:
        """Read a page."""
        return f"The page {page}."

    @made.tool()
    def dump() -> str:
        """Answer with 20 MB."""
        return flood

    config = uvicorn.Config(made.streamable_http_app(), port=0, log_level="critical", lifespan="on")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield McpServer("wiki", url=f"http://127.0.0.1:{port}/mcp")
    finally:
        server.should_exit = server.force_exit = True
        await serving


@asynccontextmanager
async def answering(handle: Handle) -> AsyncIterator[McpServer]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield McpServer("bad", url=f"http://127.0.0.1:{port}/mcp")
    finally:
        server.close()


async def test_tools_of_a_server_at_an_address_answer_and_what_is_too_long_is_one_line(home: Path) -> None:
    async with wiki() as server, servers(Mcp((server,)), home, yes) as ours:
        assert await call(ours, "wiki.read", page="tax") == "The page tax."
        assert (await refusal(ours, "wiki.dump")).startswith("wiki.dump has no answer, because ")
        assert await call(ours, "wiki.read", page="again") == "The page again."


@pytest.mark.parametrize("kind", ["hangs", "floods", "redirects", "is no server"])
async def test_a_server_at_an_address_that_begins_badly_is_one_line(
    kind: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 1.0 if kind == "hangs" else 10.0)
    heads = {
        "floods": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n",
        "redirects": b"HTTP/1.1 307 Moved\r\nLocation: http://evil.example/mcp\r\nContent-Length: 0\r\n\r\n",
        "is no server": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
    }
    reached: list[bytes] = []
    sent = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        try:
            reached.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(heads.get(kind, b""))
            while kind == "floods" and sent < 100_000_000:
                writer.write(b"x" * (1 << 20))
                await writer.drain()
                sent += 1 << 20
            if kind == "hangs":
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with answering(handle) as server:
        tools, problem = await stood(home, server)
    assert tools == () and problem.startswith("bad is not used, because ") and "\n" not in problem
    assert reached and sent < 40_000_000
    assert all(b"cookie" not in head.lower() and b"authorization" not in head.lower() for head in reached)


async def test_what_is_not_there_or_not_on_this_machine_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(lambda *_: asyncio.sleep(0)) as gone:
        pass
    assert "its address cannot be reached" in (await stood(home, gone))[1]
    monkeypatch.setenv("NEARSIDE_OFFLINE", "1")
    far = McpServer("far", url="https://wiki.example/mcp")
    assert "it is not on this machine, and Nearside is offline" in (await stood(home, far))[1]
