"""Tools of the user's MCP servers for code actions, and the question whether these may run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server.consent import ALLOW, LATER
from settings.schema import Mcp, McpServer

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer
    from tools.mcp_client import Servers
    from tools.toolbox import Tool

log = logging.getLogger("nearside.mcp")

NEVER = "Never"


class McpTools:
    """The servers of the settings in force; nothing of them is loaded before an action wants tools."""

    def __init__(self, ls: NearsideServer) -> None:
        self._ls = ls
        self._servers: Servers | None = None
        self._of: tuple[Path, Mcp] | None = None
        self._asked: set[McpServer] = set()
        self._told: set[str] = set()
        self._turn = asyncio.Lock()

    async def tools(self, workspace: Path) -> Sequence[Tool]:
        """Return the tools of all servers that may be used and can be; says what is wrong with the others."""
        settings = self._ls.settings.mcp
        async with self._turn:
            if self._of != (workspace, settings):
                await self._end()
            if not settings.servers:
                return ()
            from tools.mcp_client import Servers

            if self._servers is None:
                self._of = workspace, settings
                self._servers = Servers(settings, workspace, lambda server: self._may_run(workspace, server))
            standing = await self._servers.standing()
        for one in standing:
            if one.problem and one.consented and one.problem not in self._told:
                self._told.add(one.problem)
                self._ls.status.note(one.problem)
        return [tool for one in standing for tool in one.tools]

    async def close(self) -> None:
        """End all servers; return when they are gone."""
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        if self._servers:
            await self._servers.close()
        self._servers = self._of = None

    async def _may_run(self, workspace: Path, server: McpServer) -> bool:
        """Tell whether the user consented; ask once a session, and hold no action up for the answer."""
        from tools.mcp_client import consent

        if await asyncio.to_thread(consent.given, workspace, server):
            return True
        if server not in self._asked and not await asyncio.to_thread(consent.refused, workspace, server):
            self._asked.add(server)
            self._ls.run_in_background(self._ask(workspace, server))
        return False

    async def _ask(self, workspace: Path, server: McpServer) -> None:
        from tools.mcp_client import consent

        told = consent.told(workspace, server)
        question = (
            f"Nearside: may the server of tools {server.name} be used in this project? It {told}. What it "
            "answers is shown to the model; it runs with your rights."
        )
        actions = [lsp.MessageActionItem(title) for title in (ALLOW, LATER, NEVER)]
        params = lsp.ShowMessageRequestParams(lsp.MessageType.Warning, question, actions)
        try:
            answer = await self._ls.window_show_message_request_async(params)
        except JsonRpcException:
            how = f"nearside mcp --allow {server.name}"
            why = "because you have not consented to it"
            self._ls.status.note(f"{server.name} is not used, {why}; run: {how}")
            return
        title = answer.title if isinstance(answer, lsp.MessageActionItem) else LATER
        log.info("Whether %s may run in %s: %s", server.name, workspace, title)
        try:
            if title == ALLOW:
                await asyncio.to_thread(consent.give, workspace, server)
            elif title == NEVER:
                await asyncio.to_thread(consent.refuse, workspace, server)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            self._ls.status.note(f"Your answer was not kept, because its file cannot be written ({reason}).")
