"""A client that asks as llama.vim does (the state of late 2025), on our engine.

As there: 256 lines before the cursor and 64 after it; 128 tokens; nothing where more than 8 characters stand right
of the cursor; one request at a time, a further one tries again every 100 ms, and a running one is never withdrawn;
generation ends 250 ms after its first token once it has a whole line, 1000 ms for a speculative request; 250 answers
in the cache, under their text and under it less its first one to three lines; looked up also from up to 128
characters back; after something is shown, the text behind it is asked for. The ring: a random 32 of 64 lines around
the cursor when a saved file is entered, left or written, and from beyond the window when the cursor has moved by
more than 32 lines; 16 chunks, one taken over a second while nobody types, each with a warm-up; a chunk goes that is
more than 0.9 like a new one, or more than 0.5 like the surroundings (Dice of words).

Otherwise than there: tokens are picked greedily like ours; the engine lays out the prompt, suffix first where the
model wants that, and cuts it as it cuts ours; a warm-up gives way to a request; nothing costs a process (curl); the
ring has no more chunks than fit into the context beside the window, as its manual asks users to set it up.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import cast

from benchmarks.typist import Screen, View
from inference.types import CompletionRequest, Engine, FimPrompt, NearsideError, Piece, Priority, Snippet

N_PREFIX, N_SUFFIX, N_PREDICT, MAX_LINE_SUFFIX = 256, 64, 128, 8
FIRST_CAP, SPECULATIVE_CAP = 0.25, 1.0
RETRY, RING_UPDATE, RESTING, ENTERED = 0.1, 1.0, 3.0, 0.1
"""Seconds."""
CACHED, TRIMMED, LOOK_BACK = 250, 3, 128
CHUNKS, QUEUED, CHUNK_LINES, SCOPE, MOVED = 16, 16, 64, 1024, 32
LINE_TOKENS = 10
"""Tokens of a line, roughly, to set up the ring for a context."""


@dataclass(frozen=True)
class Local:
    """The text around a place."""

    prefix: str
    middle: str
    suffix: str
    right: str
    """The rest of the cursor's line."""

    def key(self, before: str | None = None) -> tuple[str, str]:
        return (self.prefix + self.middle if before is None else before), self.suffix


@dataclass(frozen=True)
class Cached:
    content: str
    speculative: bool


def similarity(one: str, other: str) -> float:
    """Dice's coefficient of the words, as it counts them."""
    a, b = re.split(r"\W+", one), re.split(r"\W+", other)
    known = set(a)
    return 2 * sum(word in known for word in b) / (len(a) + len(b))


