"""Servers as the settings name them, and whether they are gone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings.schema import McpServer

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
    return [number for number in map(int, file.read_text().split()) if _runs(number)] if file.exists() else []


def _runs(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # a zombie has ended; nobody but its new parent can take leave of it


def sdk(name: str = "tickets", *, tools: tuple[str, ...] = (), env: tuple[str, ...] = ()) -> McpServer:
    return McpServer(name, sys.executable, (str(HERE / "sdk_server.py"),), ("PIDS", *env), tools=tools)


def bad(kind: str) -> McpServer:
    return McpServer("bad", sys.executable, ("-S", str(HERE / "bad_server.py"), kind), ("PIDS",))
