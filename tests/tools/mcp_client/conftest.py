"""Servers as the settings name them, and whether they are gone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings.schema import McpServer
from tests.processes import runs

HERE = Path(__file__).parent


@pytest.fixture
def pids(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the file that servers write their process ids to; at the end none of these may run."""
    file = home / "pids"
    monkeypatch.setenv("PIDS", str(file))
    yield file
    assert running(file) == []


def running(file: Path) -> list[int]:
    """Return which of the processes named in a file still run."""
    return [number for number in map(int, file.read_text().split()) if runs(number)] if file.exists() else []


def sdk(name: str = "tickets", *, tools: tuple[str, ...] = (), env: tuple[str, ...] = ()) -> McpServer:
    return McpServer(name, sys.executable, (str(HERE / "sdk_server.py"),), ("PIDS", *env), tools=tools)


def bad(kind: str) -> McpServer:
    return McpServer("bad", sys.executable, ("-S", str(HERE / "bad_server.py"), kind), ("PIDS",))
