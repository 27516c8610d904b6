"""Our server in this process, driven as the Neovim plugin drives it; only JSON and the pipe are left out."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lsprotocol import types as lsp

from benchmarks.typist import Screen, View
from inference.completer import Mechanisms
from inference.types import Engine
from lsp_server.server import create_server

RESTED = 0.15
"""Seconds until the plugin says where a cursor rests (editors/nvim/lua/nearside/cursor.lua)."""
WORKSPACE = Path("/project")
"""Exists nowhere: what a server knows of the project is what was opened."""


class _Nowhere:
    """Where messages to the client go."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class NearsideClient:
    """Implements benchmarks.typist.Client. `delay` is how long the editor itself waits before it asks."""

    def __init__(
        self,
        engine: Engine,
        mechanisms: Mechanisms | None = None,
        delay: float = 0.0,
        client: str = "Neovim",
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.server = create_server(lambda model, on_status: engine, "benchmark")
        self.server.mechanisms = mechanisms or Mechanisms()
        self._delay = delay
        self._client = client
        self._settings = settings or {}
        self._request = 0
        self._asking: asyncio.Task[None] | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._item: dict[str, Any] | None = None
        self._open: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self, screen: Screen) -> None:
        self._screen = screen
        self._loop = asyncio.get_running_loop()
        self.server.protocol.set_writer(_Nowhere())  # type: ignore[arg-type]
        folder = lsp.WorkspaceFolder(WORKSPACE.as_uri(), WORKSPACE.name)
        self._call(
            lsp.INITIALIZE,
            lsp.InitializeParams(
                capabilities=lsp.ClientCapabilities(
                    text_document=lsp.TextDocumentClientCapabilities(
                        inline_completion=lsp.InlineCompletionClientCapabilities()
                    ),
                    general=lsp.GeneralClientCapabilities(
                        position_encodings=[lsp.PositionEncodingKind.Utf32]
                    ),
                ),
                client_info=lsp.ClientInfo(self._client),
                workspace_folders=[folder],
                initialization_options=self._settings,
            ),
        )
        await self._call(lsp.INITIALIZED, lsp.InitializedParams())
        if self.server.introduction:
            await self.server.introduction

    def opened(self, view: View) -> None:
        if view.path not in self._open:
            self._open.add(view.path)
            item = lsp.TextDocumentItem(_uri(view), view.language, view.version, view.text)
            self._call(lsp.TEXT_DOCUMENT_DID_OPEN, lsp.DidOpenTextDocumentParams(item))

    def changed(self, view: View, at: int, removed: str, text: str) -> None:
        line, column = view.line_and_column(at)
        below = removed.count("\n")
        end_column = len(removed) - removed.rfind("\n") - 1 if below else column + len(removed)
        range_ = lsp.Range(lsp.Position(line, column), lsp.Position(line + below, end_column))
        document = lsp.VersionedTextDocumentIdentifier(view.version, _uri(view))
        change = lsp.TextDocumentContentChangePartial(range_, text)
        self._call(lsp.TEXT_DOCUMENT_DID_CHANGE, lsp.DidChangeTextDocumentParams(document, [change]))

    def typed(self, view: View) -> None:
        self._item = None
        self._request += 1
        self._asking = self._run(self._ask(view, self._request))

    def rested(self, view: View) -> None:
        if self._resting:
            self._resting.cancel()
        place = SimpleNamespace(**dict(zip(("line", "character"), _place(view), strict=True)))
        params = SimpleNamespace(textDocument=SimpleNamespace(uri=_uri(view)), position=place)
        self._resting = self._loop.call_later(RESTED, self._call, "nearside/cursor", params)

    def accepted(self, view: View, whole: bool) -> None:
        item, self._item = self._item, None
        if item is None:
            return
        if whole:
            command = item["command"]
            self._execute(command["command"], command["arguments"])
        else:
            length = len(item["insertText"].split("\n")[0].encode("utf-16-le")) // 2
            self._call("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": length})

    def left(self, view: View) -> None:
        self._request += 1
        if self._item:
            self._call("nearside/dismissed", {"item": self._item})
        self._item = None

    def saved(self, view: View) -> None:
        identifier = lsp.TextDocumentIdentifier(_uri(view))
        self._call(lsp.TEXT_DOCUMENT_DID_SAVE, lsp.DidSaveTextDocumentParams(identifier))

    def closed(self, view: View) -> None:
        self._open.discard(view.path)
        identifier = lsp.TextDocumentIdentifier(_uri(view))
        self._call(lsp.TEXT_DOCUMENT_DID_CLOSE, lsp.DidCloseTextDocumentParams(identifier))

    async def stop(self) -> None:
        if self._resting:
            self._resting.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._call(lsp.SHUTDOWN, None)

    async def _ask(self, view: View, request: int) -> None:
        """Ask for the cursor's place, and show what comes unless there has been another key since."""
        if self._delay:
            await asyncio.sleep(self._delay)
            if request != self._request:
                return
        params = lsp.InlineCompletionParams(
            lsp.InlineCompletionContext(lsp.InlineCompletionTriggerKind.Automatic),
            lsp.TextDocumentIdentifier(_uri(view)),
            lsp.Position(*_place(view)),
        )
        answer = await self._call(lsp.TEXT_DOCUMENT_INLINE_COMPLETION, params)
        if request != self._request or not answer.items:
            return
        first = answer.items[0]
        text = first.insert_text if isinstance(first.insert_text, str) else first.insert_text.value
        source = self.server.suggestions[_uri(view)].source
        self._item = {
            "insertText": text,
            "command": {"command": first.command.command, "arguments": first.command.arguments},
        }
        self._call("textDocument/didShowCompletion", {"item": self._item})
        self._screen.show(text, source)

    def _call(self, method: str, params: Any) -> Any:
        """Call the server's handler of a message, if it has one. The answer may have to be awaited."""
        handler = self.server.protocol.fm.features.get(method)
        if handler is None:
            return None
        answer = handler() if method == lsp.SHUTDOWN else handler(params)
        return answer

    def _execute(self, command: str, arguments: list[Any]) -> None:
        answer = self.server.protocol.fm.commands[command](*arguments)
        if inspect.isawaitable(answer):
            self._run(answer)

    def _run(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _uri(view: View) -> str:
    return (WORKSPACE / view.path).as_uri()


def _place(view: View) -> tuple[int, int]:
    return view.line_and_column(view.cursor)