class LlamaVimLike:
    """Implements benchmarks.typist.Client."""

    name = "llama.vim-like"

    def __init__(self, engine: Engine, context: int = 4096, delay: float = 0.0, seed: int = 1) -> None:
        fit = (context - (N_PREFIX + N_SUFFIX) * LINE_TOKENS - N_PREDICT) // (CHUNK_LINES // 2 * LINE_TOKENS)
        self.chunks = min(CHUNKS, max(0, fit))
        self.ring: list[Snippet] = []
        self.queue: list[Snippet] = []
        self.cache: OrderedDict[tuple[str, str], Cached] = OrderedDict()
        self.used: set[int] = set()
        """Identities of the speculative answers that were shown."""
        self.speculated = 0
        self._engine = engine
        self._delay = delay
        self._rng = random.Random(seed)
        self._view = View("", "", "")
        self._insert = self._modified = False
        self._hint: list[str] | None = None
        self._can_accept = False
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
            self._pick_here(saved_only=True)
        self._view, self._modified = view, False
        self._loop.call_later(ENTERED, self._pick_here, True)

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
        self._pick_here(saved_only=True)

    def closed(self, view: View) -> None: ...

    async def stop(self) -> None:
        tasks = [*self._background, *([self._job] if self._job else [])]
        if self._retry:
            self._retry.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What is shown

    def _move(self) -> None:
        self._moved_at = time.monotonic()
        self._hint = None
        self._try_hint("cache")

    def _try_hint(self, source: str) -> None:
        """Show what the cache has for the cursor, and ask for what follows it."""
        if not self._insert:
            return
        here = self._local(self._line())
        found = self._get(here.key())
        if found is None:
            found = self._from_behind(here)
        if found is None:
            return
        self._render(found.content)
        assert self._hint is not None
        if self._can_accept:
            if found.speculative:
                self.used.add(id(found))
                source = "speculation"
            self._screen.show("\n".join(self._hint), source)
        self._fim(self._line(), self._hint)

    def _from_behind(self, here: Local) -> Cached | None:
        """The longest rest of an answer from before the last characters were typed."""
        text, best = here.prefix + here.middle, None
        for count in range(1, min(LOOK_BACK, len(text)) + 1):
            found = self._get(here.key(text[:-count]))
            if found and found.content[:count] == text[-count:] and len(found.content) > count:
                rest = found.content[count:]
                if best is None or len(rest) > len(best.content):
                    if found.speculative:
                        self.used.add(id(found))
                    best = Cached(rest, found.speculative)
        return best

    def _render(self, text: str) -> None:
        """Take over a suggestion unless it repeats what stands there."""
        content = text.split("\n")
        while len(content) > 1 and not content[-1]:
            content.pop()
        lines, y = self._lines(), self._line()
        line, x = lines[y], self._column()
        if not line.strip():
            lead = min(len(content[0]) - len(content[0].lstrip()), len(line))
            line, content[0] = content[0][:lead], content[0][lead:]
        left, right = line[:x], line[x:]
        below = lines[y + 1 :]
        if not content[0] and len(content) > 1 and content[1:] == below[: len(content) - 1]:
            content = [""]
        if content == [right]:
            content = [""]
        while below and not below[0].strip():
            below = below[1:]
        if below and left + content[0] == below[0]:
            same = content[1:] == below[1 : len(content)]
            if len(content) == 2:
                same = len(below) > 1 and below[1].startswith(content[1])
            if same:
                content = [""]
        self._hint, self._can_accept = content, any(part.strip() for part in content)

    # What is asked

    def _fim(self, line: int | None = None, shown: list[str] | None = None) -> None:
        """Ask for the cursor's place, or for the place behind what is shown."""
        if not self._insert:
            return
        if self._job:
            if self._retry:
                self._retry.cancel()
            self._retry = self._loop.call_later(RETRY, self._fim, line, shown)
            return
        y = min(self._line() if line is None else line, len(self._lines()) - 1)
        local = self._local(y, shown)
        if len(local.right) > MAX_LINE_SUFFIX:
            return
        keys, prefix = [local.key()], local.prefix
        for _ in range(TRIMMED):
            prefix = prefix.partition("\n")[2]
            if not prefix:
                break
            keys.append(local.key(prefix + local.middle))
        if any(self._get(key) for key in keys):
            return
        around = self._part(self._lines_around(CHUNK_LINES // 2))
        self.ring = [chunk for chunk in self.ring if similarity(chunk.text, around) <= 0.5]
        self._job = asyncio.create_task(self._ask(keys, local, bool(shown)))
        if abs(y - self._picked_at) > MOVED:
            lines = self._lines()
            self._pick(lines[max(0, y - SCOPE) : max(0, y - N_PREFIX) + 1], evict=False)
            self._pick(lines[y + N_SUFFIX : y + N_SUFFIX + CHUNK_LINES + 1], evict=False)
            self._picked_at = y

    async def _ask(self, keys: list[tuple[str, str]], local: Local, speculative: bool) -> None:
        cap = SPECULATIVE_CAP if speculative else FIRST_CAP
        self.speculated += speculative
        prompt = FimPrompt(local.prefix + local.middle, local.suffix, "", *self._extra())
        # Both kinds are foreground there: the mark only lets the figures tell them apart.
        priority = Priority.SPECULATIVE if speculative else Priority.FOREGROUND
        request = CompletionRequest(prompt, "llama.vim", "slot 0", priority, max_tokens=N_PREDICT)
        text, first = "", 0.0
        try:
            stream = cast(AsyncGenerator[Piece, None], self._engine.complete(request))
            async with aclosing(stream):
                async for piece in stream:
                    first = first or time.monotonic()
                    text += piece.text
                    if "\n" in text and time.monotonic() - first > cap:
                        break
        except NearsideError:
            self._job = None
            return
        answer = Cached(text, speculative)
        for key in keys:
            self._put(key, answer)
        if self._hint is None or not self._can_accept:
            self._try_hint("engine")  # its follow-up finds this job unfinished, and waits, as there
        self._job = None

    def _extra(self) -> tuple[str, tuple[Snippet, ...]]:
        return ("project" if self.ring else ""), tuple(self.ring)

    def _get(self, key: tuple[str, str]) -> Cached | None:
        found = self.cache.get(key)
        if found:
            self.cache.move_to_end(key)
        return found

    def _put(self, key: tuple[str, str], answer: Cached) -> None:
        self.cache[key] = answer
        self.cache.move_to_end(key)
        while len(self.cache) > CACHED:
            self.cache.popitem(last=False)

    # The ring

    def _pick_here(self, saved_only: bool) -> None:
        if not (saved_only and self._modified) and self._view.text:
            self._pick(self._lines_around(CHUNK_LINES // 2), evict=True)

    def _pick(self, lines: list[str], evict: bool) -> None:
        """Queue a part of some lines, unless it is known."""
        if not self.chunks or len(lines) < 3:
            return
        text = "\n".join(lines) + "\n" if len(lines) + 1 < CHUNK_LINES else self._part(lines)
        if any(chunk.text == text for chunk in (*self.ring, *self.queue)):
            return
        for known in (self.queue, self.ring):
            alike = [chunk for chunk in known if similarity(chunk.text, text) > 0.9]
            if alike and not evict:
                return
            known[:] = [chunk for chunk in known if chunk not in alike]
        self.queue = [*self.queue, Snippet(self._view.path, text)][-QUEUED:]

    def _part(self, lines: list[str]) -> str:
        start = self._rng.randint(0, max(0, len(lines) - CHUNK_LINES // 2))
        return "\n".join(lines[start : start + CHUNK_LINES // 2 + 1]) + "\n"

    async def _ring_update(self) -> None:
        while True:
            await asyncio.sleep(RING_UPDATE)
            if (self._insert and time.monotonic() - self._moved_at < RESTING) or not self.queue:
                continue
            self.ring = [*self.ring, self.queue.pop(0)][-self.chunks :]
            prompt = FimPrompt("", "", "", *self._extra())
            request = CompletionRequest(prompt, "llama.vim", "slot 0", Priority.WARMUP, max_tokens=0)
            self._run(self._warm(request))

    async def _warm(self, request: CompletionRequest) -> None:
        with suppress(NearsideError):
            async for _ in self._engine.complete(request):
                pass

    # The buffer, as lines without their ends

    def _lines(self) -> list[str]:
        text = self._view.text
        return (text[:-1] if text.endswith("\n") else text).split("\n")

    def _line(self) -> int:
        return min(self._view.line_and_column(self._view.cursor)[0], len(self._lines()) - 1)

    def _column(self) -> int:
        return self._view.line_and_column(self._view.cursor)[1]

    def _lines_around(self, reach: int) -> list[str]:
        y = self._line()
        return self._lines()[max(0, y - reach) : y + reach + 1]

    def _local(self, y: int, shown: list[str] | None = None) -> Local:
        """The text around the cursor, or around the end of what is shown as if it stood there."""
        lines, line, x = self._lines(), self._lines()[y], self._column()
        count = N_PREFIX - (len(shown) - 1 if shown else 0)
        above = lines[max(0, y - count) : y]
        if shown:
            above += [line + shown[0], *shown[1:-1]] if len(shown) > 1 else []
            left, right = (line + shown[0] if len(shown) == 1 else shown[-1]), ""
        elif not line.strip():
            left, right = "", ""  # a line of blanks only is written anew
        else:
            left, right = line[:x], line[x:]
        below = lines[y + 1 : y + 1 + N_SUFFIX]
        return Local("\n".join(above) + "\n", left, right + "\n" + "\n".join(below) + "\n", right)

    def _run(self, work) -> None:  # noqa: ANN001
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
