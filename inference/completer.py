"""A suggestion for a cursor: from the cache, from a call that already runs, or from a new one, by a deadline.

Requests of one document supersede each other. Knows nothing of LSP; where the engine runs is its own affair.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from inference.cache import Answer, CompletionCache, after_typing
from inference.generation import Generation
from inference.prompts import CursorContext, fim_prompt, max_lines_at
from inference.types import (
    Cancelled,
    CompletionRequest,
    Engine,
    EngineRefused,
    NearsideError,
    Priority,
    Usage,
)
from settings.schema import Completion

ORPHAN_SECONDS = 0.15
"""How long a call goes on after its request was withdrawn: VS Code withdraws at every key and asks again
40 ms later, mostly for what is left of the same answer."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds without an engine call after a failure; the pause doubles with every further one."""


@dataclass(frozen=True)
class Suggestion:
    """What to show at a cursor. No text means there is nothing to show."""

    texts: tuple[str, ...] = ()
    """Distinct alternatives, the best first."""
    model: str = ""
    confidence: float | None = None
    """Score of the first text's first line in [0, 1] (confidence.py); None where it is unknown."""
    usage: Usage = field(default_factory=Usage)
    latency_ms: float = 0.0
    partial: bool = False
    """The deadline came first; the rest goes on into the cache."""
    source: Literal["engine", "cache", "none"] = "none"

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""


class Completer:
    """Asks one engine on behalf of every open document."""

    def __init__(self, engine: Engine, settings: Completion) -> None:
        self.settings = settings
        self.model = ""
        """Name of the model as the engine told it, once somebody asked."""
        self._engine = engine
        self._cache = CompletionCache()
        self._waiters: dict[str, asyncio.Future[None]] = {}
        self._running: dict[str, Generation] = {}
        self._failure: Exception | None = None
        self._retry_at = 0.0
        self._pause = FIRST_PAUSE

    async def complete(
        self, context: CursorContext, deadline_ms: float | None = None, alternatives: int = 1
    ) -> Suggestion:
        """Return a suggestion by the deadline, a partial one if need be.

        Raises Cancelled when a newer request of the same document took over, and NearsideError when the
        engine failed, now or so short a time ago that it is left alone. When the task is cancelled from
        outside its engine call ends too, unless another request joins it at once.
        """
        started = time.perf_counter()
        limit = self.settings.deadline_ms if deadline_ms is None else deadline_ms
        waiter = self._take_over(context.document)
        generation: Generation | None = None
        try:
            generation = self._running.get(context.document)
            if generation and not generation.serves(context, alternatives):
                self._drop(generation)
                generation = None
            if generation is None:
                if found := self._cache.find(context.prefix, context.suffix, alternatives):
                    return _suggestion(found, started, source="cache")
                if self._failure and time.monotonic() < self._retry_at:
                    raise self._failure.with_traceback(None)
                generation = self._start(context, alternatives)
            left = limit / 1000 - (time.perf_counter() - started)
            await asyncio.wait(
                (generation.task, waiter), timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            if generation:
                asyncio.get_running_loop().call_later(ORPHAN_SECONDS, self._drop_orphan, generation)
            raise
        finally:
            if self._waiters.get(context.document) is waiter:
                del self._waiters[context.document]
        if waiter.done():
            raise Cancelled
        return self._outcome(generation, context, started)

    def supersede(self, document: str) -> None:
        """End the waiting request of `document` and its engine call: the text there is another by now."""
        waiter = self._waiters.pop(document, None)
        if waiter and not waiter.done():
            waiter.set_result(None)
        if generation := self._running.get(document):
            self._drop(generation)

    async def warm(self, context: CursorContext) -> None:
        """Evaluate a prompt nobody has asked about yet, so that its KV cache is there when somebody does."""
        request = CompletionRequest(
            fim_prompt(context), context.client, context.document, Priority.WARMUP, max_tokens=0
        )
        with suppress(NearsideError):
            await Generation(self._engine, context, request).task

    async def close(self) -> None:
        """Cancel what runs. The engine belongs to whoever made it."""
        for document in list(self._waiters | self._running):
            self.supersede(document)

    def _take_over(self, document: str) -> asyncio.Future[None]:
        older = self._waiters.get(document)
        if older and not older.done():
            older.set_result(None)
        self._waiters[document] = waiter = asyncio.get_running_loop().create_future()
        return waiter

    def _start(self, context: CursorContext, alternatives: int) -> Generation:
        request = CompletionRequest(
            fim_prompt(context),
            context.client,
            context.document,
            max_tokens=self.settings.max_tokens,
            max_lines=max_lines_at(context.prefix, context.suffix, self.settings.max_lines),
            alternatives=alternatives,
        )
        generation = Generation(self._engine, context, request)
        self._running[context.document] = generation
        generation.task.add_done_callback(lambda _: self._finished(generation))
        return generation

    def _drop(self, generation: Generation) -> None:
        generation.cancel()
        if self._running.get(generation.context.document) is generation:
            del self._running[generation.context.document]

    def _drop_orphan(self, generation: Generation) -> None:
        if generation.context.document not in self._waiters:
            self._drop(generation)

    def _finished(self, generation: Generation) -> None:
        """Remember a whole answer; after a failure leave the engine alone for a while."""
        if self._running.get(generation.context.document) is generation:
            del self._running[generation.context.document]
        if generation.task.cancelled():
            return
        if isinstance(error := generation.task.exception(), Exception):
            self._failure, self._retry_at = error, time.monotonic() + self._pause
            if not isinstance(error, EngineRefused):  # the next request may be one it takes
                self._pause = min(LONGEST_PAUSE, 2 * self._pause)
            return
        self._failure, self._pause = None, FIRST_PAUSE
        self._cache.put(generation.context.prefix, generation.context.suffix, generation.answer(self.model))

    def _outcome(self, generation: Generation, context: CursorContext, started: float) -> Suggestion:
        if generation.done and not generation.task.cancelled() and (error := generation.task.exception()):
            raise error
        typed = context.prefix[len(generation.context.prefix) :]
        answer = after_typing(generation.answer(self.model), typed) or Answer((), model=self.model)
        return _suggestion(answer, started, generation.usage, partial=not generation.done)


def _suggestion(
    answer: Answer,
    started: float,
    usage: Usage | None = None,
    partial: bool = False,
    source: Literal["engine", "cache"] = "engine",
) -> Suggestion:
    return Suggestion(
        texts=answer.texts,
        model=answer.model,
        confidence=answer.confidence[0] if answer.confidence else None,
        usage=usage or Usage(),
        latency_ms=(time.perf_counter() - started) * 1000,
        partial=partial,
        source=source,
    )
