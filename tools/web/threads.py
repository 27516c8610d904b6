"""Blocking calls that may hang: a resolver, a keyring, a library."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def apart(call: Callable[..., Answer], *args: Any) -> Answer:
    """Return what a call returns, made in a thread of its own; raises what it raises.

    The event loop's own threads will not do: the loop waits for these when it ends, and so would the program.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Answer] = loop.create_future()

    def settle(value: Answer | None, error: BaseException | None) -> None:
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value, error = None, None
        try:
            value = call(*args)
        except Exception as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, name=getattr(call, "__name__", "web"), daemon=True).start()
    return await answer
