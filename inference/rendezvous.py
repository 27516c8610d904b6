"""Where this user's engines and their clients meet: sockets and locks in the private runtime folder.

An engine holds SOCKET.lock for life; whoever starts one holds SOCKET.start until it answers. Starting and
waiting is in launch.py, the engine's own side in engine_process.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import stat
import struct
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inference.client import HttpEngine, Timeouts
from inference.models import resolve
from inference.types import EngineUnavailable, ModelNotFound, NearsideError
from settings import paths
from settings.schema import Model

if sys.platform != "win32":
    import fcntl

PATIENCE = 10.0
"""Seconds an engine has to end when it is told to; after that it is killed."""
QUICK = Timeouts(connect=2.0, silence=5.0, probe=5.0)
"""For questions an engine answers at once, whatever it is busy with."""


@dataclass(frozen=True)
class EngineState:
    """One engine of this user, as it was just now."""

    socket: Path
    status: str
    """'ok', 'loading', 'error', 'unresponsive' or 'dead' (only its socket is left)."""
    pid: int = 0
    message: str = ""
    health: dict[str, Any] = field(default_factory=dict)


def socket_path(model: Model) -> Path:
    """Return the socket of the engine for these settings: one engine per user and model.

    A replaced file is another model, as is "auto" of another installation. The idle time-out and the other
    model are left out: two engines would hold the same one twice for them.
    """
    identity = asdict(model) | {"idle_timeout": None, "chat": None}
    if isinstance(model.completion, str):
        with contextlib.suppress(ModelNotFound, OSError):
            path = resolve(model.completion)
            status = path.stat()
            identity["completion"] = [str(path), status.st_size, status.st_mtime_ns]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return paths.runtime_dir() / f"engine-{digest[:8]}.sock"


def require_sockets() -> None:
    """Raise where engines cannot be found, which is where there are no unix sockets."""
    if sys.platform == "win32":
        raise EngineUnavailable(
            "No completion: the engine needs unix sockets, which Python does not offer on Windows yet. Run "
            "llama-server or Ollama, and set model.completion to {base_url, model}, or use WSL."
        )


def check_owner(socket: Path) -> bool:
    """Return whether there is a socket; raise where it is another user's, who would read what is typed."""
    try:
        status = socket.lstat()
    except FileNotFoundError:
        return False
    if status.st_uid != os.getuid() or not stat.S_ISSOCK(status.st_mode):
        what = "belongs to another user" if status.st_uid != os.getuid() else "is not a socket"
        raise EngineUnavailable(
            f"No completion: {socket} {what}, so no code is sent there. Remove it, or have it removed."
        )
    return True


def is_locked(path: Path) -> bool:
    """Return whether another process holds the lock."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


@contextlib.asynccontextmanager
async def start_lock(socket: Path) -> AsyncIterator[None]:
    """Hold the right to start an engine; wait for whoever holds it. A killed holder frees it."""
    path = socket.with_suffix(".start")
    try:
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EngineUnavailable(
            f"No completion: the engine was not started, because {path} cannot be written "
            f"({(error.strerror or str(error)).lower()}). Make its folder writable."
        ) from None
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.02)
        yield
    finally:
        os.close(lock)


async def engine_status(model: Model | None = None) -> list[EngineState]:
    """Look at every engine of this user, or at the one for `model`."""
    if sys.platform == "win32":
        return []
    sockets = [socket_path(model)] if model else sorted(paths.runtime_dir().glob("engine-*.sock"))
    states = [await _state(socket) for socket in sockets]
    return [state for state in states if state]


async def stop_engine(model: Model | None = None) -> list[EngineState]:
    """Stop every engine of this user, or the one for `model`; return those that were stopped."""
    stopped: list[EngineState] = []
    for state in await engine_status(model):
        if state.pid:
            await _end(state)
            stopped.append(state)
        async with start_lock(state.socket):
            if not is_locked(state.socket.with_suffix(".lock")):
                state.socket.unlink(missing_ok=True)
    return stopped


async def _state(socket: Path) -> EngineState | None:
    try:
        if not check_owner(socket):
            return None
    except EngineUnavailable as error:
        return EngineState(socket, "error", message=str(error))
    engine = HttpEngine(socket=socket, timeouts=QUICK)
    try:
        health = await engine.health()
        pid = peer(socket) or int(health.get("pid") or 0)
        return EngineState(socket, str(health.get("status")), pid, str(health.get("message") or ""), health)
    except NearsideError as error:
        pid = peer(socket)
        if pid:  # somebody listens: either it says what is wrong, or it says nothing
            silent = isinstance(error, EngineUnavailable)
            return EngineState(socket, "unresponsive" if silent else "error", pid, str(error))
        return EngineState(socket, "dead", message="Only its socket is left; the next start removes it.")
    finally:
        await engine.close()


def peer(socket: Path) -> int:
    """Return the process that listens on a socket, as the kernel knows it; 0 where it knows none."""
    import socket as sockets

    if not hasattr(sockets, "SO_PEERCRED"):
        return 0
    with contextlib.suppress(OSError), sockets.socket(sockets.AF_UNIX) as connection:
        connection.settimeout(2.0)
        connection.connect(str(socket))
        size = struct.calcsize("3i")
        credentials = connection.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, size)
        pid, uid, _ = struct.unpack("3i", credentials)
        return pid if uid == os.getuid() else 0
    return 0


async def _end(state: EngineState) -> None:
    """Ask an engine to end and wait for it; kill it where it does not."""
    lock = state.socket.with_suffix(".lock")
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, number)
        until = time.monotonic() + PATIENCE
        while is_locked(lock) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        if not is_locked(lock):
            return
    raise EngineUnavailable(f"The engine was not stopped: process {state.pid} does not end. End it by hand.")
