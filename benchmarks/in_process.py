"""The real engine inside this process, as an `inference.types.Engine`: no HTTP, no editor, else as served."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from inference.engine_state import EngineState
from inference.models import resolve
from inference.types import CompletionRequest, EngineInfo, Piece
from inference.wire import Asked
from settings.schema import Model


class InProcess:
    """One model on the engine's own thread. Made and closed on a running event loop."""

    def __init__(self, model: Path | None = None, settings: Model | None = None) -> None:
        path, settings = model or resolve("auto"), settings or Model()

        def load():
            from inference.llama import LlamaBackend

            return LlamaBackend(path, settings)

        self.state = EngineState(load, path.stem, "benchmark")
        self.state.start()

    async def info(self) -> EngineInfo:
        return EngineInfo("nearside", self.state.model_name)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        asked = Asked(
            request.prompt,
            client=request.client,
            document=request.document,
            priority=request.priority,
            max_tokens=request.max_tokens,
            max_lines=request.max_lines,
            alternatives=request.alternatives,
            temperature=request.temperature,
            stop=request.stop,
        )
        async with aclosing(self.state.answer(asked)) as pieces:
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        self.state.close()
