"""What else than the text around the cursor a prompt shows: chosen by worth, laid out by how long it stays.

A prompt is cheap only while its beginning stays what it was. So worth decides *whether* a snippet is shown,
and how rarely it changes decides *where*: an engine that must cut snippets cuts them from the end, and loses
the most volatile ones, which cost it the least.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Protocol

from inference.types import Snippet
from retrieval.neighbourhoods import TELLING, similarity, telling_lines, words
from settings.private import is_private

DISTORTING = 0.5
"""Above this similarity to the text around the cursor a snippet makes the model repeat that (llama.vim)."""
NEAR_LINES = 16
"""Lines on either side of the cursor that count as its surroundings."""
FRAME = 8
"""Characters a snippet costs besides its path and text."""
RING, DEFINITIONS, SIMILAR = 0, 1, 2
"""Tiers: the ring changes at its end only, definitions with every function the user goes to, similar code
also with what is written there."""
LINE_SHARE, BODY_SHARE = 0.6, 0.25
"""Share of the budget that definitions get before anything else gets more than the rest. Measured: half to
three quarters hold the most of what a line needs, a quarter of what the body of a function needs, which is
mostly made of local names (benchmarks/retrieval)."""


_words_of = lru_cache(256)(words)
"""The same snippets are looked at in every idle moment."""
_lines_of = lru_cache(256)(telling_lines)


@dataclass(frozen=True)
class Candidate:
    """A snippet that might be shown. Equal ones are one, whatever they score."""

    snippet: Snippet
    tier: int
    number: int = 0
    """Within a tier: what the ring took later has a higher number and stands later."""
    line: int = field(default=0, compare=False)
    score: float = field(default=0.0, compare=False)
    """How much it is worth; 1 is a definition of a name on the cursor's line."""

    @cached_property
    def words(self) -> frozenset[str]:
        return _words_of(self.snippet.text)

    @cached_property
    def lines(self) -> frozenset[str]:
        return _lines_of(self.snippet.text)

    @property
    def cost(self) -> int:
        return len(self.snippet.path) + len(self.snippet.text) + FRAME

    @property
    def place(self) -> tuple[int, int, str, int, str]:
        """Where it stands among others: the same whichever others there are."""
        return self.tier, self.number, self.snippet.path, self.line, self.snippet.text


@dataclass(frozen=True)
class Query:
    """A cursor that wants context, and what its prompt shows anyway."""

    path: str
    language: str
    prefix: str
    suffix: str
    head: str = ""
    """The document's first lines, where imports stand."""
    troubled: frozenset[str] = frozenset()
    """Words of the diagnostics near the cursor."""
    body: bool = False
    """Whether a whole body is to be written, not a line."""
    budget: int = 0
    """Characters that snippets may take together."""

    @cached_property
    def surroundings(self) -> Surroundings:
        return Surroundings.of(self.prefix, self.suffix)

    @cached_property
    def words(self) -> frozenset[str]:
        return words(self.prefix) | words(self.suffix)

    @cached_property
    def lines(self) -> frozenset[str]:
        return telling_lines(self.prefix + self.suffix)


@dataclass(frozen=True)
class Surroundings:
    """The lines next to a cursor, and the ones being completed."""

    words: frozenset[str]
    before: str
    line: str
    after: str

    @classmethod
    def of(cls, prefix: str, suffix: str) -> Surroundings:
        above, below = _last_lines(prefix, NEAR_LINES + 1), suffix[:4000].split("\n")[: NEAR_LINES + 1]
        line = (above[-1] + below[0]).strip()
        before = next((text.strip() for text in reversed(above[:-1]) if text.strip()), "")
        after = next((text.strip() for text in below[1:] if text.strip()), "")
        return cls(words("\n".join(above) + "\n".join(below)), before, line, after)

    def distorted_by(self, candidate: Candidate) -> bool:
        """Tell whether a snippet is too much like this place, or holds the lines being completed."""
        if similarity(candidate.words, self.words) > DISTORTING:
            return True
        lines = candidate.lines
        if len(self.line) >= 2 * TELLING and self.line in lines:
            return True
        beside = {self.before, self.line, self.after} & lines
        return len(beside) > 1


@dataclass(frozen=True)
class Gathered:
    """What stands ready for a cursor."""

    snippets: tuple[Snippet, ...] = ()
    skipped: tuple[str, ...] = ()
    """Names of the sources that did not answer in time, or failed."""


class Source(Protocol):
    """Where candidates come from. It never blocks the event loop."""

    name: str
    deadline: float
    """Seconds it gets."""

    async def candidates(self, query: Query) -> Sequence[Candidate]: ...


