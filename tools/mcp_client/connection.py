"""One server while it is used: started, asked for its tools, called, ended. All of it on one event loop."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settings.schema import McpServer
from tools.documentation.doc import plain
from tools.mcp_client import consent
from tools.mcp_client.limits import (
    CALL_SECONDS,
    MOST_LISTED,
    MOST_PAGES,
    MOST_RESULT,
    START_SECONDS,
    Broken,
    Fault,
)
from tools.toolbox import Found, ToolError

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp_types import CallToolResult
    from mcp_types import Tool as Listed


CLOSE_SECONDS = 5.0
"""Until a server that is to be taken leave of is left; a program is killed before."""


class Connection:
    """A server. It asks nothing of us: we offer it no model, no folders and no questions to the user."""

    def __init__(self, root: Path, server: McpServer) -> None:
        self.server = server
        self.listed: list[Listed] = []
        self._root = root
        self._fault = Fault()
        self._session: ClientSession | None = None
        self._owner: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def reason(self) -> str:
        """Why it cannot be used any more, as words that follow `because`."""
        return self._fault.reason

    @property
    def ended(self) -> bool:
        return self._owner is None or self._owner.done() or bool(self._fault.reason)

    async def open(self) -> None:
        """Start or reach the server and list its tools. Raises Broken."""
        import mcp  # noqa: F401 (takes a second or more, which is not the server's)

        opened = asyncio.get_running_loop().create_future()
        # The session's scopes have to be left by the task that entered them.
        self._owner = asyncio.create_task(self._own(opened))
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.wait({opened, self._owner}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            self._fault.found(f"it was not ready within {START_SECONDS:.0f} s")
        if not opened.done():
            await self.close()
            raise Broken(
                f"{self.server.name} is not used, because {self._fault.reason or 'it ended'}; "
                f"see mcp.servers.{self.server.name} in your settings."
            )

    async def close(self) -> None:
        """End the server; return when it is gone."""
        self._closing.set()
        if self._owner:
            introducing = self._session is None
            if introducing or not (await asyncio.wait({self._owner}, timeout=CLOSE_SECONDS))[0]:
                self._owner.cancel()
            await asyncio.wait({self._owner})

    async def call(self, name: str, arguments: Mapping[str, Any]) -> list[Found]:
        """Call a tool. Raises ToolError with a line for the model."""
        from mcp import MCPError
        from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult
        from pydantic import ValidationError

        what = f"{self.server.name}.{name}"
        owner, session = self._owner, self._session
        if self.ended or owner is None or session is None:
            raise ToolError(f"{what} was not called, because the server is gone: {self._fault.reason}")
        # No result is held against the schema that the server gives for it: that alone can take for ever.
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=dict(arguments)))
        asking = asyncio.create_task(session.send_request(request, CallToolResult))
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await asyncio.wait({asking, owner}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ToolError(f"{what} has no answer, because {self._fault.reason or 'the server ended'}")
            return _found(what, asking.result())
        except TimeoutError:
            raise ToolError(f"{what} did not answer within {CALL_SECONDS:.0f} s") from None
        except MCPError as error:
            reason = self._fault.reason or _line(str(error))
            raise ToolError(f"{what} has no answer, because {reason}") from None
        except (ValidationError, ValueError, RecursionError):
            raise ToolError(f"{what} answered something that is no result") from None
        finally:
            asking.cancel()

    async def _own(self, opened: asyncio.Future[None]) -> None:
        try:
            from mcp import ClientSession
            from mcp_types import Implementation

            us = Implementation(name="nearside", version="0")
            async with (
                self._transport() as (reading, writing),
                ClientSession(reading, writing, client_info=us) as session,
            ):
                await _introduced(session)
                self.listed = await _listed(session)
                self._session = session
                opened.set_result(None)
                await self._until_over()
        except OSError as error:
            self._fault.found(f"it cannot be started ({(error.strerror or str(error)).lower()})")
        except Exception as error:  # whatever a library makes of what a server does
            self._fault.found(_reason(error))

    async def _until_over(self) -> None:
        waits = [asyncio.create_task(each.wait()) for each in (self._closing, self._fault.noticed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    def _transport(self) -> AbstractAsyncContextManager[Any]:
        if self.server.url:
            from tools.mcp_client.remote import connected, unreachable

            if why := unreachable(self.server.url):
                self._fault.found(why)
                raise ConnectionRefusedError(why)
            return connected(self.server.url, self._fault)
        from tools.mcp_client.process import environment, piped

        if missing := [name for name in self.server.env if name not in os.environ]:
            self._fault.found(f"{', '.join(missing)} is not set in the environment")
            raise LookupError(missing)
        command = consent.command(self._root, self.server)
        return piped(command, environment(self.server.env), self._fault)


async def _introduced(session: ClientSession) -> None:
    """Agree on a version: by the handshake that nearly all servers know, else by the newer way."""
    from mcp import MCPError
    from mcp_types import CONNECTION_CLOSED

    try:
        await session.initialize()
    except MCPError as error:
        if error.code == CONNECTION_CLOSED:
            raise
        await session.discover()


async def _listed(session: ClientSession) -> list[Listed]:
    """Return a server's tools, as many as are looked at."""
    from mcp_types import PaginatedRequestParams

    found: list[Listed] = []
    cursor = None
    for _ in range(MOST_PAGES):
        page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
        found += page.tools
        cursor = page.next_cursor
        if not cursor or len(found) >= MOST_LISTED:
            break
    return found


def _found(what: str, result: CallToolResult) -> list[Found]:
    """Return the text of a result. Raises ToolError for one that is an error, or holds no text."""
    from mcp_types import EmbeddedResource, TextContent, TextResourceContents

    texts, others = [], set()
    for block in result.content:
        if isinstance(block, TextContent):
            texts.append(block.text)
        elif isinstance(block, EmbeddedResource) and isinstance(block.resource, TextResourceContents):
            texts.append(block.resource.text)
        else:
            others.add(block.type.replace("_", " "))
    if not texts and result.structured_content:
        texts.append(json.dumps(result.structured_content, ensure_ascii=False))
    text = plain("\n\n".join(each[:MOST_RESULT] for each in texts[:MOST_RESULT]), MOST_RESULT)
    if result.is_error:
        raise ToolError(f"{what} failed: {_line(text) or 'it does not say why'}")
    if others and not text:
        raise ToolError(f"{what} answered with {', '.join(sorted(others))} alone, and only text is taken")
    return [Found(what, text)] if text else []


def _reason(error: BaseException) -> str:
    from pydantic import ValidationError

    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ValidationError):
        return "it answers something else than what it is asked"
    return _line(str(error) or type(error).__name__)


def _line(text: str) -> str:
    return " ".join(plain(text, 2_000).split())[:200]
