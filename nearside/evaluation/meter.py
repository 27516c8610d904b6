"""An engine as it is, with what it generated counted: tokens, the time they took, and what went wrong."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from inference.types import ChatEngine, ChatRequest, EngineInfo, NearsideError, Piece


@dataclass(slots=True)
class Count:
    """What an engine did, added up."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    """Of the answers whose usage the engine told."""
    timed_tokens: int = 0
    """Of them, those whose generation took a known time."""
    decode_ms: float = 0.0
    untold: int = 0
    """Answers without usage."""


class Metered:
    """Implements inference.types.ChatEngine around another one."""

    def __init__(self, engine: ChatEngine) -> None:
        self._engine = engine
        self.count = Count()
        self.error: NearsideError | None = None
        """The last one since it was set to None."""

    async def info(self) -> EngineInfo:
        return await self._engine.info()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """Stream the answer. Where the engine does not time its decoding, the stream does.

        Then the time is from the first piece of text to the last, in which all tokens but one came.
        """
        count, usage = self.count, None
        first = last = 0.0
        count.requests += 1
        try:
            async with aclosing(self._engine.chat(request)) as pieces:
                async for piece in pieces:
                    if piece.text:
                        last = time.monotonic()
                        first = first or last
                    usage = piece.usage or usage
                    yield piece
        except NearsideError as error:
            self.error = error
            raise
        finally:
            if usage is None:
                count.untold += 1
            else:
                count.input_tokens += usage.evaluated_tokens + usage.reused_tokens
                count.output_tokens += usage.generated_tokens
                if usage.decode_ms:
                    count.timed_tokens += usage.generated_tokens
                    count.decode_ms += usage.decode_ms
                elif last > first:
                    count.timed_tokens += usage.generated_tokens - 1
                    count.decode_ms += (last - first) * 1000

    async def close(self) -> None:
        await self._engine.close()


def memory(pid: int) -> int | None:
    """Return the most bytes of memory a process has held, or holds where only that is told; None if unknown.

    What a GPU holds is not in it.
    """
    if pid <= 0:
        return None
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "")
        return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, timeout=5, check=True
        )
        return int(told.stdout) * 1024
    return None
