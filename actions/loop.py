"""The loop that is worth more than the model: draft, verify, tell the model what failed, and try again.

A few tries of the local model, then, where the router allows it, one of a hosted model, which is told what
was tried. What passes no check changes nothing. Everything the loop touches is behind a port.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, Protocol

from actions.draft import Draft, Task, Tried, drafted, turns
from inference.routing.action import ActionDecision
from inference.types import NearsideError, Piece

TRIES = 3
"""Of the local model: what does not help at the third does not help at the fourth."""
LONGEST_ANSWER = 60_000
"""Characters after which an answer is endless."""

Step = Literal["answer", "applies", "parses", "same code", "lint", "tests", "confidence"]
"""The ladder, from below."""
Progress = Callable[[str], None]
"""Hears in a few words what is being done."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the ladder says of a draft."""

    passed: bool
    step: Step = "tests"
    """The highest step that was tried."""
    why: str = ""
    """What failed, for the model and the user."""
    checked: tuple[Step, ...] = ()
    """The steps that passed."""
    blocked: bool = False
    """That check could not be made, whatever the draft: another one would fare no better."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer and what came of it."""

    model: str
    hosted: bool
    verdict: Verdict
    seconds: float = 0.0
    """The model's and the checks' together."""
    tokens: int = 0
    """That were generated; 0 where nobody told."""
    decode_ms: float = 0.0
    """What that took the engine; 0 where nobody told."""
    cost: Decimal | None = None
    """In US dollars; None of a local model, and where nobody knows."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an action comes to: a draft that passed, or why there is none."""

    draft: Draft = field(default_factory=Draft)
    before: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """The draft's files as the model had them, by path; None is one that was not there."""
    attempts: tuple[Attempt, ...] = ()
    reason: str = ""
    """Why nothing is changed; empty where something is."""
    decision: ActionDecision | None = None
    """About the hosted model, where that was a question."""

    @property
    def passed(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Answered:
    """What a hosted model said."""

    text: str
    draft: Draft
    tokens: int = 0
    cost: Decimal | None = None


class Model(Protocol):
    """Continues a conversation."""

    @property
    def name(self) -> str: ...

    def chat(
        self, turns: Sequence[tuple[str, str]], schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[Piece, None]: ...


class Hosted(Protocol):
    """The hosted model behind its router."""

    @property
    def name(self) -> str: ...

    async def decide(self, task: Task, attempts: Sequence[Attempt]) -> ActionDecision:
        """Return whether it is asked after these attempts, none where there is no local model."""
        ...

    async def draft(self, task: Task, tried: Sequence[Tried]) -> Answered:
        """Return its answer and what that makes of the files. Raises NearsideError."""
        ...


class Verifier(Protocol):
    """Holds a draft against the ladder, in a copy of the project."""

    async def verify(self, task: Task, draft: Draft, progress: Progress) -> Verdict: ...


async def perform(
    task: Task,
    local: Model | None,
    hosted: Hosted | None,
    verifier: Verifier,
    progress: Progress = lambda text: None,
    problem: str = "",
    closed: str = "",
) -> Result:
    """Run one action to its end. Raises Cancelled where the caller is; errors of a model are reasons.

    `problem` is why there is no local model, and `closed` why there is no hosted one, as words that follow
    `because`.
    """
    tried: list[Tried] = []
    attempts: list[Attempt] = []
    for number in range(TRIES if local else 0):
        assert local
        progress("Drafting" if not number else f"Drafting again ({number + 1} of {TRIES})")
        began = time.monotonic()
        try:
            answer, last, confidence = await _answer(local, turns(task, tried))
        except NearsideError as error:
            problem = str(error)
            break
        draft = replace(drafted(task, answer), confidence=confidence)
        verdict = await _judged(task, draft, verifier, progress)
        attempt = Attempt(local.name, False, verdict, time.monotonic() - began)
        if last.usage:
            attempt = replace(attempt, tokens=last.usage.generated_tokens, decode_ms=last.usage.decode_ms)
        attempts.append(attempt)
        if verdict.passed:
            return Result(draft, _before(task, draft), tuple(attempts))
        if verdict.blocked:
            break
        if tried and tried[-1].answer == answer:
            problem = "It gave the same answer again"
            break
        tried.append(Tried(answer, verdict.step, verdict.why))
    if hosted is None:
        why = f"A hosted model was not asked, because {closed or 'none is set'}"
        return Result(attempts=tuple(attempts), reason=_told(attempts, problem, why))
    decision = await hosted.decide(task, attempts)
    if not decision.ask:
        why = f"{hosted.name} was not asked, because {decision.because}"
        return Result(attempts=tuple(attempts), reason=_told(attempts, problem, why), decision=decision)
    progress(f"Asking {hosted.name}")
    began = time.monotonic()
    try:
        given = await hosted.draft(task, tried)
    except NearsideError as error:
        reason = _told(attempts, problem, str(error))
        return Result(attempts=tuple(attempts), reason=reason, decision=decision)
    verdict = await _judged(task, given.draft, verifier, progress)
    seconds = time.monotonic() - began
    attempts.append(Attempt(hosted.name, True, verdict, seconds, given.tokens, cost=given.cost))
    if verdict.passed:
        return Result(given.draft, _before(task, given.draft), tuple(attempts), decision=decision)
    return Result(attempts=tuple(attempts), reason=_told(attempts, problem, ""), decision=decision)


def _before(task: Task, draft: Draft) -> dict[str, str | None]:
    return {path: task.text if path == task.path else task.files.get(path) for path in draft.texts}


async def _answer(
    model: Model, conversation: Sequence[tuple[str, str]]
) -> tuple[str, Piece, float | None]:
    """Return the whole answer, of an endless one what a reader would look at, its last piece, and how sure
    the model was of its tokens."""
    text, last = "", Piece()
    logprobs: list[float] = []
    async with aclosing(model.chat(conversation)) as pieces:
        async for last in pieces:
            text += last.text
            logprobs += last.logprobs
            if len(text) > LONGEST_ANSWER:
                break
    return text, last, math.exp(sum(logprobs) / len(logprobs)) if logprobs else None


async def _judged(task: Task, draft: Draft, verifier: Verifier, progress: Progress) -> Verdict:
    if draft.reason:
        return Verdict(False, "answer", f"{draft.reason}.")
    if task.kind.checked == "nothing":
        return Verdict(True, "answer")
    progress("Checking")
    return await verifier.verify(task, draft, progress)


def _told(attempts: Sequence[Attempt], problem: str, hosted: str) -> str:
    """Say in one line why nothing is changed."""
    local = [one for one in attempts if not one.hosted]
    said = []
    if local:
        last = local[-1].verdict
        times = "once" if len(local) == 1 else f"{len(local)} times"
        failed = f"the last draft failed at {last.step}: {_line(last.why)}"
        said.append(f"{local[-1].model} tried {times}, and {failed}")
    said.append(problem)
    if asked := [one for one in attempts if one.hosted]:
        last = asked[-1].verdict
        said.append(f"{asked[-1].model} failed at {last.step}: {_line(last.why)}")
    said.append(hosted)
    return "Nothing was changed. " + " ".join(f"{text.rstrip('.')}." for text in said if text)


def _line(text: str) -> str:
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return first if len(first) <= 160 else first[:159] + "…"
