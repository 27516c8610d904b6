"""The engine between its HTTP and its thread: loading, what is said of it, and requests handed over and
back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable

from inference.backend import Backend
from inference.cost.energy import Meter, find
from inference.drafts import Drafts
from inference.generate import Job
from inference.guide import Known
from inference.healing import take_back
from inference.refusals import kind_of
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from inference.types import EngineError, EngineRefused, EngineUnavailable, FimPrompt, NearsideError, Piece
from inference.wire import Asked

log = logging.getLogger(__name__)


RESERVE = 64
"""Tokens at least that a prompt leaves for the answer: a prompt that is only read ahead has to be cut where
the request that follows will be."""
LEAST_ANSWER = 256
"""Tokens at least that a conversation leaves for the assistant's turn; with fewer it is refused."""
EVERY_SECONDS = 0.02
"""Between two pieces of one answer at least. Each wakes the event loop, which shares the interpreter with the
thread that decodes: a small model would wait for its own listeners."""


class EngineState:
    """One model, loaded in the background; requests that come meanwhile wait for it."""

    def __init__(
        self, load: Callable[[], Backend], name: str, version: str, drafts: Drafts | None = None
    ) -> None:
        self.version = version
        self.model_name = name
        self.started_unix = int(time.time())
        self.error: NearsideError | None = None
        self.scheduler: Scheduler | None = None
        self.backend: Backend | None = None
        self.last_request = time.monotonic()
        self._load, self._drafts = load, drafts
        self._ready = asyncio.Event()

    def start(self) -> None:
        """Begin to load; must be called on the running event loop."""
        loop = asyncio.get_running_loop()

        def work() -> None:
            try:
                backend = self._load()
                scheduler = Scheduler(backend, self._drafts, meter=Meter(find().counters))
                result: tuple[Backend, Scheduler] | NearsideError = (backend, scheduler)
            except NearsideError as error:
                result = error
            except Exception as error:
                log.exception("The model was not loaded.")
                result = EngineError(f"The model was not loaded: {error}. See the engine's log.")
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(self._loaded, result)

        threading.Thread(target=work, name="load", daemon=True).start()

    def _loaded(self, result: tuple[Backend, Scheduler] | NearsideError) -> None:
        if isinstance(result, NearsideError):
            self.error = result
            log.error("%s", result)
        else:
            self.backend, self.scheduler = result
            self.model_name = self.backend.description.name
            log.info("Loaded %s: %s", self.model_name, self.backend.description)
        self._ready.set()

    def idle_seconds(self) -> float:
        """Seconds since the last request ended; 0 while any is under way or the model is loading."""
        if not self._ready.is_set() or (self.scheduler and self.scheduler.queued()):
            return 0.0
        active = self.scheduler.last_active if self.scheduler else 0.0
        return time.monotonic() - max(active, self.last_request)

    def health(self) -> dict[str, object]:
        """The body of /health: what was loaded, and what was really offloaded."""
        status = "error" if self.error else "ok" if self._ready.is_set() else "loading"
        body: dict[str, object] = {
            "status": status,
            "engine": "nearside",
            "version": self.version,
            "pid": os.getpid(),
            "message": str(self.error or ""),
        }
        if self.error:
            body["type"] = kind_of(self.error)[0]
        if self.backend:
            d = self.backend.description
            body["model"] = {
                "name": d.name,
                "path": d.path,
                "architecture": d.architecture,
                "context": d.context,
                "trained_context": d.trained_context,
                "fim": self.backend.format is not None,
                "chat": self.backend.chat_tokens([("user", "")]) is not None,
                "family": d.family,
                "layers": d.layers,
                "gpu_layers": d.gpu_layers,
                "backend": d.backend,
                "size_bytes": d.size_bytes,
                "documents": self.backend.sequences,
            }
        return body

    async def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        """The pieces of one answer; the last carries the usage. Closing the iterator withdraws the
        request.
        """
        self.last_request = time.monotonic()
        await self._ready.wait()
        if self.error:
            raise self.error
        if self.backend is None or self.scheduler is None:
            raise EngineUnavailable(
                "The request was not answered: the engine is stopping. Try again in a moment."
            )
        job, queue = self._job(asked, self.backend)
        self.scheduler.submit(job)
        deadline: float | None = None
        try:
            while True:
                try:
                    item = await asyncio.wait_for(
                        queue.get(), deadline and max(0.0, deadline - time.monotonic())
                    )
                except TimeoutError:
                    self.scheduler.cancel(job)
                    deadline = None
                    continue
                if isinstance(item, Exception):
                    raise item
                if item is None:
                    return
                yield item
                if asked.time_limit_ms and deadline is None and not job.cancelled.is_set():
                    deadline = time.monotonic() + asked.time_limit_ms / 1000
        finally:
            self.scheduler.cancel(job)

    def _tokens(self, backend: Backend, asked: Asked) -> tuple[list[int], bytes, Known | None]:
        """Token ids of the prompt, the unfinished word taken back from it, and the names known there."""
        if isinstance(asked.prompt, FimPrompt):
            d = backend.description
            # Beyond the length it was trained on a model only gets worse: less text is better text.
            context = min(d.context, d.trained_context or d.context)
            prompt, typed = take_back(backend, asked.prompt)
            tokens = infill_tokens(backend, prompt, context - max(asked.max_tokens, RESERVE))
            return tokens, typed, Known.of(prompt)
        if isinstance(asked.prompt, str):
            tokens = backend.start_tokens() + backend.tokenize(asked.prompt)
        else:
            turns = backend.chat_tokens(asked.prompt)
            if turns is None:
                raise EngineRefused(
                    f"No answer: {self.model_name} has no chat template, so it cannot chat. "
                    "Use an instruction-tuned model for chat."
                )
            tokens = turns
        if not tokens:
            raise EngineRefused("The request was not answered: the prompt is empty.")
        return tokens, b"", None

    def _job(self, asked: Asked, backend: Backend) -> tuple[Job, asyncio.Queue[Piece | Exception | None]]:
        """A job whose results arrive in a queue on the event loop."""
        grammar = None if asked.schema is None else backend.grammar(asked.schema)
        prompt, typed, known = self._tokens(backend, asked)
        most = asked.max_tokens
        if isinstance(asked.prompt, tuple):
            # Who asks cannot count a conversation's tokens: the answer gets what they leave.
            most = min(most, max(LEAST_ANSWER, backend.description.context - len(prompt)))
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Piece | Exception | None] = asyncio.Queue()

        def put(item: Piece | Exception | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
                loop.call_soon_threadsafe(queue.put_nowait, item)

        job = Job(
            prompt,
            emit=put,
            typed=typed,
            known=known,
            grammar=grammar,
            done=put,
            owner=asked.owner,
            priority=asked.priority,
            max_tokens=most,
            max_lines=asked.max_lines,
            alternatives=asked.alternatives,
            temperature=asked.temperature,
            least=asked.least,
            every=EVERY_SECONDS,
            seed=asked.seed,
            stop=asked.stop,
        )
        return job, queue

    def close(self) -> None:
        """End the engine's thread and free the model."""
        if self.scheduler:
            self.scheduler.close()
        if self.backend:
            self.backend.close()
            self.backend = self.scheduler = None
