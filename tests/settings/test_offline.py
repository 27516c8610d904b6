"""Offline, what would go online is gone from the settings, and no Python code of ours connects elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from settings.layers import load
from settings.offline import is_near, wanted
from settings.schema import Endpoint

ONLINE = """
[model]
completion = {base_url = "https://models.example/v1", model = "m"}
[routing]
mode = "cloud-first"
[cloud]
provider = "anthropic"
model = "claude"
[retrieval]
uri = "s3://bucket/index"
embedder = {base_url = "http://10.0.0.7:8080/v1", model = "e"}
[web]
search = ["searxng", "ddgs"]
fetch = true
"""


@pytest.fixture
def config(home: Path) -> Path:
    from settings import paths

    file = paths.config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ONLINE)
    return file


def test_offline_takes_everything_online_out_of_the_settings(config: Path) -> None:
    online = load(None, None, {}).settings
    assert online.routing.mode == "cloud-first" and isinstance(online.model.completion, Endpoint)
    loaded = load(None, None, {"NEARSIDE_OFFLINE": "1"})
    settings = loaded.settings
    assert settings.routing.mode == "local-only" and settings.cloud.provider == "none"
    assert settings.model.completion == "auto"
    assert settings.retrieval.uri == "" and not isinstance(settings.retrieval.embedder, Endpoint)
    [note] = loaded.notes
    assert online.web.fetch and settings.web.search == () and not settings.web.fetch
    for name in (
        *("model.completion", "routing.mode", "cloud.provider", "retrieval.uri", "retrieval.embedder"),
        *("web.search", "web.fetch"),
    ):
        assert name in note and loaded.origin[name] == "--offline"


def test_a_server_on_this_machine_stays(config: Path) -> None:
    config.write_text('[model]\ncompletion = {base_url = "http://127.0.0.1:11434/v1", model = "m"}\n')
    loaded = load(None, None, {"NEARSIDE_OFFLINE": "1"})
    assert isinstance(loaded.settings.model.completion, Endpoint) and not loaded.notes


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True),
        ("::ffff:127.0.0.1", True), ("a.localhost", True), ("LOCALHOST.", True), ("0.0.0.0", False),
        ("10.0.0.1", False), ("127.0.0.1.example.com", False), ("localhost.example.com", False),
        ("169.254.169.254", False), ("::ffff:10.0.0.1", False), ("", False), ("fe80::1%lo", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_near(host: str, near: bool) -> None:
    assert is_near(host) is near


@pytest.mark.parametrize(
    ("value", "offline"), [("1", True), ("yes", True), ("0", False), ("False", False), ("", False)]
)
def test_the_variable(value: str, offline: bool) -> None:
    assert wanted({"NEARSIDE_OFFLINE": value}) is offline


GUARDED = """
import socket, threading
from settings import offline
offline.begin()
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
a, b = socket.socketpair(); a.close(); b.close()
for far in (
    lambda: socket.create_connection(("192.0.2.1", 80), 1),
    lambda: socket.create_connection(("example.invalid", 80), 1),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
):
    try:
        far()
    except ConnectionRefusedError as error:
        assert "not on this machine" in str(error), error
    else:
        raise SystemExit("connected")
print("held")
"""


def test_the_guard_lets_nobody_out_and_loopback_in() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "held", done.stderr
