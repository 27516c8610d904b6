"""All servers of the user's settings, for one project: started when their tools are first wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from settings.schema import Mcp, McpServer
from tools.mcp_client.aside import Aside
from tools.mcp_client.connection import Connection
from tools.mcp_client.limits import Broken
from tools.mcp_client.offered import offered
from tools.toolbox import Found, Tool

MOST_STARTS = 3
"""A server that keeps ending is not started again after so many times."""

Consent = Callable[[McpServer], Awaitable[bool]]
"""Whether a server may be started in this project; may ask the user."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of one server."""

    server: McpServer
    consented: bool = True
    tools: tuple[Tool, ...] = ()
    problem: str = ""
    """One line; nothing where it can be used."""
    notes: tuple[str, ...] = ()
    """Lines about tools that are not used."""


@asynccontextmanager
async def servers(settings: Mcp, root: Path, consent: Consent) -> AsyncIterator[Servers]:
    """Yield the servers of the settings. At the end all that was started is gone."""
    made = Servers(settings, root, consent)
    try:
        yield made
    finally:
        await asyncio.shield(asyncio.create_task(made.close()))


class Servers:
    """Servers of tools, all run aside (aside.py)."""

    def __init__(self, settings: Mcp, root: Path, consent: Consent) -> None:
        self._settings, self._root, self._consent = settings, root, consent
        self._aside = Aside()
        self._open: dict[str, Connection] = {}
        self._starts: dict[str, int] = {}
        self._standing: dict[str, Standing] = {}
        self._turn = asyncio.Lock()

    async def tools(self) -> list[Tool]:
        """Return the tools of all servers that may be used and can be. Starts those that do not run."""
        return [tool for one in await self.standing() for tool in one.tools]

    async def standing(self) -> list[Standing]:
        """Return how each server stands, in the order of the settings, after starting what may be started."""
        async with self._turn:
            waiting = [one for one in self._settings.servers if not self._runs(one)]
            allowed = [one for one in waiting if await self._allowed(one)]
            if allowed:
                results = await self._aside.run(self._start(allowed))
                self._standing.update({one.server.name: one for one in results})
            return [self._now(one) for one in self._settings.servers]

    async def close(self) -> None:
        """End every server; return when they are gone."""
        if self._open:
            await self._aside.run(self._end(list(self._open.values())))
        await asyncio.to_thread(self._aside.close)

    def _now(self, server: McpServer) -> Standing:
        standing, connection = self._standing[server.name], self._open.get(server.name)
        if standing.problem or connection is None or not connection.ended:
            return standing
        return replace(
            standing, tools=(), problem=f"{server.name} is not used any more, because {connection.reason}."
        )

    def _runs(self, server: McpServer) -> bool:
        connection = self._open.get(server.name)
        if server.name not in self._standing:  # not even where whoever wanted it first was cancelled
            return False
        if connection and not connection.ended:
            return True
        return self._starts.get(server.name, 0) >= MOST_STARTS

    async def _allowed(self, server: McpServer) -> bool:
        """Ask for consent, and note where there is none."""
        if await self._consent(server):
            return True
        line = f"{server.name} is not used, because you have not consented to it in this project"
        self._standing[server.name] = Standing(server, False, problem=f"{line}.")
        return False

    async def _start(self, waiting: Sequence[McpServer]) -> list[Standing]:
        return await asyncio.gather(*(self._started(one) for one in waiting))

    async def _started(self, server: McpServer) -> Standing:
        self._starts[server.name] = self._starts.get(server.name, 0) + 1
        if gone := self._open.get(server.name):
            await gone.close()
        connection = Connection(self._root, server)
        self._open[server.name] = connection
        try:
            await connection.open()
        except Broken as error:
            return Standing(server, problem=str(error))

        async def call(name: str, arguments: Mapping[str, Any]) -> Sequence[Found]:
            return await self._aside.run(connection.call(name, arguments))

        tools, notes = offered(server, connection.listed, call)
        return Standing(server, tools=tuple(tools), notes=tuple(notes))

    async def _end(self, connections: Sequence[Connection]) -> None:
        await asyncio.gather(*(one.close() for one in connections))
