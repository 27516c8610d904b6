"""One engine call while it runs: what came so far, and whether it also answers a later request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import cast

from inference.cache import Answer, after_typing
from inference.confidence import score
from inference.filters import repair
from inference.prompts import CursorContext
from inference.types import CompletionRequest, Engine, Piece, Priority, Usage


@dataclass
class Draft:
    """One alternative as far as it has come, with the decode-time figures of its first line."""

    text: str = ""
    logprobs: list[float] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    cut: bool = False
    """It ended in the middle of whatever stood there."""

    unsure: bool = False
    """It ended because the last line became too unlikely."""

    def add(self, piece: Piece) -> None:
        if "\n" not in self.text.lstrip("\n"):
            self.logprobs.extend(piece.logprobs)
            self.margins.extend(piece.margins)
        self.text += piece.text
        self.cut = piece.finish in ("length", "unsure")
        self.unsure = piece.finish == "unsure"


class Generation:
    """Reads an engine's answer to the end in a task of its own, unless it is cancelled."""

    def __init__(self, engine: Engine, context: CursorContext, request: CompletionRequest) -> None:
        self.context = context
        self.request = request
        self.usage = Usage()
        loop = asyncio.get_running_loop()
        self.started = loop.time()
        self.grown = loop.create_future()
        """Done with the next piece; a new one is here by then."""
        self._drafts: dict[int, Draft] = {}
        self._answer: tuple[tuple[int, bool], Answer] | None = None
        self.task = asyncio.create_task(self._read(engine))

    @property
    def done(self) -> bool:
        return self.task.done()

    @property
    def speculative(self) -> bool:
        return self.request.priority is Priority.SPECULATIVE

    def cancel(self) -> None:
        self.task.cancel()

    def answer(self, model: str = "") -> Answer:
        """Return what has come so far, fit to be shown, without empty or repeated alternatives."""
        state = sum(len(draft.text) for draft in self._drafts.values()), self.done
        if self._answer is None or self._answer[0] != state:
            self._answer = state, self._repaired()
        return replace(self._answer[1], model=model)

    def _repaired(self) -> Answer:
        texts: dict[str, float | None] = {}
        reasons = []
        for _, draft in sorted(self._drafts.items()):
            text = clean(draft.text, self.request.max_lines)
            if draft.unsure and "\n" not in text.strip("\n"):
                reasons.append("the model was not sure of it")
                continue
            filtered = repair(text, self.context, complete=self.done and not draft.cut)
            reasons.append(filtered.reason)
            if text := filtered.text:
                texts.setdefault(text, score(draft.logprobs, draft.margins, text, self.context))
        return Answer(
            tuple(texts),
            tuple(texts.values()),
            self.request.alternatives,
            speculative=self.speculative,
            least=self.request.least,
            reason=reasons[0] if reasons else "",
        )

    def later(self, answer: Answer) -> tuple[CursorContext, Answer] | None:
        """Return what was generated beyond the first text of `answer`, and the place it follows once that
        text is accepted; None where there is nothing.
        """
        draft = self._drafts.get(0)
        shown = answer.texts[0] if answer.texts else ""
        if draft is None or not shown or not draft.text.startswith(shown):
            return None
        place = replace(self.context, prefix=self.context.prefix + shown)
        rest = repair(clean(draft.text[len(shown) :]), place, complete=not draft.cut).text
        sure = answer.confidence[:1]  # of the same breath; log-probabilities are kept of the first line only
        return (place, Answer((rest,), sure, model=answer.model, speculative=True)) if rest else None

    def typed_since(self, context: CursorContext) -> str | None:
        """Return what was typed between the place this was asked for and `context`, None if more changed."""
        mine = self.context
        if context.suffix != mine.suffix or not context.prefix.startswith(mine.prefix):
            return None
        return context.prefix[len(mine.prefix) :]

    def serves(self, context: CursorContext, alternatives: int, least: float = 1.0) -> bool:
        """Tell whether this may answer `context` too: the same place, or one further along its text.

        While nothing has come yet, a call for what was typed since is better: it costs nothing, as the part
        of the prompt evaluated so far stays in the engine's cache.
        """
        typed = self.typed_since(context)
        if typed is None or alternatives > self.request.alternatives or least < self.request.least:
            return False
        return not typed or self.covers(typed) or (self.behind(typed) and bool(self._first))

    def covers(self, typed: str) -> bool:
        """Tell whether something is left of what came so far once `typed` stands in the text."""
        return after_typing(self.answer(), typed) is not None

    def behind(self, typed: str) -> bool:
        """Tell whether `typed` is further than what came so far, and the same as far as that goes."""
        return not self.done and len(self._first) <= len(typed) and typed.startswith(self._first)

    @property
    def _first(self) -> str:
        return self._drafts[0].text if 0 in self._drafts else ""

    async def _read(self, engine: Engine) -> None:
        stream = cast(AsyncGenerator[Piece, None], engine.complete(self.request))
        async with aclosing(stream):
            async for piece in stream:
                self._drafts.setdefault(piece.index, Draft()).add(piece)
                self.usage = piece.usage or self.usage
                grown, self.grown = self.grown, asyncio.get_running_loop().create_future()
                if not grown.done():
                    grown.set_result(None)


def clean(text: str, max_lines: int = 0) -> str:
    """Return `text` without what no reader wants: lines past the limit, blanks at the end, or blanks only."""
    if max_lines:
        start = len(text) - len(text.lstrip("\n"))  # a block's first line is the one after the break
        text = text[:start] + "\n".join(text[start:].split("\n")[:max_lines])
    return text.rstrip()
