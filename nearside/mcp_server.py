"""`nearside mcp`: what Nearside knows of a project, for other agents, over the Model Context Protocol.

Everything is read, nothing written; what is private, ignored or outside of the project is not there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from actions.around import Project
from inference.types import NearsideError, SettingsError
from nearside import __version__
from retrieval.client import RetrievalClient, RetrievalLate, start
from settings.paths import is_no_project
from settings.schema import Retrieval, Settings
from syntax.extract import facts
from syntax.languages import language_of
from tools.project import ProjectTools
from tools.toolbox import Argument, Found, Tool, ToolError, read, tool

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import CallToolResult

READY_SECONDS = 20.0
"""Until an index that does not know all names yet is done without."""
WORDS_SECONDS = 5.0
"""How long a first search waits, beyond that, for the texts."""
CALL_SECONDS = 60.0
"""Of any call; agents give up after about as long."""
MOST_TEXT = 30_000
"""Characters of one answer: some 8,000 tokens, a third of what agents take."""
MOST_SYMBOLS = 400
"""Lines of an outline."""
MOST_DECISIONS = 50
SERVED = frozenset(("search_project", "read_symbol", "list_references"))
"""Of the project's tools; agents read files and run tests themselves."""
ABOUT = (
    "Finds code of this project by meaning, by name and by use, from an index that is kept up to date; shows "
    "the documentation of what is installed, in the version that is installed. Nothing leaves this machine."
)

log = logging.getLogger("nearside.mcp")


def serve(root: Path, settings: Settings) -> None:
    """Serve a project over standard input and output until the first ends. Raises SettingsError."""
    if is_no_project(root):
        raise SettingsError(f"Nothing is served, because {root} is no project; name a project's folder.")
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a thread that reads standard input cannot be interrupted
    asyncio.run(_serve(root, settings))
    sys.stderr.flush()
    os._exit(0)  # nobody waits for an answer any more, so nothing a thread still does matters


async def _serve(root: Path, settings: Settings) -> None:
    from mcp.server.stdio import stdio_server

    index = Index(root, settings.retrieval)
    server = served(tools(root, settings, index))
    try:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
    finally:
        await index.close()


def tools(root: Path, settings: Settings, index: Index) -> list[Tool]:
    """Return what is served."""
    project = Project(root, {}, index.look if index.usable else None)
    own = Readings(root, settings, project)
    found = [one for one in ProjectTools(project).tools() if one.name in SERVED]
    return [*found, *map(tool, (own.outline_file, own.read_documentation, own.explain_routing))]


def served(offered: Sequence[Tool]) -> Server[Any]:
    """Return a server of tools."""
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError
    from mcp_types import (
        INVALID_PARAMS,
        CallToolRequestParams,
        ListToolsResult,
        ToolAnnotations,
    )
    from mcp_types import Tool as Described

    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    described = [
        Described(name=one.name, description=one.purpose, input_schema=_schema(one), annotations=reads)
        for one in offered
    ]
    by_name = {one.name: one for one in offered}

    async def list_tools(*_: object) -> ListToolsResult:
        return ListToolsResult(tools=described)

    async def call_tool(_: object, params: CallToolRequestParams) -> CallToolResult:
        wanted = by_name.get(params.name)
        if wanted is None:
            raise MCPError(
                INVALID_PARAMS, f"There is no tool {params.name!r}; there are {', '.join(by_name)}."
            )
        return await _called(wanted, params.arguments or {})

    return Server(
        "nearside", version=__version__, instructions=ABOUT, on_list_tools=list_tools, on_call_tool=call_tool
    )


def _schema(one: Tool) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": {
            each.name: {**each.schema(), "description": each.about.what} for each in one.parameters
        },
        "required": [each.name for each in one.parameters if each.needed],
        "additionalProperties": False,
    }


async def _called(wanted: Tool, arguments: dict[str, Any]) -> CallToolResult:
    """Call a tool and return its result, or the line that says why there is none."""
    call, problem = None, f"{wanted.name} takes no tool"  # the word that names it where a model calls one
    if "tool" not in arguments:
        call, problem = read(json.dumps({"tool": wanted.name, **arguments}), [wanted])
    if call is None:
        return _answer(f"{wanted.name} was not called, because {problem}.", failed=True)
    try:
        async with asyncio.timeout(CALL_SECONDS):
            found = await wanted.run(**call.arguments)
    except NearsideError as error:
        return _answer(str(error), failed=True)
    except TimeoutError:
        return _answer(f"{wanted.name} was given up after {CALL_SECONDS:.0f} s; ask for less.", failed=True)
    except Exception:
        log.exception("%s failed", wanted.name)
        return _answer(f"{wanted.name} failed; Nearside's standard error says why.", failed=True)
    return _answer("\n\n".join(f"{one.title}\n{one.text}".strip() for one in found) or "Nothing was found.")


