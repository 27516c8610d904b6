"""One action from where it is asked for to its result: the part it is about, what it may use, the loop.

An editor's session and a terminal both come here; neither the tree nor the editor's texts are changed.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from actions.around import Around, Look, Project, around
from actions.consult import consulted, room_for
from actions.draft import Task, path_of_tests
from actions.hosted import HostedDrafts
from actions.kinds import Kind
from actions.ladder import Ladder, TestsPass
from actions.loop import Progress, Result, perform
from actions.suspect import suspected
from actions.target import target
from actions.web import noted, web_tools
from inference.cloud.escalate import Hosted
from inference.ledger import Ledger
from inference.ledger_rows import ActionEntry, AttemptEntry
from inference.routing.action import hosted_first
from inference.types import ChatEngine, ChatRequest, NearsideError, Piece, Usage
from settings.schema import Endpoint, Settings
from syntax.languages import language_of
from tools.documentation.library import Library
from tools.project import ProjectTools
from tools.suites import find
from tools.toolbox import Tool, tool

MOST_TOKENS = 4096
"""Of one answer: 150 lines, and what a model thinks before them."""
LOOKUP_TOKENS = 512
"""Of an answer that keeps to a schema: one call of a tool."""
SERVER_CONTEXT = 8192
"""Tokens that a server of others takes at least; the setting is about our own engine."""
FRAMEWORKS = {
    "pytest": "pytest", "unittest": "unittest", "vitest": "vitest", "jest": "jest", "node": "node:test",
    "go": "Go's testing package", "cargo": "Rust's own tests",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done, and where."""

    kind: Kind
    path: str
    """Of the file, relative to the project, with slashes."""
    text: str = field(repr=False)
    """The file as it is, in the editor if it is open there."""
    first: int
    last: int
    """Lines from 0, both part of it."""
    instruction: str = ""
    """The user's words."""
    problem: str = ""
    """What a tool says: a diagnostic, or the output of the tests that fail."""


@dataclass(frozen=True, slots=True)
class Means:
    """What an action may use."""

    root: Path
    settings: Settings
    engine: ChatEngine | None
    """None where only the hosted model may be asked."""
    hosted: Hosted | None = None
    """None where nothing may be sent."""
    closed: str = ""
    """Why nothing may be sent, as words that follow `because`."""
    unsaved: Mapping[str, str | None] = field(default_factory=dict)
    """Texts of other files as the editor has them, by path; None is one that is gone."""
    look: Look | None = None
    """Asks the project's index, where there is one."""
    tools: Sequence[Tool] = ()
    """What the local model may call besides the project's own tools."""
    ledger: Ledger | None = None
    """Where it is noted what was tried; None where nothing is."""


