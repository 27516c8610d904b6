"""A hub on loopback: what huggingface_hub asks of it, and the faults that real ones have."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """Files by repository and name, and how to misbehave."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Keyed "owner/repo/revision/file"."""
    cuts: list[int] = field(default_factory=list)
    """Close the connection after so many bytes of a body, one entry a GET."""
    damage: bool = False
    ignore_range: bool = False
    refuse: tuple[int, str] | None = None
    """Answer with this status and X-Error-Code."""
    token: str = ""
    etag: str = ""
    url: str = ""
    cdn_url: str = ""
    gets: list[str] = field(default_factory=list)
    """The Range header of every GET of a body."""
    heads: int = 0
    leaked: list[str] = field(default_factory=list)
    """Authorization headers the content server has seen."""


@contextmanager
def hub() -> Iterator[Hub]:
    """Serve a hub, and beside it, as in reality, the content on another host."""
    state = Hub()

    class Front(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            state.heads += 1
            self._resolve()

        def do_GET(self) -> None:
            self._resolve()

        def _resolve(self) -> None:
            match = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path)
            repo, revision, name = match.groups() if match else ("", "", "")
            if state.refuse:
                return self._refuse(*state.refuse)
            if state.token and self.headers.get("Authorization") != f"Bearer {state.token}":
                return self._refuse(401, "RepoNotFound")
            if not any(key.startswith(f"{repo}/") for key in state.files):
                return self._refuse(401, "RepoNotFound")  # the hub does not tell missing from private
            if not any(key.startswith(f"{repo}/{revision}/") for key in state.files):
                return self._refuse(404, "RevisionNotFound")
            data = state.files.get(f"{repo}/{revision}/{name}")
            if data is None:
                return self._refuse(404, "EntryNotFound")
            self.send_response(302)
            self.send_header("X-Repo-Commit", "c" * 40)
            self.send_header("X-Linked-Size", str(len(data)))
            self.send_header("X-Linked-ETag", state.etag or f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("Location", f"{state.cdn_url}/{repo}/{revision}/{name}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    class Content(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.leaked += [value for value in [self.headers.get("Authorization")] if value]
            wanted = self.headers.get("Range", "")
            state.gets.append(wanted)
            data = state.files[self.path.lstrip("/")]
            if state.damage:
                data = data[:-1] + bytes([data[-1] ^ 1])
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and not state.ignore_range else 0  # type: ignore[index]
            body = data[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

        def log_message(self, format: str, *args: object) -> None: ...

    servers = [
        ThreadingHTTPServer((host, 0), kind) for host, kind in (("127.0.0.1", Front), ("127.0.0.2", Content))
    ]
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    state.url, state.cdn_url = (f"http://{s.server_address[0]}:{s.server_address[1]}" for s in servers)
    try:
        yield state
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
