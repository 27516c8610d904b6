"""E0: an engine whose tokens, delays, log-probabilities and failures are written down beforehand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inference.types import (
    CannotInfill,
    ChatRequest,
    CompletionRequest,
    EngineInfo,
    EngineRefused,
    EngineUnavailable,
    ModelNotFound,
    NearsideError,
    Piece,
    Priority,
    Usage,
)

ANSWER = '{"tool": "answer"}'
ERRORS: dict[str, type[NearsideError]] = {
    "unavailable": EngineUnavailable,
    "refused": EngineRefused,
    "model_not_found": ModelNotFound,
    "cannot_infill": CannotInfill,
}


@dataclass
class Script:
    """What the engine does with every request."""

    tokens: list[str] = field(default_factory=lambda: ["retu", "rn", " a", " + b"])
    """The answer to any prompt; what the prompt already ends with is not said again."""
    alternatives: list[list[str]] = field(default_factory=list)
    """Tokens of the second alternative and on."""
    logprobs: list[float] = field(default_factory=list)
    """Of each token; the last one goes on for the rest."""
    margins: list[float] = field(default_factory=list)
    batch_size: int = 512
    """Prompt tokens (here: characters) per batch."""
    batch_delay: float = 0.0
    token_delay: float = 0.0
    start_delay: float = 0.0
    """Before `info` answers."""
    says: list[str] = field(default_factory=list)
    """Status lines while it starts."""
    fail: str = ""
    """A key of ERRORS; every call raises it."""
    fail_calls: int = -1
    """How many calls fail; -1 is all."""
    chats: list[str] = field(default_factory=list)
    """What it says in conversations, one a request, the last again and again; without any it cannot chat."""
    lookups: list[str] = field(default_factory=list)
    """The same where a schema is asked for; after the last one it wants to answer."""
    follow: str = ""
    """A whole text: the answer is what follows the prompt's last line in it, instead of `tokens`."""


@dataclass
class Counters:
    """What was asked of the engine, and what it did."""

    calls: int = 0
    ended: int = 0
    cancelled: int = 0
    failed: int = 0
    warmups: int = 0
    infos: int = 0
    chats: int = 0
    lookups: int = 0
    closed: int = 0
    evaluated: int = 0
    generated: int = 0


class ScriptedEngine:
    """Implements inference.types.Engine in this process."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.counters = Counters()
        self.speculations = Counters()
        """The same of speculative requests."""
        self.on_status: Callable[[str], None] = lambda text: None
        self.requests: list[CompletionRequest] = []
        self.heard: list[ChatRequest] = []

    async def info(self) -> EngineInfo:
        self.counters.infos += 1
        for line in self.script.says:
            self.on_status(line)
        await asyncio.sleep(self.script.start_delay)
        self._fail_if_told()
        return EngineInfo("nearside", "scripted", chats=bool(self.script.chats))

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        if request.max_tokens == 0:
            self.counters.warmups += 1
            return
        counters = self.speculations if request.priority is Priority.SPECULATIVE else self.counters
        counters.calls += 1
        self.requests.append(request)
        try:
            self._fail_if_told()
            async for piece in self._answer(request, counters):
                yield piece
        except (asyncio.CancelledError, GeneratorExit):
            counters.cancelled += 1
            raise
        except NearsideError:
            counters.failed += 1
            raise
        counters.ended += 1

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        counters, script = self.counters, self.script
        self.heard.append(request)
        if request.schema is not None:
            counters.lookups += 1
            text = script.lookups[counters.lookups - 1] if counters.lookups <= len(script.lookups) else ANSWER
        else:
            counters.chats += 1
            text = script.chats[min(counters.chats, len(script.chats)) - 1]
        try:
            self._fail_if_told()
            for start in range(0, len(text), 4):
                await asyncio.sleep(script.token_delay)
                counters.generated += 1
                yield Piece(text[start : start + 4])
        except (asyncio.CancelledError, GeneratorExit):
            counters.cancelled += 1
            raise
        counters.ended += 1
        yield Piece(finish="stop", usage=Usage(generated_tokens=len(text) // 4 + 1))

    async def close(self) -> None:
        self.counters.closed += 1

    def _fail_if_told(self) -> None:
        if self.script.fail and self.script.fail_calls != 0:
            self.script.fail_calls -= 1
            raise ERRORS[self.script.fail](f"No completion: {self.script.fail}. Set another model.")

    async def _answer(self, request: CompletionRequest, counters: Counters) -> AsyncGenerator[Piece, None]:
        script = self.script
        prompt = len(request.prompt.prefix) + len(request.prompt.suffix)
        for start in range(0, prompt, script.batch_size):
            await asyncio.sleep(script.batch_delay)
            counters.evaluated += min(script.batch_size, prompt - start)
        branches = [self._tokens(request), *script.alternatives][: request.alternatives]
        generated = 0
        for step in range(max(len(branch) for branch in branches)):
            await asyncio.sleep(script.token_delay)
            for index, branch in enumerate(branches):
                if step >= min(len(branch), request.max_tokens):
                    continue
                generated += 1
                counters.generated += 1
                yield Piece(branch[step], index, _of(script.logprobs, step), _of(script.margins, step))
        usage = Usage(evaluated_tokens=prompt, generated_tokens=generated)
        yield Piece(finish="stop", usage=usage)

    def _tokens(self, request: CompletionRequest) -> list[str]:
        """Return the tokens of the first alternative."""
        if not self.script.follow:
            return self.script.tokens
        line = request.prompt.prefix.rsplit("\n", 1)[-1]
        at = self.script.follow.find(line)
        rest = self.script.follow[at + len(line) :] if at >= 0 else ""
        if request.max_lines:
            start = len(rest) - len(rest.lstrip("\n"))
            rest = rest[:start] + "\n".join(rest[start:].split("\n")[: request.max_lines])
        return [rest[i : i + 4] for i in range(0, len(rest), 4)]


def _of(values: list[float], step: int) -> tuple[float, ...]:
    return (values[min(step, len(values) - 1)],) if values else ()


def read_script(path: Path) -> Script:
    """Read a script from a JSON file, as tests hand one to a server in another process."""
    return Script(**json.loads(path.read_text(encoding="utf-8")))


def counters(engine: ScriptedEngine) -> dict[str, Any]:
    return {**asdict(engine.counters), "speculations": asdict(engine.speculations)}
