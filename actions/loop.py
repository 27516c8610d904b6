"""The loop that is worth more than the model: draft, verify, tell the model what failed, and try again.

A few tries of the local model, then, where the router allows it, one of a hosted model, which is told what
was tried. What passes no check changes nothing. Everything the loop touches is behind a port.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, Protocol

from actions.draft import Draft, Task, Tried, drafted, turns
from inference.types import NearsideError

TRIES = 3
"""Of the local model: what does not help at the third does not help at the fourth."""
LONGEST_ANSWER = 60_000
"""Characters after which an answer is endless."""

Step = Literal["answer", "applies", "parses", "lint", "tests", "same code"]
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


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer and what came of it."""

    model: str
    hosted: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """What an action comes to: a draft that passed, or why there is none."""

    draft: Draft = field(default_factory=Draft)
    attempts: tuple[Attempt, ...] = ()
    reason: str = ""
    """Why nothing is changed; empty where something is."""

    @property
    def passed(self) -> bool:
        return not self.reason


class Model(Protocol):
    """Continues a conversation."""

    @property
    def name(self) -> str: ...

    def chat(self, turns: Sequence[tuple[str, str]]) -> AsyncGenerator[str, None]: ...


class Hosted(Protocol):
    """The hosted model behind its router."""

    @property
    def name(self) -> str: ...

    def why_not(self, task: Task, attempts: Sequence[Attempt]) -> str:
        """Return why it is not asked after these attempts, as words that follow `because`; empty if it is."""
        ...

    async def draft(self, task: Task, tried: Sequence[Tried]) -> tuple[str, Draft]:
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
) -> Result:
    """Run one action to its end. Raises Cancelled where the caller is; errors of a model are reasons."""
    tried: list[Tried] = []
    attempts: list[Attempt] = []
    problem = ""
    for number in range(TRIES if local else 0):
        assert local
        progress("Drafting" if not number else f"Drafting again ({number + 1} of {TRIES})")
        try:
            answer = await _answer(local, turns(task, tried))
        except NearsideError as error:
            problem = str(error)
            break
        draft = drafted(task, answer)
        verdict = await _judged(task, draft, verifier, progress)
        attempts.append(Attempt(local.name, False, verdict))
        if verdict.passed:
            return Result(draft, tuple(attempts))
        if tried and tried[-1].answer == answer:
            problem = "It gave the same answer again"
            break
        tried.append(Tried(answer, verdict.step, verdict.why))
    why = hosted.why_not(task, attempts) if hosted else "no hosted model is set"
    if hosted and not why:
        progress(f"Asking {hosted.name}")
        try:
            _, draft = await hosted.draft(task, tried)
        except NearsideError as error:
            return Result(attempts=tuple(attempts), reason=_told(attempts, problem, str(error)))
        verdict = await _judged(task, draft, verifier, progress)
        attempts.append(Attempt(hosted.name, True, verdict))
        if verdict.passed:
            return Result(draft, tuple(attempts))
    closed = f"A hosted model was not asked, because {why}" if why else ""
    return Result(attempts=tuple(attempts), reason=_told(attempts, problem, closed))


async def _answer(model: Model, conversation: Sequence[tuple[str, str]]) -> str:
    """Return the whole answer; of an endless one what a reader would look at."""
    text = ""
    async with aclosing(model.chat(conversation)) as parts:
        async for part in parts:
            text += part
            if len(text) > LONGEST_ANSWER:
                break
    return text


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
    else:
        said.append(hosted)
    return "Nothing was changed. " + " ".join(f"{text.rstrip('.')}." for text in said if text)


def _line(text: str) -> str:
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return first if len(first) <= 160 else first[:159] + "…"
