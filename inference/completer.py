"""A suggestion for a cursor: from the cache, from a call that already runs, or from a new one, by a deadline.

Requests of one document supersede each other. Knows nothing of LSP; where the engine runs is its own affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from inference.cache import Answer, CompletionCache, after_typing
from inference.generation import Generation
from inference.multiline import max_lines_at
from inference.prompts import CursorContext, fim_prompt
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

MOST_ALTERNATIVES = 16
"""The most anybody may ask for: completion.alternatives ends there."""

Source = Literal["engine", "cache", "speculation", "hosted", "none"]


@dataclass(frozen=True)
class Mechanisms:
    """What saves time and engine calls, each with a switch so that a benchmark can tell what it is worth."""

    cache: bool = True
    """Finished answers serve typing along and backspacing."""
    recycling: bool = True
    """A call that is under way serves what is typed along it."""
    speculation: bool = True
    """What follows a shown suggestion is asked for before it is accepted."""
    later_blocks: bool = True
    """What was generated beyond the shown text is kept for after it is accepted."""
    warm_up: bool = True
    """The engine reads ahead while nobody types."""


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
    source: Source = "none"
    reason: str = ""
    """Why the first text is not, or not all of, what the model wrote."""

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""


class Completer:
    """Asks one engine on behalf of every open document."""

    def __init__(self, engine: Engine, settings: Completion, mechanisms: Mechanisms | None = None) -> None:
        self.settings = settings
        self.mechanisms = mechanisms or Mechanisms()
        self.model = ""
        """Name of the model as the engine told it, once somebody asked."""
        self._engine = engine
        self._cache = CompletionCache()
        self._waiters: dict[str, asyncio.Future[None]] = {}
        self._running: dict[str, Generation] = {}
        """Calls somebody waits for, or waited for."""
        self._speculating: dict[str, Generation] = {}
        """Calls nobody has asked for yet."""
        self._failure: Exception | None = None
        self._retry_at = 0.0
        self._pause = FIRST_PAUSE

    async def complete(
        self,
        context: CursorContext,
        deadline_ms: float | None = None,
        alternatives: int = 1,
        debounce_ms: float = 0.0,
        least: float = 0.0,
    ) -> Suggestion:
        """Return a suggestion by the deadline, a partial one if need be.

        An answer ends where a line becomes less probable than `least`, as it would not be shown.
        Before a new engine call it waits `debounce_ms` for a newer request. Raises Cancelled when a newer
        request of the same document took over, and NearsideError when the engine failed, now or so short a
        time ago that it is left alone. When the task is cancelled from outside its engine call ends too,
        unless another request joins it at once.
        """
        started = _now()
        deadline = started + (self.settings.deadline_ms if deadline_ms is None else deadline_ms) / 1000
        waiter = self._take_over(context.document)
        generation: Generation | None = None
        try:
            generation = self._join(context, alternatives, least)
            if generation is None:
                if found := self._remembered(context, alternatives, least):
                    return _suggestion(found, started, source=_kept(found))
                generation = self._promote(context, alternatives, least)
            if generation is None:
                if self._failure and _now() < self._retry_at:
                    raise self._failure.with_traceback(None)
                if debounce_ms:
                    await asyncio.wait((waiter,), timeout=min(debounce_ms / 1000, deadline - _now()))
                    _raise_if_superseded(waiter)
                generation = self._start(context, alternatives, least)
            else:
                generation = await self._follow(generation, context, waiter, deadline)
            await _either(generation.task, waiter, until=deadline)
        except asyncio.CancelledError:
            if generation:
                asyncio.get_running_loop().call_later(ORPHAN_SECONDS, self._drop_orphan, generation)
            raise
        finally:
            if self._waiters.get(context.document) is waiter:
                del self._waiters[context.document]
        _raise_if_superseded(waiter)
        return self._outcome(generation, context, started)

    def remember(self, context: CursorContext, texts: Sequence[str], model: str) -> None:
        """Keep what a hosted model wrote for `context`, for whoever asks there next, or further along it.

        The first text is the one it wrote; local ones may follow, for those who ask for alternatives.
        """
        answer = Answer(tuple(dict.fromkeys(texts)), alternatives=MOST_ALTERNATIVES, model=model, hosted=True)
        self._cache.put(context.prefix, context.suffix, answer)

    def speculate(self, context: CursorContext, shown: str, least: float = 0.0) -> None:
        """Ask for what follows once `shown` is accepted at `context`, after everything anybody waits for."""
        if not self.mechanisms.speculation or context.document in self._running or self._failure:
            return
        following = replace(context, prefix=context.prefix + shown)
        running = self._speculating.get(context.document)
        if self._cache.find(following.prefix, following.suffix) or (running and running.serves(following, 1)):
            return
        if running:
            self._drop(running)
        self._launch(following, self._request(following, 1, least, Priority.SPECULATIVE), self._speculating)

    def supersede(self, document: str) -> None:
        """End the waiting request of `document` and its engine calls: the text there is another by now."""
        waiter = self._waiters.pop(document, None)
        if waiter and not waiter.done():
            waiter.set_result(None)
        for calls in (self._running, self._speculating):
            if generation := calls.get(document):
                self._drop(generation)

    def under_way(self, document: str) -> asyncio.Future[None] | None:
        """Return the call somebody waits for, or waited for, in a document; its answer ends in the cache."""
        generation = self._running.get(document)
        return generation.task if generation else None

    async def warm(self, context: CursorContext) -> None:
        """Evaluate a prompt nobody has asked about yet, so that its KV cache is there when somebody does."""
        if not self.mechanisms.warm_up:
            return
        request = CompletionRequest(
            fim_prompt(context), context.client, context.document, Priority.WARMUP, max_tokens=0
        )
        with suppress(NearsideError, Cancelled):  # Cancelled: the engine had no place to spare
            await Generation(self._engine, context, request).task

    async def close(self) -> None:
        """Cancel what runs. The engine belongs to whoever made it."""
        for document in list(self._waiters | self._running | self._speculating):
            self.supersede(document)

    def _take_over(self, document: str) -> asyncio.Future[None]:
        older = self._waiters.get(document)
        if older and not older.done():
            older.set_result(None)
        self._waiters[document] = waiter = asyncio.get_running_loop().create_future()
        return waiter

    def _join(self, context: CursorContext, alternatives: int, least: float) -> Generation | None:
        """Return the call under way if it may answer this request too; otherwise end it."""
        generation = self._running.get(context.document)
        if generation is None:
            return None
        same = generation.context == context  # asked again, as at the end of a cancelled request
        if generation.serves(context, alternatives, least) and (self.mechanisms.recycling or same):
            return generation
        self._drop(generation)
        return None

    def _remembered(self, context: CursorContext, alternatives: int, least: float) -> Answer | None:
        if not self.mechanisms.cache:
            return None
        return self._cache.find(context.prefix, context.suffix, alternatives, least)

    def _promote(self, context: CursorContext, alternatives: int, least: float) -> Generation | None:
        """Return the speculative call if it is for this very request, which now waits for it; else end it."""
        generation = self._speculating.pop(context.document, None)
        if generation is None:
            return None
        if not generation.serves(context, alternatives, least):
            generation.cancel()
            return None
        self._running[context.document] = generation
        return generation

    async def _follow(
        self,
        generation: Generation,
        context: CursorContext,
        waiter: asyncio.Future[None],
        deadline: float,
    ) -> Generation:
        """Wait until a call under way has come as far as the user; start anew if it went elsewhere."""
        typed = generation.typed_since(context) or ""
        while typed and generation.behind(typed) and not waiter.done() and _now() < deadline:
            await _either(generation.task, waiter, generation.grown, until=deadline)
        if waiter.done() or not typed or generation.covers(typed) or generation.behind(typed):
            return generation
        self._drop(generation)
        return self._start(context, generation.request.alternatives, generation.request.least)

    def _start(self, context: CursorContext, alternatives: int, least: float) -> Generation:
        return self._launch(context, self._request(context, alternatives, least), self._running)

    def _request(
        self,
        context: CursorContext,
        alternatives: int,
        least: float,
        priority: Priority = Priority.FOREGROUND,
    ) -> CompletionRequest:
        return CompletionRequest(
            fim_prompt(context),
            context.client,
            context.document,
            priority,
            max_tokens=self.settings.max_tokens,
            max_lines=max_lines_at(context, self.settings.max_lines),
            alternatives=alternatives,
            least=least,
        )

    def _launch(
        self, context: CursorContext, request: CompletionRequest, calls: dict[str, Generation]
    ) -> Generation:
        calls[context.document] = generation = Generation(self._engine, context, request)
        generation.task.add_done_callback(lambda _: self._finished(generation))
        return generation

    def _drop(self, generation: Generation) -> None:
        generation.cancel()
        self._forget(generation)

    def _forget(self, generation: Generation) -> None:
        for calls in (self._running, self._speculating):
            if calls.get(generation.context.document) is generation:
                del calls[generation.context.document]

    def _drop_orphan(self, generation: Generation) -> None:
        if generation.context.document not in self._waiters:
            self._drop(generation)

    def _finished(self, generation: Generation) -> None:
        """Remember a whole answer; after a failure leave the engine alone for a while."""
        self._forget(generation)
        if generation.task.cancelled():
            return
        if isinstance(error := generation.task.exception(), Exception):
            self._failure, self._retry_at = error, _now() + self._pause
            if not isinstance(error, EngineRefused):  # the next request may be one it takes
                self._pause = min(LONGEST_PAUSE, 2 * self._pause)
            return
        self._failure, self._pause = None, FIRST_PAUSE
        answer = generation.answer(self.model)
        self._cache.put(generation.context.prefix, generation.context.suffix, answer)
        if self.mechanisms.later_blocks:  # a round of the loop later: who waits for the answer comes first
            asyncio.get_running_loop().call_soon(self._keep_later, generation, answer)

    def _keep_later(self, generation: Generation, answer: Answer) -> None:
        """Remember what was generated beyond the shown text, for after it is accepted."""
        later = generation.later(answer)
        if later and not self._cache.find(later[0].prefix, later[0].suffix):
            self._cache.put(later[0].prefix, later[0].suffix, later[1])

    def _outcome(self, generation: Generation, context: CursorContext, started: float) -> Suggestion:
        if generation.done and not generation.task.cancelled() and (error := generation.task.exception()):
            raise error
        typed = context.prefix[len(generation.context.prefix) :]
        whole = generation.answer(self.model)
        answer = after_typing(whole, typed) or Answer((), model=self.model, reason=whole.reason)
        source = "speculation" if generation.speculative else "engine"
        return _suggestion(answer, started, generation.usage, partial=not generation.done, source=source)


def _kept(answer: Answer) -> Source:
    """Where an answer came from that was kept."""
    return "hosted" if answer.hosted else "speculation" if answer.speculative else "cache"


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _either(*futures: asyncio.Future[None], until: float) -> None:
    """Wait until one of `futures` is done, or the loop's clock says `until`."""
    await asyncio.wait(futures, timeout=max(0.0, until - _now()), return_when=asyncio.FIRST_COMPLETED)


def _raise_if_superseded(waiter: asyncio.Future[None]) -> None:
    if waiter.done():
        raise Cancelled


def _suggestion(
    answer: Answer,
    started: float,
    usage: Usage | None = None,
    partial: bool = False,
    source: Source = "engine",
) -> Suggestion:
    return Suggestion(
        texts=answer.texts,
        model=answer.model,
        confidence=answer.confidence[0] if answer.confidence else None,
        usage=usage or Usage(),
        latency_ms=(_now() - started) * 1000,
        partial=partial,
        source=source,
        reason=answer.reason,
    )
