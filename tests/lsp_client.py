"""A client in raw JSON-RPC, for what a well-behaved client library cannot send: races, cancels, nonsense."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.scripted_engine import Script

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
"""Seconds a server may live in a test."""
URI = "file:///project/a.py"


@dataclass
class Reply:
    """One answer and when it came, in seconds of time.perf_counter."""

    result: Any
    error: dict[str, Any] | None
    at: float


class LspClient:
    """Speaks to one server process; requests it gets from the server are answered with `answers`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.notifications: list[tuple[str, Any]] = []
        self.requests: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self._ids = itertools.count(1)
        self._waiting: dict[int | str, asyncio.Future[Reply]] = {}
        self._heard = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())
        self._overdue = False
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._give_up)

    @classmethod
    async def start(
        cls, folder: Path, script: Script | None = None, environ: Mapping[str, str] | None = None
    ) -> LspClient:
        """Start a server with the scripted engine, whose script is handed over in `folder`."""
        file = folder / "script.json"
        file.write_text(json.dumps(asdict(script or Script())), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.serve_scripted",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "SCRIPTED_ENGINE": str(file), **(environ or {})},
        )
        return cls(process)

    async def initialize(self, params: dict[str, Any] | None = None, ready: bool = True) -> dict[str, Any]:
        """Shake hands, and wait until the server has an engine."""
        reply = await self.request(
            "initialize", params or {"processId": None, "rootUri": None, "capabilities": {}}
        )
        assert reply.error is None, reply.error
        self.notify("initialized", {})
        while ready and not (await self.counters())["ready"]:
            await asyncio.sleep(0.005)
        return reply.result

    def send(self, method: str, params: Any, **fields: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **fields}).encode()
        self.send_bytes(body)

    def send_bytes(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: Any) -> None:
        self.send(method, params)

    def ask(self, method: str, params: Any) -> tuple[int, asyncio.Future[Reply]]:
        """Send a request; return its id and its reply to come."""
        if self._overdue:
            raise TimeoutError("This test takes too long.")
        number = next(self._ids)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self.send(method, params, id=number)
        return number, future

    async def request(self, method: str, params: Any) -> Reply:
        return await self.ask(method, params)[1]

    async def counters(self) -> dict[str, Any]:
        return (await self.request("nearside/testCounters", {})).result

    async def heard(self, method: str, timeout: float = 10.0) -> Any:
        """Wait for a notification of this method and return its params."""
        async with self._heard, asyncio.timeout(timeout):
            while True:
                for name, params in self.notifications:
                    if name == method:
                        return params
                await self._heard.wait()

    def open(self, text: str, uri: str = URI, language: str = "python", version: int = 1) -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, version: int, *changes: dict[str, Any], uri: str = URI) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def ask_inline(
        self, line: int, character: int, kind: int = 2, uri: str = URI
    ) -> tuple[int, asyncio.Future[Reply]]:
        return self.ask("textDocument/inlineCompletion", inline_params(line, character, kind, uri))

    async def inline(self, line: int, character: int, kind: int = 2, uri: str = URI) -> list[dict[str, Any]]:
        """Return the items shown at a position."""
        reply = await self.ask_inline(line, character, kind, uri)[1]
        assert reply.error is None, reply.error
        return reply.result["items"]

    def cancel(self, number: int) -> None:
        self.notify("$/cancelRequest", {"id": number})

    async def stop(self) -> int:
        """Leave as the protocol wants, and return the exit status."""
        if self.process.returncode is None:
            await self.request("shutdown", None)
            self.notify("exit", None)
        return await self.leave()

    async def leave(self) -> int:
        """Close the server's input and return its exit status."""
        assert self.process.stdin is not None
        self._timer.cancel()
        self.process.stdin.close()
        status = await asyncio.wait_for(self.process.wait(), 10)
        await self._reading
        return status

    def _give_up(self) -> None:
        """End every wait: a test that hangs says where."""
        self._overdue = True
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(TimeoutError("The server does not answer."))

    async def _read(self) -> None:
        assert self.process.stdout is not None
        with suppress(asyncio.IncompleteReadError):
            while True:
                header = await self.process.stdout.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in header.split(b"\r\n")
                    if line.startswith(b"Content-Length")
                )
                await self._take(json.loads(await self.process.stdout.readexactly(length)))

    async def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            reply = Reply(message.get("result"), message.get("error"), time.perf_counter())
            waiting = self._waiting.pop(message["id"], None)
            if waiting and not waiting.done():
                waiting.set_result(reply)
            return
        name, params = message["method"], message.get("params")
        if "id" in message:
            self.requests.append((name, params))
            answer = self.answers.get(name)
            result = answer(params) if callable(answer) else answer
            self.send_bytes(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())
        else:
            self.notifications.append((name, params))
        async with self._heard:
            self._heard.notify_all()


def inline_params(line: int, character: int, kind: int = 2, uri: str = URI) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": kind},
    }


def insertion(line: int, character: int, text: str) -> dict[str, Any]:
    """Return the change a client sends for text typed at a position."""
    here = {"line": line, "character": character}
    return {"range": {"start": here, "end": here}, "text": text}
