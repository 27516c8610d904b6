"""The engine as a process: one per user and model, behind a private socket, gone when nobody has needed it
for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import logging.handlers
import os
import socket as sockets
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import uvicorn

from inference.backend import Backend
from inference.drafts import Drafts
from inference.engine_app import create_app
from inference.engine_state import EngineState
from settings.log_format import KEPT, SIZE, JsonLines
from settings.schema import Model as ModelSettings

log = logging.getLogger(__name__)

ALREADY_RUNNING = 3
"""Exit status of an engine that lost the start race."""
ERROR_LINGER = 15.0
"""Seconds a failed engine stays to say why; the next start tries again."""


def run(model: ModelSettings, socket: Path, log_file: Path | None = None, *, drafts: bool = True) -> int:
    """Serve `model` on `socket` until idle or told to stop. Returns the exit status."""
    _log_to(log_file)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(socket.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        log.info("Not starting: another engine serves %s.", socket)
        return ALREADY_RUNNING
    state = EngineState(lambda: _load(model), _name(model), _version(), None if drafts else Drafts(longest=0))
    listener = _listen(socket)  # under the lock: what is there is a dead engine's
    try:
        asyncio.run(_serve(state, listener, model.idle_timeout))
    finally:
        # The socket goes first: whoever finds none starts the next engine, and that one waits for the lock.
        with contextlib.suppress(FileNotFoundError):
            socket.unlink()
        state.close()
        os.close(lock)
    log.info("The engine ended%s.", f": {state.error}" if state.error else "")
    return 1 if state.error else 0


def _listen(path: Path) -> sockets.socket:
    """A unix socket only this user can open; uvicorn's own would be open to everybody."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


async def _serve(state: EngineState, listener: sockets.socket, idle_timeout: float) -> None:
    state.start()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(state),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
        )
    )

    async def watch() -> None:
        """End the process when it is idle, or some time after the model could not be loaded."""
        while not server.should_exit:
            await asyncio.sleep(min(1.0, idle_timeout / 4))
            limit = min(idle_timeout, ERROR_LINGER) if state.error else idle_timeout
            if state.idle_seconds() >= limit:
                log.info("Ending: idle for %.0f seconds.", state.idle_seconds())
                server.should_exit = True

    watcher = asyncio.create_task(watch())
    try:
        await server.serve(sockets=[listener])
    finally:
        watcher.cancel()


def _load(model: ModelSettings) -> Backend:
    """The backend for a setting; heavy imports happen here, after the socket is up."""
    from inference.llama import LlamaBackend, can_offload
    from inference.models import local_path

    path, settings = local_path(model, offloads=can_offload())
    return LlamaBackend(path, settings)


def _name(model: ModelSettings) -> str:
    return model.completion if isinstance(model.completion, str) else model.completion.model


def _version() -> str:
    try:
        return version("nearside")
    except PackageNotFoundError:
        return "0+checkout"


def _log_to(path: Path | None) -> None:
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if path is not None:
        with contextlib.suppress(OSError):  # a read-only folder: the log goes to stderr, the engine goes on
            handler = logging.handlers.RotatingFileHandler(path, "a", SIZE, KEPT, encoding="utf-8")
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
