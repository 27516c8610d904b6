"""A client that asks as llama.vim does (late 2025), on our engine.

As there: 256 lines before the cursor and 64 after it; 128 tokens; nothing where more than 8 characters stand
right of the cursor; one request at a time, never withdrawn, and the next tries again every 100 ms; generation
ends at the first line break later than 250 ms after its first token (1000 ms for a speculative request), and
at a line indented less than the cursor's; 250 answers in the cache, each also without the prefix's first one
to three lines; looked up from up to 128 characters back; what follows something shown is asked for. The ring
(llama_vim_ring.py) takes chunks around the cursor when a file is entered, left or written, and from beyond
the window when the cursor has moved by more than 32 lines; one a second while nobody types, each with a
warm-up. Its engine runs with llama.cpp's infill sampler (infill_engine.py).

Otherwise than there: the likeliest token is taken, none is drawn; the engine lays the prompt out, suffix
first where the model wants that, and cuts it, all as for ours; a warm-up gives way to a request; no process
(curl) is started; the ring has no more chunks than the context can hold beside the window, as its manual
advises.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, cast

from benchmarks.llama_vim_ring import CHUNK_LINES, CHUNKS, Ring
from benchmarks.llama_vim_text import N_PREFIX, N_SUFFIX, Local, around, rendered, under_indented
from benchmarks.typist import Screen, View
from inference.types import Cancelled, CompletionRequest, Engine, FimPrompt, NearsideError, Piece, Priority

N_PREDICT, MAX_LINE_SUFFIX = 128, 8
CAP, SPECULATIVE_CAP, RETRY, RING_UPDATE, RESTING, ENTERED = 0.25, 1.0, 0.1, 1.0, 3.0, 0.1
"""Seconds."""
CACHED, TRIMMED, LOOK_BACK, SCOPE, MOVED = 250, 3, 128, 1024, 32
LINE_TOKENS = 10
"""Tokens of a line, about, to set up the ring for a context."""


@dataclass(frozen=True)
class Cached:
    content: str
    speculative: bool


class LlamaVimLike:
    """Implements benchmarks.typist.Client. `delay`: seconds it waits before it asks; the real one none."""

    def __init__(self, engine: Engine, context: int = 4096, delay: float = 0.0) -> None:
        beside = context - (N_PREFIX + N_SUFFIX) * LINE_TOKENS - N_PREDICT
        self.ring = Ring(min(CHUNKS, max(0, beside // (CHUNK_LINES // 2 * LINE_TOKENS))))
        self.cache: OrderedDict[tuple[str, str], Cached] = OrderedDict()
        self._engine = engine
        self._delay = delay
        self._view = View("", "", "")
        self._insert = self._modified = False
        self._hint: list[str] | None = None
        """What is shown, as lines; it may be there without anything to see."""
        self._can_accept = False
        self._indent = 0
        self._job: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._moved_at = time.monotonic()
        self._picked_at = -9999
        self._background: set[asyncio.Task[None]] = set()

    async def start(self, screen: Screen) -> None:
        self._screen = screen
        self._loop = asyncio.get_running_loop()
        self._run(self._ring_update())

    def opened(self, view: View) -> None:
        if self._view is not view:
            self._pick_here()
        self._view, self._modified = view, False
        self._loop.call_later(ENTERED, self._pick_here)

    def changed(self, view: View, at: int, removed: str, text: str) -> None:
        self._modified = True

    def typed(self, view: View) -> None:
        self._insert = True
        self._move()
        if self._delay:
            self._loop.call_later(self._delay, self._fim)
        else:
            self._fim()

    def rested(self, view: View) -> None:
        self._insert = False
        self._move()

    def accepted(self, view: View, whole: bool) -> None: ...

    def left(self, view: View) -> None:
        self._insert, self._hint = False, None

    def saved(self, view: View) -> None:
        self._modified = False
        self._pick_here()

    def closed(self, view: View) -> None: ...

    async def stop(self) -> None:
        tasks = [*self._background, *([self._job] if self._job else [])]
        if self._retry:
            self._retry.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _move(self) -> None:
        self._moved_at = time.monotonic()
        self._hint = None
        self._try_hint("cache")

    def _try_hint(self, source: str) -> None:
        """Show what the cache has for the cursor, and ask for what follows it."""
        if not self._insert:
            return
        here = around(self._lines(), self._line(), self._column())
        found = self._get(here.prefix + here.middle, here.suffix) or self._from_behind(here)
        if found is None:
            return
        content = self._hint = rendered(found.content, self._lines(), self._line(), self._column())
        self._can_accept = any(part.strip() for part in content)
        if self._can_accept:
            self._screen.show("\n".join(content), "speculation" if found.speculative else source)
        self._fim(self._line(), content)

    def _from_behind(self, here: Local) -> Cached | None:
        """The longest rest of an answer for the text before the last characters were typed."""
        text, best = here.prefix + here.middle, None
        for count in range(1, min(LOOK_BACK, len(text)) + 1):
            found = self._get(text[:-count], here.suffix)
            if found and found.content[:count] == text[-count:] and len(found.content) > count:
                rest = Cached(found.content[count:], found.speculative)
                best = rest if best is None or len(rest.content) > len(best.content) else best
        return best

    def _fim(self, line: int | None = None, shown: list[str] | None = None) -> None:
        """Ask for the cursor's place, or for the place behind what is shown in a line."""
        if not self._insert:
            return
        if self._job:
            if self._retry:
                self._retry.cancel()
            self._retry = self._loop.call_later(RETRY, self._fim, line, shown)
            return
        y = min(self._line() if line is None else line, len(self._lines()) - 1)
        local = around(self._lines(), y, self._column(), shown or (), self._indent)
        if len(local.right) > MAX_LINE_SUFFIX:
            return
        prefixes = [local.prefix]
        while len(prefixes) <= TRIMMED and (trimmed := prefixes[-1].partition("\n")[2]):
            prefixes.append(trimmed)
        keys = [(prefix + local.middle, local.suffix) for prefix in prefixes]
        if any(self._get(*key) for key in keys):
            return
        self._indent = local.indent
        self.ring.drop_like(self.ring.half(self._lines_around()))
        self._job = asyncio.create_task(self._ask(keys, local, bool(shown)))
        if abs(y - self._picked_at) > MOVED:
            path, lines, below = self._view.path, self._lines(), y + N_SUFFIX
            self.ring.pick(path, lines[max(0, y - SCOPE) : max(0, y - N_PREFIX) + 1], evict=False)
            self.ring.pick(path, lines[below : below + CHUNK_LINES + 1], evict=False)
            self._picked_at = y

    async def _ask(self, keys: list[tuple[str, str]], local: Local, speculative: bool) -> None:
        # Both kinds are foreground there, too; as there is only one at a time, this only labels the figures.
        priority = Priority.SPECULATIVE if speculative else Priority.FOREGROUND
        request = self._request(local.prefix + local.middle, local.suffix, priority, N_PREDICT)
        cap, text, first = SPECULATIVE_CAP if speculative else CAP, "", 0.0
        try:
            stream = cast(AsyncGenerator[Piece, None], self._engine.complete(request))
            async with aclosing(stream):
                async for piece in stream:
                    first = first or time.monotonic()
                    text += piece.text
                    if (end := under_indented(text, local.indent)) is not None:
                        text = text[:end]
                        break
                    if "\n" in piece.text and time.monotonic() - first > cap:
                        break
        except (NearsideError, Cancelled):
            self._job = None
            return
        for key in keys:
            self.cache[key] = Cached(text, speculative)
            self.cache.move_to_end(key)
        while len(self.cache) > CACHED:
            self.cache.popitem(last=False)
        if self._hint is None or not self._can_accept:
            self._try_hint("engine")  # what it asks for then finds this job unfinished, and waits, as there
        self._job = None

    def _request(self, prefix: str, suffix: str, priority: Priority, most: int) -> CompletionRequest:
        snippets = tuple(self.ring.chunks)
        prompt = FimPrompt(prefix, suffix, "", "project" if snippets else "", snippets)
        return CompletionRequest(prompt, "llama.vim", "slot 0", priority, max_tokens=most)

    def _get(self, prefix: str, suffix: str) -> Cached | None:
        if found := self.cache.get((prefix, suffix)):
            self.cache.move_to_end((prefix, suffix))
        return found

    def _pick_here(self) -> None:
        if not self._modified and self._view.text:
            self.ring.pick(self._view.path, self._lines_around(), evict=True)

    async def _ring_update(self) -> None:
        while True:
            await asyncio.sleep(RING_UPDATE)
            resting = not self._insert or time.monotonic() - self._moved_at >= RESTING
            if resting and self.ring.advance():
                self._run(self._warm(self._request("", "", Priority.WARMUP, 0)))

    async def _warm(self, request: CompletionRequest) -> None:
        with suppress(NearsideError, Cancelled):
            async for _ in self._engine.complete(request):
                pass

    def _lines(self) -> list[str]:
        return self._view.text.removesuffix("\n").split("\n")

    def _line(self) -> int:
        return min(self._view.line_and_column(self._view.cursor)[0], len(self._lines()) - 1)

    def _column(self) -> int:
        return self._view.line_and_column(self._view.cursor)[1]

    def _lines_around(self) -> list[str]:
        y, reach = self._line(), CHUNK_LINES // 2
        return self._lines()[max(0, y - reach) : y + reach + 1]

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
