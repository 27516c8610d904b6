"""Every test starts from a clean environment and scratch folders; none touches the user's own files."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.rendezvous import stop_engine
from settings import paths
from tests.installed import Installed, install


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a scratch home folder with a short path (a socket's path is at most 108 bytes long)."""
    folder = Path(tempfile.mkdtemp(prefix="ns-", dir="/tmp" if os.name == "posix" else None)).resolve()
    for name in list(os.environ):
        if name.startswith("NEARSIDE_") or name == "PYTHONPATH":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for name in ("config", "state", "cache", "data", "runtime"):
        (folder / name).mkdir(mode=0o700)
        monkeypatch.setenv(
            "XDG_RUNTIME_DIR" if name == "runtime" else f"XDG_{name.upper()}_HOME", str(folder / name)
        )
    monkeypatch.setattr(paths, "_moved", {})
    monkeypatch.setattr(paths, "_notes", [])
    yield folder
    if any(folder.rglob("engine-*.sock")):  # what a test has an editor start outlives the editor
        asyncio.run(stop_engine())
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return Nearside as users have it: a wheel in a fresh environment."""
    return install(tmp_path_factory.mktemp("installed"))