def budget(context: int, answer: int) -> int:
    """Return the characters that snippets may take of a context of so many tokens (0: unknown).

    A quarter where the text around the cursor fills the context; more where it cannot, as its window is
    10,000 characters at most (inference/prompts.py). Beyond 12,000 they only cost time.
    """
    tokens = max(context or 4096, 512) - answer
    return min(12_000, int(max(tokens / 4, tokens - 10_000 / 3.3) * 3.3))


def assemble(candidates: Iterable[Candidate], query: Query, budget: int) -> tuple[Candidate, ...]:
    """Return the candidates worth showing, in the prompt's order, whatever order they come in.

    Definitions and other code each have a share of the budget; what one leaves over is the other's.
    """
    best: dict[Candidate, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate)
        if known is None or _worth(candidate) < _worth(known):
            best[candidate] = candidate
    share = int(budget * (BODY_SHARE if query.body else LINE_SHARE))
    rooms = {True: share, False: budget - share}
    waiting = [candidate for candidate in sorted(best.values(), key=_worth) if _fits(candidate, query)]
    chosen: list[Candidate] = []
    for within_share in (True, False):
        for candidate in waiting:
            room = rooms[candidate.tier == DEFINITIONS] if within_share else budget
            if candidate.cost > room or candidate in chosen:
                continue
            if any(_repeats(candidate, other) for other in chosen):
                continue
            chosen.append(candidate)
            budget -= candidate.cost
            rooms[candidate.tier == DEFINITIONS] -= candidate.cost
    return tuple(sorted(chosen, key=lambda candidate: candidate.place))


def step(shown: Sequence[Candidate], wanted: Sequence[Candidate], budget: int) -> tuple[Candidate, ...]:
    """Return `shown` with one snippet more like `wanted`: one goes, comes, or is replaced."""
    gone = [candidate for candidate in shown if candidate not in wanted]
    new = sorted((candidate for candidate in wanted if candidate not in shown), key=_worth)
    kept = [candidate for candidate in shown if not gone or candidate != gone[-1]]
    if new and sum(candidate.cost for candidate in kept) + new[0].cost <= budget:
        kept.append(new[0])
    return tuple(sorted(kept, key=lambda candidate: candidate.place))


class Gatherer:
    """Asks sources side by side, each within its own deadline; one that hangs is not asked again."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self._running: dict[str, asyncio.Task[Sequence[Candidate]]] = {}

    async def gather(self, query: Query) -> tuple[list[Candidate], tuple[str, ...]]:
        """Return what the sources offer and the names of those that did not answer in time, or failed."""
        answers = await asyncio.gather(*(self._ask(source, query) for source in self.sources))
        found = [candidate for answer in answers for candidate in answer or ()]
        asked = zip(self.sources, answers, strict=True)
        return found, tuple(source.name for source, answer in asked if answer is None)

    async def _ask(self, source: Source, query: Query) -> Sequence[Candidate] | None:
        running = self._running.get(source.name)
        if running and not running.done():
            return None
        task = self._running[source.name] = asyncio.create_task(_call(source, query))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # a late failure is no news
        done, _ = await asyncio.wait((task,), timeout=source.deadline)
        if not done or task.cancelled() or task.exception():
            return None
        return task.result()

    def close(self) -> None:
        for task in self._running.values():
            task.cancel()


async def _call(source: Source, query: Query) -> Sequence[Candidate]:
    return await source.candidates(query)


def ready(shown: Sequence[Candidate], path: str, here: Surroundings) -> tuple[Snippet, ...]:
    """Return what of `shown` may stand in a prompt for a cursor that moved on since it was chosen."""
    return tuple(c.snippet for c in shown if c.snippet.path != path and not here.distorted_by(c))


def _worth(candidate: Candidate) -> tuple[float, tuple[int, int, str, int, str]]:
    return -candidate.score, candidate.place


def _fits(candidate: Candidate, query: Query) -> bool:
    path = candidate.snippet.path
    if path == query.path or is_private(path) or not candidate.snippet.text.strip():
        return False
    if query.surroundings.distorted_by(candidate) or similarity(candidate.words, query.words) > DISTORTING:
        return False
    lines = candidate.lines
    return not lines or len(lines & query.lines) <= len(lines) / 2


def _repeats(candidate: Candidate, other: Candidate) -> bool:
    """Tell whether a snippet says what one already chosen says."""
    if similarity(candidate.words, other.words) > 0.9:
        return True
    return (
        candidate.snippet.path == other.snippet.path
        and bool(candidate.lines)
        and candidate.lines <= other.lines
    )


def _last_lines(text: str, count: int) -> list[str]:
    return text[-4000:].split("\n")[-count:]