def _answer(text: str, *, failed: bool = False) -> CallToolResult:
    from mcp_types import CallToolResult, TextContent

    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]}\n… (cut: {len(text) - MOST_TEXT:,} more characters; ask for less)"
    text = text.encode("utf-8", "replace").decode("utf-8")  # JSON takes no half of a surrogate pair
    return CallToolResult(content=[TextContent(text=text)], is_error=failed)


class Index:
    """The project's index: a process that is started when it is first asked, and again if it died."""

    def __init__(self, root: Path, settings: Retrieval) -> None:
        self.usable = settings.enabled
        self._root, self._settings = root, settings
        self._client: RetrievalClient | None = None
        self._starting = asyncio.Lock()
        self._known, self._ready = asyncio.Event(), asyncio.Event()
        self._waited = False
        """Whether a search has waited for the texts; the others go on with what there is."""

    async def look(self, method: str, params: dict[str, Any], seconds: float) -> Any:
        """Ask the index, as retrieval/client.py's `request`. Raises RetrievalUnavailable."""
        client = await self._running()
        await _until(self._known, READY_SECONDS, client)
        if not self._known.is_set():
            raise RetrievalLate(f"{method} was not answered, because the project is still being indexed.")
        if method == "search" and not self._waited:
            await _until(self._ready, WORDS_SECONDS, client)
            self._waited = True
        return await client.request(method, params, seconds)

    @property
    def process(self) -> int | None:
        """The id of the process; None where there is none."""
        return self._client.pid if self._client else None

    async def close(self) -> None:
        """End the process."""
        if self._client:
            await self._client.close()

    async def _running(self) -> RetrievalClient:
        async with self._starting:
            if self._client is None or self._client.ended.is_set():
                if self._client:
                    await self._client.close()
                self._known, self._ready, self._waited = asyncio.Event(), asyncio.Event(), False
                self._client = await start(self._root, self._settings, self._told)
            return self._client

    def _told(self, method: str, params: dict[str, Any]) -> None:
        if method == "ready":
            self._known.set()
            if params.get("stage") == "ready":
                self._ready.set()


async def _until(event: asyncio.Event, seconds: float, client: RetrievalClient) -> None:
    """Wait for an event, but not longer, nor for a process that has ended."""
    if event.is_set():
        return
    waits = [asyncio.ensure_future(each.wait()) for each in (event, client.ended)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()


class Readings:
    """What is served beside what the index finds."""

    def __init__(self, root: Path, settings: Settings, project: Project) -> None:
        self._root, self._settings, self._project = root, settings, project

    async def outline_file(
        self, path: Annotated[str, Argument("of a file, relative to the project", "src/cart.py")]
    ) -> Sequence[Found]:
        """Show what a file of the project defines, with the lines of each definition."""
        text = await asyncio.to_thread(self._project.text, path)
        if text is None:
            raise ToolError(
                f"No outline, because there is no file {path} that may be read; name one of the project."
            )
        symbols = (await asyncio.to_thread(facts, text, language_of(path))).symbols
        lines = [
            f"{one.first + 1}-{one.last + 1} {'  ' * one.qualified.count('.')}{one.kind} {one.qualified}"
            for one in sorted(symbols, key=lambda each: (each.first, -each.last))
        ]
        rest = len(lines) - MOST_SYMBOLS
        more = [f"… and {rest:,} more"] if rest > 0 else []
        return [Found(path, "\n".join([*lines[:MOST_SYMBOLS], *more]), path)] if lines else []

    async def read_documentation(
        self,
        name: Annotated[str, Argument("as json.dumps, react.useState or printf(3)", "json.dumps")],
        language: Annotated[str, Argument("that it is of", "python", 40)] = "",
    ) -> Sequence[Found]:
        """Read the documentation of a name from what is installed on this machine."""
        from nearside.docs import look

        doc = await asyncio.to_thread(look, self._root, self._settings.docs, name, language)
        return [Found("", doc.markdown())]

    async def explain_routing(
        self, decisions: Annotated[int, Argument("how many of the latest to show", 5)] = 5
    ) -> Sequence[Found]:
        """Explain what a hosted model would be asked in this project, why, and what was decided lately."""
        from inference.cloud.reach import closed
        from nearside.route import as_text, explained

        why, cloud = closed(self._settings), self._settings.cloud
        now = (
            f"No hosted model is asked, because {why}."
            if why
            else f"Asked is {cloud.model} of {cloud.provider}."
        )
        found = await asyncio.to_thread(lambda: explained(self._root, min(decisions, MOST_DECISIONS)))
        return [Found(now, as_text(found))]
