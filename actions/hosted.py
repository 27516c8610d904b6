"""A hosted model's part in an action: asked once, after the local tries, for edits of files it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Protocol

from actions.blocks import apply, parse
from actions.draft import ABOUT, EXPLAIN, LONGEST_PROBLEM, Draft, Task, Tried, explained, path_of_tests
from actions.fence import without_thoughts
from actions.loop import LONGEST_ANSWER, Answered, Attempt
from actions.musing import without_musing
from inference.cloud.types import Delta
from inference.outbound.request import OutboundTask, Part
from inference.routing.action import ActionDecision, Failed, decide
from inference.spending import Left
from inference.types import NearsideError
from settings.schema import Routing
from syntax.languages import language_of

MOST_TOKENS = 8000
SYSTEM = """\
You change source code. You get files of a project and a task. Answer with edits, each in this form:

path/of/the/file.py
<<<<<<< SEARCH
lines exactly as they stand in the file
=======
the lines that take their place
>>>>>>> REPLACE

Search for whole lines, as few as make the place unique, with their indentation. Edit only files you were
shown; a new file has an empty search. Say nothing else, or at most a sentence before the first edit. Change
only what the task asks for, and write no explanation into the code. A word like <API_KEY_1> stands for a
value that you are not shown; write it as it is."""


class Answers(Protocol):
    """inference.cloud.escalate.Hosted, as far as it is used here."""

    @property
    def model(self) -> str: ...

    def why_not(self, path: str) -> str: ...

    def left(self) -> Left: ...

    def answer(
        self, task: OutboundTask, *, max_tokens: int, deadline: float = 0.0, suggestion: str = ""
    ) -> AsyncGenerator[Delta, None]: ...


class HostedDrafts:
    """Implements loop.Hosted for one action."""

    def __init__(self, hosted: Answers, routing: Routing, project: str, action: str = "") -> None:
        """`project` is its path, and `action` the action's id, both as the ledger has them."""
        self._hosted = hosted
        self._routing = routing
        self._project = project
        self._action = action

    @property
    def name(self) -> str:
        return self._hosted.model

    async def decide(self, task: Task, attempts: Sequence[Attempt]) -> ActionDecision:
        """Return whether it is asked after these attempts, by what may leave, is left and failed."""
        failed = [Failed(one.verdict.step, one.verdict.blocked) for one in attempts]
        why, left = await asyncio.gather(asyncio.to_thread(self._hosted.why_not, task.path), self._left())
        return decide(self._routing, failed, left=left, closed=f"{task.path} {why}" if why else "")

    async def draft(self, task: Task, tried: Sequence[Tried]) -> Answered:
        """Return its answer and what that makes of the files. Raises NearsideError."""
        answer, tokens, cost = "", 0, None
        asked = outbound(task, tried, self._project)
        stream = self._hosted.answer(asked, max_tokens=MOST_TOKENS, suggestion=self._action)
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                answer += delta.text
                if delta.finish:
                    tokens, cost = (delta.tokens.output if delta.tokens else 0), delta.cost
                if len(answer) > LONGEST_ANSWER:
                    break
        return Answered(answer, drafted(task, answer), tokens, cost)

    async def _left(self) -> Decimal | None:
        """Return the US dollars that are left; None where nobody knows."""
        try:
            return (await asyncio.to_thread(self._hosted.left)).least
        except NearsideError:
            return None


def outbound(task: Task, tried: Sequence[Tried], project: str) -> OutboundTask:
    """Return what is asked. What changes least stands first, for the provider's prompt cache."""
    parts = [
        Part("snippet", f"Code of {one.path}:\n{one.text.rstrip()}\n\n", one.path, stable=True)
        for one in task.context
    ]
    files = {**task.files, task.path: task.text}
    parts += [
        Part("buffer", f"The file {path}:\n{text}\n\n", path, stable=True) for path, text in files.items()
    ]
    about = [ABOUT[task.kind.name], task.instruction.strip()]
    if task.kind.name == "write-tests":
        path = task.tests_path or path_of_tests(task.path, task.language)
        about.append(f"Write them into {path}, for {task.framework or 'tests'}.")
    place = f"the {task.target.kind} {task.target.name}" if task.target.name else "these lines"
    about.append(f"The part meant is {place} of {task.path}:\n{task.target.text}")
    parts.append(Part("message", "\n".join(filter(None, about)) + "\n", task.path))
    if task.problem:
        parts.append(Part("tool", f"What a tool says:\n{task.problem[-LONGEST_PROBLEM:]}\n", task.path))
    for one in tried:
        failed = f"A smaller model tried this, and it failed ({one.check}): {one.why}"
        said = f"{failed}\n{without_thoughts(one.answer)}\n"
        parts.append(Part("tool", said, task.path))
    system = EXPLAIN if task.kind.name == "explain" else SYSTEM
    return OutboundTask(project, task.kind.name, system, tuple(parts))


def drafted(task: Task, answer: str) -> Draft:
    """Return what an answer makes of the project's files."""
    if task.kind.name == "explain":
        return explained(answer)
    parsed = parse(answer)
    if parsed.reason:
        return Draft(reason=parsed.reason)
    before = {**task.files, task.path: task.text}
    applied = apply(parsed.replacements, before)
    if applied.reason:
        return Draft(reason=applied.reason)
    texts = {
        path: without_musing(text, before.get(path, ""), language_of(path))
        for path, text in applied.texts.items()
    }
    texts = {path: text for path, text in texts.items() if text != before.get(path)}
    return Draft(texts) if texts else Draft(reason="the model changed nothing")
