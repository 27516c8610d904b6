"""The engine for a model's settings: found where it runs, started where it does not, again when it crashed.

A model at a server by base_url is only connected to; nobody here starts or stops that server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from inference.client import ConnectionLost, HttpEngine
from inference.models import on_hub, resolve
from inference.rendezvous import (
    engine_status,
    is_locked,
    require_sockets,
    socket_path,
    start_lock,
    stop_engine,
)
from inference.spawn import EngineCrashed, OnStatus, answers, last_line, loaded, log_path, start
from inference.types import (
    ChatRequest,
    CompletionRequest,
    EngineInfo,
    EngineUnavailable,
    NearsideError,
    Piece,
    SettingsError,
)
from settings.schema import Endpoint, Model

__all__ = ["EngineConnection", "engine_for", "engine_status", "ensure_engine", "socket_path", "stop_engine"]

log = logging.getLogger("nearside.launch")

FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
"""Seconds before a restart; doubles with each crash in a row."""
HEALTHY = 300.0
"""Seconds after which a crash counts as the first again."""
FAST_CRASHES = 5
"""Crashes in a row after which nothing is restarted by itself any more, only when asked for."""


def engine_for(model: Model, on_status: OnStatus | None = None) -> EngineConnection:
    """Return the engine for these settings; it is started, or connected to, with the first request."""
    return EngineConnection(model, on_status)


async def ensure_engine(model: Model, on_status: OnStatus = log.info) -> HttpEngine:
    """Return an engine that has loaded the model, starting one where none runs. Races end with one engine."""
    if isinstance(model.completion, Endpoint):
        return _endpoint(model.completion, model)
    require_sockets()
    path = resolve(model.completion)  # what is not there needs no process to say so
    if not on_hub(model.completion) and model.completion != "auto":
        model = replace(model, completion=str(path))
    socket = socket_path(model)
    if not await answers(socket):
        async with start_lock(socket):
            if not await answers(socket):
                on_status("Starting the engine.")
                await start(model, socket)
    engine = HttpEngine(socket=socket)
    try:
        await loaded(engine, socket, on_status)
    except BaseException:
        await engine.close()
        raise
    return engine


class EngineConnection:
    """The engine of one model, whatever happens to its process. Implements inference.types.Engine."""

    def __init__(self, model: Model, on_status: OnStatus | None = None) -> None:
        self._model = model
        self._on_status = on_status or log.info
        self._engine: HttpEngine | None = None
        self._starting: asyncio.Task[HttpEngine] | None = None
        self._crashes = 0
        self._healthy_since = 0.0
        self._retry_at = 0.0
        self._given_up: EngineUnavailable | None = None

    async def info(self) -> EngineInfo:
        try:
            return await (await self._connected()).info()
        except ConnectionLost as error:
            await self._lost(error)
            return await (await self._connected()).info()

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        """Stream the answer. An engine that went away fails this request, and is there for the next."""
        async with aclosing(self._streamed(lambda engine: engine.complete(request))) as pieces:
            async for piece in pieces:
                yield piece

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """Stream the assistant's next turn; what goes for `complete` goes for this."""
        async with aclosing(self._streamed(lambda engine: engine.chat(request))) as pieces:
            async for piece in pieces:
                yield piece

    async def _streamed(
        self, ask: Callable[[HttpEngine], AsyncGenerator[Piece, None]]
    ) -> AsyncGenerator[Piece, None]:
        engine = await self._connected()
        try:
            async with aclosing(ask(engine)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except ConnectionLost as error:
            if await self._lost(error) or error.answering:
                raise
        # It had ended in good order before the request reached it, as idle engines do.
        engine = await self._connected()
        async with aclosing(ask(engine)) as pieces:
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        """Let go of the engine, which goes on for others and ends when it is idle."""
        if self._starting:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, NearsideError):
                await self._starting
        if self._engine:
            await self._engine.close()
        self._starting = self._engine = None

    async def _connected(self) -> HttpEngine:
        if self._engine:
            return self._engine
        if self._starting is None:
            if self._given_up and time.monotonic() < self._retry_at and not self._runs():
                raise self._given_up
            self._begin(0.0)
        assert self._starting is not None
        # Whoever waits may give up and go; the start goes on for the next.
        return await asyncio.shield(self._starting)

    def _begin(self, delay: float) -> None:
        self._starting = asyncio.create_task(self._start(delay))
        self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _start(self, delay: float) -> HttpEngine:
        await asyncio.sleep(delay)
        try:
            engine = await ensure_engine(self._model, self._on_status)
        except EngineCrashed as error:
            self._starting = None
            raise self._crashed(error) from error
        except BaseException:
            self._starting = None
            raise
        self._engine, self._starting, self._given_up = engine, None, None
        self._healthy_since = time.monotonic()
        return engine

    async def _lost(self, error: ConnectionLost) -> bool:
        """Let go of an engine that is gone; return whether it crashed, in which case it is started again."""
        if isinstance(self._model.completion, Endpoint):
            return True  # nothing to start here, and other requests may still be answered
        engine, self._engine = self._engine, None
        if engine is None:  # another request has noticed it first
            return self._starting is not None
        await engine.close()
        if not socket_path(self._model).exists():
            return False
        self._crashed(error)
        return True

    def _crashed(self, error: EngineUnavailable) -> EngineUnavailable:
        """Plan the next start, later with each crash in a row; give up after a few. Return what to say."""
        now = time.monotonic()
        if self._healthy_since and now - self._healthy_since >= HEALTHY:
            self._crashes = 0
        self._healthy_since = 0.0
        self._crashes += 1
        if self._crashes < FAST_CRASHES:
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (self._crashes - 1))
            self._on_status(f"The engine ended unexpectedly; it is started again in {delay:.0f} s.")
            self._begin(delay)
            return error
        said = last_line(socket_path(self._model))
        self._retry_at = now + LONGEST_DELAY
        self._given_up = EngineUnavailable(
            f"No completion: the engine ended unexpectedly {self._crashes} times in a row"
            f"{f' (it said: {said})' if said else ''}. See {log_path()}, then run `nearside engine start`."
        )
        self._on_status(str(self._given_up))
        return self._given_up

    def _runs(self) -> bool:
        """Return whether somebody else has started the engine meanwhile."""
        return is_locked(socket_path(self._model).with_suffix(".lock"))


def _endpoint(endpoint: Endpoint, model: Model) -> HttpEngine:
    """Return the client of a server by base_url. The key comes from the environment."""
    key = os.environ.get(endpoint.api_key_env) if endpoint.api_key_env else None
    if endpoint.api_key_env and not key:
        raise SettingsError(
            f"No completion: the variable {endpoint.api_key_env} holds no key for {endpoint.base_url}. "
            "Set it where the editor is started, or correct model.completion.api_key_env."
        )
    return HttpEngine(endpoint.base_url, endpoint.model, api_key=key, context=model.context)
