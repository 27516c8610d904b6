"""https is what it says: the certificate has to be trusted, and of the name that was asked for."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from settings.schema import Web
from tests.fake_web import PUBLIC
from tools.web import guard
from tools.web.fetch import NotFetched, fetch
from tools.web.guard import Internet

ON = Web(fetch=True, timeout=20)


class Answer(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(b"over TLS")


class Rewired(Internet):
    """Any name is public, and leads to one server on loopback."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def resolve(self, host: str, port: int) -> list[str]:
        return [PUBLIC]

    async def connect(self, address: str, port: int):
        return await super().connect("127.0.0.1", self.port)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of docs.example that nobody signed but itself, with its key."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("there is no openssl to make a certificate with")
    file = tmp_path / "docs.example.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(file), "-out", str(file) + ".crt", "-days", "2", "-subj", "/CN=docs.example"]
    command += ["-addext", "subjectAltName=DNS:docs.example"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    file.write_text(file.read_text() + Path(str(file) + ".crt").read_text())
    return file


@pytest.fixture
def wire(certificate: Path) -> Iterator[Rewired]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield Rewired(server.server_address[1])
    server.shutdown()
    server.server_close()


async def test_a_certificate_nobody_signed_is_not_trusted(wire: Rewired) -> None:
    with pytest.raises(NotFetched, match="its certificate cannot be trusted"):
        await fetch("https://docs.example/", ON, wire=wire)


async def test_a_certificate_is_for_the_name_that_was_asked_for(
    wire: Rewired, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate) + ".crt")
    monkeypatch.setattr(guard, "_trusted", lambda: trusting)
    assert (await fetch("https://docs.example/", ON, wire=wire)).text == "over TLS"
    with pytest.raises(NotFetched, match="its certificate cannot be trusted"):
        await fetch("https://other.example/", ON, wire=wire)
