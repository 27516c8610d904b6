"""One action from where it is asked for to its result: the part it is about, what it may use, the loop.

An editor's session and a terminal both come here; neither the tree nor the editor's texts are changed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from actions.draft import Task
from actions.hosted import HostedDrafts
from actions.kinds import Kind
from actions.ladder import Ladder
from actions.loop import Progress, Result, perform
from actions.target import target
from inference.cloud.escalate import Hosted
from inference.types import ChatEngine, ChatRequest
from settings.schema import Endpoint, Settings
from syntax.languages import language_of

MOST_TOKENS = 4096
"""Of one answer: 150 lines, and what a model thinks before them."""


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
    unsaved: Mapping[str, str | None] = field(default_factory=dict)
    """Texts of other files as the editor has them, by path; None is one that is gone."""


class LocalModel:
    """The model on this machine, or the server that the settings name."""

    def __init__(self, engine: ChatEngine, name: str) -> None:
        self._engine = engine
        self.name = name

    async def chat(self, turns: Sequence[tuple[str, str]]) -> AsyncGenerator[str, None]:
        request = ChatRequest(tuple(turns), max_tokens=MOST_TOKENS)
        async with aclosing(self._engine.chat(request)) as pieces:
            async for piece in pieces:
                yield piece.text


async def act(asked: Asked, means: Means, progress: Progress) -> Result:
    """Return what an action comes to. Raises NearsideError where it cannot even begin."""
    settings, language = means.settings, language_of(asked.path)
    part = target(asked.text, language, asked.first, asked.last)
    task = Task(asked.kind, asked.path, language, asked.text, part, asked.instruction, asked.problem)
    actions = settings.routing.actions
    ladder = Ladder(means.root, means.unsaved, actions.checks, actions.tests)
    local = None
    if means.engine and not (means.hosted and actions.escalate == "always"):
        local = LocalModel(means.engine, await _name(means.engine, settings))
    drafts = HostedDrafts(means.hosted, actions, str(means.root), {}) if means.hosted else None
    return await perform(task, local, drafts, ladder, progress)


async def _name(engine: ChatEngine, settings: Settings) -> str:
    """Return the model's name; of a server that may only chat without asking what else it can do."""
    model = settings.model.completion
    if isinstance(model, Endpoint):
        return model.model or model.base_url
    return (await engine.info()).model
