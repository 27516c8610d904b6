"""An engine that tells what each request cost it, also those made ahead of the user."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import cast

from inference.types import CompletionRequest, Engine, EngineInfo, Piece, Usage


class Counted:
    """Passes everything on. A request that is withdrawn is not told of: its engine says nothing of it."""

    def __init__(self, engine: Engine, on_usage: Callable[[Usage], object]) -> None:
        self._engine, self._on_usage = engine, on_usage

    async def info(self) -> EngineInfo:
        return await self._engine.info()

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        """Stream the answer. A server that does not say how long it worked did so all the time it took."""
        began = time.monotonic()
        async with aclosing(cast(AsyncGenerator[Piece, None], self._engine.complete(request))) as pieces:
            async for piece in pieces:
                if usage := piece.usage:
                    if not usage.prefill_ms and not usage.decode_ms:
                        usage = replace(usage, decode_ms=1000 * (time.monotonic() - began))
                    self._on_usage(usage)
                yield piece

    async def close(self) -> None:
        await self._engine.close()
