"""A web on loopback: servers with invented names and public addresses, search engines, and hostile pages.

`FakeWeb` is the wire below the guard, so that the product makes every check of its own: only the last
step, the connection to an address as a number, leads to a server of the test.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore2

PUBLIC = "93.184.215.14"
"""Stands for any server of the web."""


@dataclass(frozen=True)
class Request:
    """What a server got."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What it answers. `body` may be pieces without an end; `before` runs first."""

    body: bytes | Callable[[], Iterator[bytes]] = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """Said instead of the real one."""


Answer = Callable[[Request], Reply]


class FakeWeb:
    """Use as a context manager. Of the lists of addresses in `names` each is used up but the last."""

    def __init__(self) -> None:
        self.names: dict[str, deque[list[str]]] = {}
        self.pages: dict[str, Answer] = {}
        """By host and path, as 'docs.example/page'."""
        self.asked: list[Request] = []
        self.resolved: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.leave = threading.Event()
        """What stalls goes on."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who leaves is no news
        self._server.web = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FakeWeb:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """The same server without the wire: as a SearXNG on this machine."""
        return f"http://127.0.0.1:{self.port}"

    def page(self, place: str, reply: Reply | Answer | str | bytes, kind: str = "") -> None:
        """Put a page at 'host/path', on a name that resolves to a public address."""
        self.names.setdefault(place.partition("/")[0], deque([[PUBLIC]]))
        if isinstance(reply, str | bytes):
            data = reply.encode() if isinstance(reply, str) else reply
            reply = Reply(data, kind) if kind else Reply(data)
        answer = reply
        self.pages[place] = (lambda _: answer) if isinstance(answer, Reply) else answer

    def moved(self, place: str, to: str, status: int = 302) -> None:
        """Put a redirect there."""
        self.page(place, Reply(b"", status=status, headers={"location": to}))

    def name(self, host: str, *answers: Sequence[str]) -> None:
        """Let a name resolve to these lists of addresses, one after the other."""
        self.names[host] = deque(list(answer) for answer in answers)

    # The wire.

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.resolved.append(host)
        known = self.names.get(host)
        if known is None:
            try:
                return [str(ipaddress.ip_address(host))]
            except ValueError:
                raise OSError(f"no such name: {host}") from None
        return known.popleft() if len(known) > 1 else known[0]

    async def connect(self, address: str, port: int) -> httpcore2.AsyncNetworkStream:
        self.connected.append((address, port))
        backend: Any = httpcore2.AnyIOBackend()
        return _Plain(await backend.connect_tcp("127.0.0.1", self.port))


class _Plain(httpcore2.AsyncNetworkStream):
    """A connection whose TLS is left out: the test's server has no certificate."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return None if info == "ssl_object" else self._stream.get_extra_info(info)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        web: FakeWeb = self.server.web
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
        request = Request(self.command, host, self.path, headers, body)
        web.asked.append(request)
        place = host + self.path.partition("?")[0]
        answer = web.pages.get(place) or web.pages.get(self.path.partition("?")[0])
        reply = answer(request) if answer else Reply(b"no such page", status=404)
        try:
            self._send(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_POST = do_GET

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        if "date" not in reply.headers:
            self.send_header("date", self.date_time_string())
        if reply.kind:
            self.send_header("content-type", reply.kind)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if isinstance(reply.body, bytes):
            self.send_header("content-length", str(reply.length or len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            return
        self.send_header("connection", "close")
        self.close_connection = True
        self.end_headers()
        for part in reply.body():
            self.wfile.write(part)


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(value).encode(), "application/json", status, headers)


def searxng(*results: dict[str, Any]) -> Reply:
    """What a SearXNG answers that finds these."""
    return as_json({"query": "…", "number_of_results": len(results), "results": list(results)})


def bomb(size: int) -> bytes:
    """So many zeroes, packed."""
    return gzip.compress(bytes(size))
