"""The engine's real HTTP over a scripted or a real model, on a unix socket, in a thread of the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from inference.backend import Backend
from inference.engine_app import create_app
from inference.engine_process import _listen
from inference.engine_state import EngineState


@contextmanager
def running(load: Callable[[], Backend], socket: Path) -> Iterator[EngineState]:
    """Serve until the block ends."""
    state = EngineState(load, "scripted", "test")
    server = uvicorn.Server(uvicorn.Config(create_app(state), log_config=None, lifespan="off", ws="none"))
    started = threading.Event()

    async def serve() -> None:
        state.start()
        started.set()
        await server.serve(sockets=[_listen(socket)])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield state
    finally:
        server.should_exit = True
        thread.join(10)
        state.close()
