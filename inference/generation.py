"""One engine call while it runs: what came so far, and whether it also answers a later request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from inference.cache import Answer, after_typing
from inference.confidence import score
from inference.overlap import until_suffix
from inference.prompts import CursorContext
from inference.types import CompletionRequest, Engine, Piece, Usage


@dataclass
class Draft:
    """One alternative as far as it has come, with the decode-time figures of its first line."""

    text: str = ""
    logprobs: list[float] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        if "\n" not in self.text.lstrip("\n"):
            self.logprobs.extend(piece.logprobs)
            self.margins.extend(piece.margins)
        self.text += piece.text


class Generation:
    """Reads an engine's answer to the end in a task of its own, unless it is cancelled."""

    def __init__(self, engine: Engine, context: CursorContext, request: CompletionRequest) -> None:
        self.context = context
        self.request = request
        self.usage = Usage()
        self._drafts: dict[int, Draft] = {}
        self.task = asyncio.create_task(self._read(engine))

    @property
    def done(self) -> bool:
        return self.task.done()

    def cancel(self) -> None:
        self.task.cancel()

    def answer(self, model: str = "") -> Answer:
        """Return what has come so far, cleaned, without empty or repeated alternatives."""
        texts: dict[str, float | None] = {}
        for _, draft in sorted(self._drafts.items()):
            text = clean(until_suffix(draft.text, self.context.suffix), self.request.max_lines)
            if text:
                texts.setdefault(text, score(draft.logprobs, draft.margins))
        return Answer(tuple(texts), tuple(texts.values()), self.request.alternatives, model)

    def serves(self, context: CursorContext, alternatives: int) -> bool:
        """Tell whether `context` asks for the same, or for what is left of it after typing along."""
        mine = self.context
        if context.suffix != mine.suffix or not context.prefix.startswith(mine.prefix):
            return False
        if alternatives > self.request.alternatives:
            return False
        typed = context.prefix[len(mine.prefix) :]
        return not typed or after_typing(self.answer(), typed) is not None

    async def _read(self, engine: Engine) -> None:
        stream = cast(AsyncGenerator[Piece, None], engine.complete(self.request))
        async with aclosing(stream):
            async for piece in stream:
                self._drafts.setdefault(piece.index, Draft()).add(piece)
                self.usage = piece.usage or self.usage


def clean(text: str, max_lines: int = 0) -> str:
    """Return `text` without what no reader wants: lines past the limit, blanks at the end, or blanks only."""
    if max_lines:
        start = len(text) - len(text.lstrip("\n"))  # a block's first line is the one after the break
        text = text[:start] + "\n".join(text[start:].split("\n")[:max_lines])
    return text.rstrip()
