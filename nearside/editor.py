"""A very small editor: starts the language server as an editor would, opens a file, types into it, reads
what appears.

For the demo and the benchmarks. It speaks JSON-RPC over stdio by itself, so that it measures the server and
not a library.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference.types import EngineUnavailable

SERVE = (sys.executable, "-P", "-m", "nearside", "serve")
CAPABILITIES = {
    "general": {"positionEncodings": ["utf-32", "utf-16"]},
    "textDocument": {"inlineCompletion": {}},
    "window": {"workDoneProgress": True},
}


@dataclass(frozen=True)
class Shown:
    """What the editor would draw after one request."""

    text: str
    details: Mapping[str, Any]
    """The server's own account of the suggestion: confidence, tokens, model."""
    latency_ms: float
    """From the keystroke's notification to the answer, as the editor sees it."""


@dataclass
class Buffer:
    """One open document, as one string."""

    uri: str
    text: str
    version: int = 1

    def position(self, offset: int) -> dict[str, int]:
        """Line and character, both from 0, characters as code points (utf-32)."""
        before = self.text[:offset]
        return {"line": before.count("\n"), "character": offset - (before.rfind("\n") + 1)}


@dataclass
class Editor:
    """One running server."""

    process: asyncio.subprocess.Process
    messages: list[str] = field(default_factory=list)
    """What the server told the user, in order."""
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _reader: asyncio.Task[None] | None = None
    _ids: int = 0

    @classmethod
    async def start(
        cls,
        folder: Path,
        command: Sequence[str] = SERVE,
        environ: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Editor:
        """Start a server on a folder and wait until it has answered `initialize`."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **(environ or {})},
            limit=1 << 24,
        )
        editor = cls(process)
        editor._reader = asyncio.create_task(editor._read())
        await editor.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "nearside demo"},
                "rootUri": folder.resolve().as_uri(),
                "workspaceFolders": [{"uri": folder.resolve().as_uri(), "name": folder.name}],
                "capabilities": CAPABILITIES,
                "initializationOptions": dict(settings or {}),
            },
        )
        await editor.notify("initialized", {})
        return editor

    async def open(self, path: Path, text: str, language: str) -> Buffer:
        """Open a document with a text of our own; the file itself is not touched."""
        buffer = Buffer(path.resolve().as_uri(), text)
        item = {"uri": buffer.uri, "languageId": language, "version": 1, "text": text}
        await self.notify("textDocument/didOpen", {"textDocument": item})
        return buffer

    async def type(self, buffer: Buffer, offset: int, typed: str) -> int:
        """Insert text at an offset, as one change; returns the offset after it."""
        position = buffer.position(offset)
        buffer.text = buffer.text[:offset] + typed + buffer.text[offset:]
        buffer.version += 1
        change = {"range": {"start": position, "end": position}, "text": typed}
        await self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": buffer.uri, "version": buffer.version}, "contentChanges": [change]},
        )
        return offset + len(typed)

    async def ghost(self, buffer: Buffer, offset: int, by_hand: bool = False) -> Shown:
        """Ask for ghost text at an offset, and for the server's account of it."""
        began = time.perf_counter()
        answer = await self.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": buffer.uri},
                "position": buffer.position(offset),
                "context": {"triggerKind": 1 if by_hand else 2},
            },
        )
        latency = 1000 * (time.perf_counter() - began)
        items = answer["items"] if isinstance(answer, dict) else answer or []
        details = await self.request("nearside/suggestion", {"textDocument": {"uri": buffer.uri}})
        text = items[0]["insertText"] if items else ""
        return Shown(text if isinstance(text, str) else text["value"], details or {}, latency)

    async def request(self, method: str, params: Any) -> Any:
        """Send a request and wait for its result. Raises EngineUnavailable if the server is gone or
        refuses.
        """
        self._ids += 1
        future = self._waiting[self._ids] = asyncio.get_running_loop().create_future()
        await self._send({"id": self._ids, "method": method, "params": params})
        return await future

    async def notify(self, method: str, params: Any) -> None:
        await self._send({"method": method, "params": params})

    async def close(self) -> None:
        """Shut the server down in the order the protocol asks for, or by force if it does not follow."""
        with contextlib.suppress(TimeoutError, EngineUnavailable, ConnectionError):
            await asyncio.wait_for(self.request("shutdown", None), 5)
            await self.notify("exit", None)
            await asyncio.wait_for(self.process.wait(), 5)
        await self.kill()

    async def kill(self) -> None:
        """End the server without a word."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        if self._reader:
            self._reader.cancel()

    async def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await self.process.stdin.drain()

    async def _read(self) -> None:
        """Hand answers to whoever waits; answer the server's own requests with null."""
        assert self.process.stdout
        try:
            while True:
                head = await self.process.stdout.readuntil(b"\r\n\r\n")
                length = next(
                    int(x.split(b":")[1])
                    for x in head.split(b"\r\n")
                    if x.lower().startswith(b"content-length")
                )
                message = json.loads(await self.process.stdout.readexactly(length))
                if "method" not in message:
                    self._settle(message)
                elif "id" in message:
                    items = (
                        (message.get("params") or {}).get("items")
                        if message["method"] == "workspace/configuration"
                        else None
                    )
                    await self._send({"id": message["id"], "result": [None] * len(items) if items else None})
                elif message["method"] in ("window/showMessage", "window/logMessage"):
                    self.messages.append(message["params"]["message"])
        except (asyncio.IncompleteReadError, ConnectionError):
            error = EngineUnavailable("The language server ended before it answered. See its log.")
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(error)

    def _settle(self, message: dict[str, Any]) -> None:
        future = self._waiting.pop(message["id"], None)
        if future and not future.done():
            if "error" in message:
                future.set_exception(
                    EngineUnavailable(f"The language server refused: {message['error']['message']}")
                )
            else:
                future.set_result(message.get("result"))
