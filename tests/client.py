"""The least of an LSP client: a process, and messages to and from it over pipes."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIMIT = 60.0
"""Seconds after which a server that says nothing is killed, so that a test fails instead of hanging."""


class Client:
    """One running server. Messages that are no answer are kept in `heard`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.heard: list[dict[str, Any]] = []
        self._ids = 0

    def request(self, method: str, params: object = None) -> Any:
        """Send a request and return its result; what the server asks meanwhile is answered with null."""
        self._ids += 1
        self._send({"id": self._ids, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._ids and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            if "id" in message:
                self._send({"id": message["id"], "result": None})
            self.heard.append(message)

    def notify(self, method: str, params: object = None) -> None:
        self._send({"method": method, "params": params})

    def end(self) -> int:
        """End the session as the protocol says and return the exit status."""
        self.request("shutdown")
        self.notify("exit")
        return self.process.wait()

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps(
            {"jsonrpc": "2.0", **{k: v for k, v in message.items() if v is not None or k == "result"}}
        )
        assert self.process.stdin
        self.process.stdin.write(f"Content-Length: {len(body.encode())}\r\n\r\n{body}".encode())
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            assert line, "the server ended without an answer"
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.process.stdout.read(length))


@contextmanager
def running(command: Sequence[str | Path], folder: Path, errors: Path) -> Iterator[Client]:
    """Start a server in `folder`, with its stderr in the file `errors`, and end it in any case."""
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        )
    watchdog = threading.Timer(LIMIT, process.kill)
    watchdog.start()
    try:
        yield Client(process)
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()
