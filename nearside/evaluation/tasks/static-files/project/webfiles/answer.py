"""Answers to requests: a status, headers and a body."""

from __future__ import annotations

from dataclasses import dataclass, field

from webfiles.files import Files, NotFound

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
"""By suffix; what is unknown is offered for download."""


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def answer(files: Files, method: str, address: str) -> Answer:
    """Return the answer to one request."""
    if method not in ("GET", "HEAD"):
        return Answer(405, headers={"Allow": "GET, HEAD"})
    try:
        file = files.find(address)
    except NotFound:
        return Answer(404, b"There is nothing here.\n", {"Content-Type": "text/plain"})
    body = file.read_bytes()
    kind = TYPES.get(file.suffix.lower(), "application/octet-stream")
    headers = {"Content-Type": kind, "Content-Length": str(len(body))}
    return Answer(200, b"" if method == "HEAD" else body, headers)