class LocalModel:
    """The model on this machine, or the server that the settings name."""

    def __init__(self, engine: ChatEngine, name: str) -> None:
        self._engine = engine
        self.name = name
        self.used = Usage()
        """What all answers together cost the engine."""

    async def chat(
        self, turns: Sequence[tuple[str, str]], schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[Piece, None]:
        most = MOST_TOKENS if schema is None else LOOKUP_TOKENS
        request = ChatRequest(tuple(turns), max_tokens=most, schema=schema)
        async with aclosing(self._engine.chat(request)) as pieces:
            async for piece in pieces:
                if piece.usage:
                    self.used = _sum(self.used, piece.usage)
                yield piece


async def act(asked: Asked, means: Means, progress: Progress) -> Result:
    """Return what an action comes to. Raises NearsideError where it cannot even begin."""
    settings, id, began = means.settings, uuid.uuid4().hex, time.time()
    project = Project(means.root, means.unsaved, means.look)
    actions = settings.routing.actions
    sure_above = actions.sure_above / 100
    ladder = Ladder(means.root, means.unsaved, actions.checks, actions.tests, sure_above=sure_above)
    local, problem = await _local(means)
    result, ending = Result(), "cancelled"
    try:
        if asked.kind.where == "test":
            asked = await suspected(asked, project, ladder, progress)
        task = await _task(asked, project, settings)
        if local:
            task = await _looked_up(task, local, project, ladder, means, progress)
        hosted = HostedDrafts(means.hosted, settings.routing, str(means.root), id) if means.hosted else None
        result = await perform(task, local, hosted, ladder, progress, problem, means.closed)
        ending = "passed" if result.passed else "nothing"
        return result
    except NearsideError:
        ending = "nothing"
        raise
    finally:
        if means.ledger:
            _note(means.ledger, id, began, asked, means, result, ending, local)


async def _task(asked: Asked, project: Project, settings: Settings) -> Task:
    """Return what the models are asked."""
    language = language_of(asked.path)
    part = target(asked.text, language, asked.first, asked.last)
    setting = settings.routing.actions.tests
    found = Around()
    if asked.kind.checked != "same code":  # documentation needs the part alone
        found = await around(project, asked.path, asked.text, part, setting)
    task = Task(
        asked.kind, asked.path, language, asked.text, part, asked.instruction, asked.problem,
        context=found.context, files=found.files,
    )  # fmt: skip
    if asked.kind.name != "write-tests":
        return task
    suite = await asyncio.to_thread(find, project.root, setting, [asked.path])
    return replace(
        task,
        framework=FRAMEWORKS.get(suite.kind, ""),
        tests_path=path_of_tests(
            asked.path, language, lambda path: _taken(project, path), flat=suite.kind == "unittest"
        ),
    )


async def _looked_up(
    task: Task, local: LocalModel, project: Project, ladder: Ladder, means: Means, progress: Progress
) -> Task:
    """Return a task with what the local model looked up for it."""
    if task.kind.checked == "same code":
        return task

    async def tests() -> str:
        try:
            return await ladder.said(task.path, progress) or "There are no tests of this."
        except TestsPass:
            return "They all pass."

    own = ProjectTools(project, tests if "tests" in means.settings.routing.actions.checks else None)
    model = means.settings.model.for_chat
    served = isinstance(model.completion, Endpoint)
    room = room_for(max(model.context, SERVER_CONTEXT) if served else model.context, task)
    web = web_tools(means.settings.web, task.instruction, means.root, means.ledger)
    library = Library(means.root, means.settings.docs)
    docs = tool(library.documentation, "look_up_docs")
    tools = [*own.tools(), docs, *(web.tools() if web else ()), *means.tools]
    note = noted(means.ledger, means.root)
    try:
        found = await consulted(task, local, tools, progress, room=room, note=note)
    finally:
        await asyncio.to_thread(library.close)
    for source in web.sources if web else ():
        progress(f"Seen on the web: {source}")
    return replace(task, context=(*task.context, *found.snippets))


def _taken(project: Project, path: str) -> bool:
    return (project.root / path).exists() or project.text(path) is not None


async def _local(means: Means) -> tuple[LocalModel | None, str]:
    """Return the local model, or why it is not asked."""
    if means.engine is None or (means.hosted and hosted_first(means.settings.routing)):
        return None, ""
    wanted = means.settings.model.for_chat.completion
    if isinstance(wanted, Endpoint):  # one that may only chat is not asked what else it can do
        return LocalModel(means.engine, wanted.model or wanted.base_url), ""
    try:
        info = await means.engine.info()
    except NearsideError as error:
        if means.hosted is None:
            raise
        return None, str(error)
    if info.chats:
        return LocalModel(means.engine, info.model), ""
    return None, f"{info.model} cannot chat; name an instruction-tuned model in model.chat"


def _note(
    ledger: Ledger,
    id: str,
    began: float,
    asked: Asked,
    means: Means,
    result: Result,
    ending: str,
    local: LocalModel | None,
) -> None:
    decision, project = result.decision, str(means.root)
    entry = ActionEntry(
        id, began, project, asked.kind.name, language_of(asked.path), ending,
        decision.rule if decision else "", bool(decision and decision.ask),
        decision.note if decision else "", time.time() - began,
    )  # fmt: skip
    ledger.acted(
        entry,
        [
            AttemptEntry(
                id, number, one.model, one.hosted, one.verdict.passed, one.verdict.step, one.seconds,
                one.tokens,
            )
            for number, one in enumerate(result.attempts, 1)
        ],
    )  # fmt: skip
    if local and local.used != Usage():
        ledger.worked(project, local.name, local.used)


def _sum(one: Usage, other: Usage) -> Usage:
    joules = (one.joules or 0.0) + (other.joules or 0.0)
    return Usage(
        evaluated_tokens=one.evaluated_tokens + other.evaluated_tokens,
        reused_tokens=one.reused_tokens + other.reused_tokens,
        generated_tokens=one.generated_tokens + other.generated_tokens,
        prefill_ms=one.prefill_ms + other.prefill_ms,
        decode_ms=one.decode_ms + other.decode_ms,
        joules=joules or None,
    )
