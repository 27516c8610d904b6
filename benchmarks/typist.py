"""Replays keystrokes against a client, accepts what is right, and measures when something is shown.

The typist accepts the leading lines of a suggestion that equal what is typed next, each to its end, of at
least three characters, once they have been on screen for a reaction time of 400 to 700 ms; typing goes on
meanwhile. A suggestion that is gone for more than 100 ms between two keys has to be read anew. All clients
meet this rule.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.fast_forward import FastForwardLoop
from benchmarks.keystrokes import Close, Command, Key, Open, Run, Step

REACTION = (0.4, 0.7)
"""Seconds: choice reaction to something seen, with some reading."""
FLICKER = 0.1
"""Seconds; shorter gaps are not noticed."""
WORTH = 3
"""Characters that are worth a key."""


@dataclass
class View:
    """The buffer in front of the typist."""

    path: str
    language: str
    text: str
    cursor: int = 0
    version: int = 1

    def line_and_column(self, offset: int) -> tuple[int, int]:
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, line_start), offset - line_start


class Screen(Protocol):
    def show(self, text: str, source: str) -> None:
        """Draw ghost text at the cursor; `source` is 'engine', 'cache' or 'speculation'."""
        ...


class Client(Protocol):
    """A completion client as an editor plugin drives it. Nothing here waits, but start and stop."""

    async def start(self, screen: Screen) -> None: ...

    def opened(self, view: View) -> None: ...

    def changed(self, view: View, at: int, removed: str, text: str) -> None:
        """The buffer has changed; `view` is as it is now."""

    def typed(self, view: View) -> None:
        """After a key in insert mode. What was shown is gone."""

    def rested(self, view: View) -> None:
        """The cursor has moved, in normal mode."""

    def accepted(self, view: View, whole: bool) -> None:
        """What is shown was accepted, or its first lines; the buffer has changed already."""

    def left(self, view: View) -> None:
        """Back in normal mode. What was shown is gone."""

    def saved(self, view: View) -> None: ...

    def closed(self, view: View) -> None: ...

    async def stop(self) -> None: ...


@dataclass
class Figures:
    """What a typist saw."""

    keys: int = 0
    """Keys after which a suggestion could come, accepting ones included."""
    shown: list[tuple[float, str]] = field(default_factory=list)
    """For each key with something shown before the next: milliseconds, and where it came from."""
    accepts: int = 0
    accepted_characters: int = 0
    after_accepts: list[tuple[float, str]] = field(default_factory=list)
    """Of `shown`: what came first after an accept."""
    typed_characters: int = 0
    seconds: float = 0.0


class Typist:
    """One replay. Is the client's screen."""

    def __init__(self, client: Client, loop: FastForwardLoop, seed: int = 1) -> None:
        self.figures = Figures()
        self._client = client
        self._loop = loop
        self._rng = random.Random(seed)
        self._views: dict[str, View] = {}
        self._view = View("", "", "")
        self._ghost = ""
        self._drawn = asyncio.Event()
        self._key_at = 0.0
        self._first = False
        """Whether nothing was shown yet since the last key."""
        self._after_accept = False
        self._remaining = ""
        """What is typed next at this place; empty while a mistake stands there."""
        self._right_since: float | None = None
        self._right_until = 0.0
        self._reaction = 0.0

    async def replay(self, steps: Iterable[Step]) -> Figures:
        await self._client.start(self)
        began = self._loop.time()
        for step in steps:
            if isinstance(step, Open):
                await self._open(step)
            elif isinstance(step, Command):
                await self._command(step)
            elif isinstance(step, Run):
                await self._run(step)
            else:
                await self._close(step)
        self.figures.seconds = self._loop.time() - began
        await self._client.stop()
        return self.figures

    def show(self, text: str, source: str) -> None:
        if not text.strip():
            return
        now = self._loop.time()
        if self._first:
            self._first = False
            seen = 1000 * (now - self._key_at), source
            self.figures.shown.append(seen)
            if self._after_accept:
                self.figures.after_accepts.append(seen)
        self._ghost = text
        if not self._acceptable():
            self._right_since = None
        elif self._right_since is None or now - self._right_until > FLICKER:
            self._right_since, self._reaction = now, self._rng.uniform(*REACTION)
        self._drawn.set()

    def _hide(self) -> None:
        if self._ghost and self._right_since is not None:
            self._right_until = self._loop.time()
        self._ghost = ""

    def _acceptable(self) -> str:
        """The leading lines of what is shown that are what is typed next."""
        offered, wanted = self._ghost.rstrip().split("\n"), self._remaining.split("\n")
        right = 0
        for number, (one, other) in enumerate(zip(offered, wanted, strict=False), 1):
            if one.rstrip() != other.rstrip():
                break
            right = number if one.strip() else right
        text = "\n".join(wanted[:right])
        return text if len(text.strip()) >= WORTH else ""

    async def _open(self, step: Open) -> None:
        await asyncio.sleep(step.pause)
        view = self._views.get(step.path)
        if view is None or view.text != step.text:
            if view is not None:
                self._client.closed(view)
            view = self._views[step.path] = View(step.path, step.language, step.text)
        self._view = view
        self._client.opened(view)

    async def _command(self, step: Command) -> None:
        """Half of the time goes by before the cursor is there."""
        self._hide()
        self._client.left(self._view)
        await asyncio.sleep(step.pause / 2)
        self._view.cursor = step.at
        self._client.rested(self._view)
        await asyncio.sleep(step.pause / 2)
        if step.length or step.text:
            self._replace(step.at, step.length, step.text)
            self._view.cursor = step.at

    async def _run(self, run: Run) -> None:
        number, typed = 0, 0
        self._remaining, self._right_since = "", None
        self._key_at = self._loop.time()
        self._first = False
        while number < len(run.keys):
            key = run.keys[number]
            if text := await self._accepted_before(self._key_at + key.pause):
                typed += len(text)
                number = next(
                    (i + 1 for i, k in enumerate(run.keys) if k.clean and k.typed == typed), len(run.keys)
                )
                self._accept(text, run.text[typed:])
                continue
            self._press(key, run.text[key.typed :] if key.clean else "")
            typed, number = key.typed, number + 1
        # What comes after the last key of a place still counts for it, until the typist leaves.

    async def _accepted_before(self, due: float) -> str:
        """Wait for the next key's time; return what the typist accepts before."""
        while (now := self._loop.time()) < due:
            text = self._acceptable() if self._ghost else ""
            at = due
            if text and self._right_since is not None:
                at = self._right_since + self._reaction
                if at <= now:
                    return text
            self._drawn.clear()
            try:
                async with asyncio.timeout_at(min(due, at)):
                    await self._drawn.wait()
            except TimeoutError:
                pass
        return ""

    def _press(self, key: Key, remaining: str) -> None:
        self._hide()
        self._key_at = self._loop.time()
        self._remaining = remaining
        view = self._view
        self._replace(view.cursor - key.back, key.back, key.text)
        self.figures.typed_characters += len(key.text)
        self._ask(after_accept=False)

    def _accept(self, text: str, remaining: str) -> None:
        whole = text.rstrip() == self._ghost.rstrip()
        self.figures.accepts += 1
        self.figures.accepted_characters += len(text)
        self._hide()
        self._right_since = None
        self._key_at = self._loop.time()
        self._remaining = remaining
        self._replace(self._view.cursor, 0, text)
        self._client.accepted(self._view, whole)
        self._ask(after_accept=True)

    def _ask(self, after_accept: bool) -> None:
        self.figures.keys += 1
        self._first, self._after_accept = True, after_accept
        self._client.typed(self._view)

    def _replace(self, at: int, length: int, text: str) -> None:
        view = self._view
        removed = view.text[at : at + length]
        view.text = view.text[:at] + text + view.text[at + length :]
        view.cursor = at + len(text)
        view.version += 1
        self._client.changed(view, at, removed, text)

    async def _close(self, step: Close) -> None:
        self._hide()
        self._client.left(self._view)
        await asyncio.sleep(step.pause)
        self._client.saved(self._view)
        if step.last:
            for view in self._views.values():
                self._client.closed(view)
            self._views.clear()
