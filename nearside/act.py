"""`nearside act KIND FILE:LINES`: one action of the editor's, from a terminal or a script."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from actions.act import Asked, Means
from actions.act import act as perform
from actions.around import Look, text_of
from actions.kinds import KINDS
from actions.loop import Progress, Result
from inference.cloud.escalate import Hosted
from inference.cloud.reach import closed
from inference.launch import engine_for
from inference.ledger import Ledger
from inference.outbound.rules import Rules
from inference.spending import Purse
from inference.types import NearsideError
from nearside.complete import read_lines
from retrieval.client import start
from retrieval.walk import is_ignored
from settings import paths
from settings.paths import is_no_project
from settings.schema import Retrieval, Settings
from tools.toolbox import Tool

READY_SECONDS = 20.0
"""Until an index that is not up to date is done without; a model takes as long for one draft."""


class WrongUse(Exception):
    """The arguments make no sense. The text is one line for the user."""


class NotDone(NearsideError):
    """The files could not be written, or are not what they were."""


@dataclass(frozen=True)
class Range:
    """Lines of a file, counted from 0, both part of it."""

    path: Path
    first: int
    last: int


def parse_range(text: str) -> Range:
    """Read FILE:LINE or FILE:FIRST-LAST, lines counted from 1. Raises WrongUse."""
    match = re.fullmatch(r"(.+):([0-9]{1,9})(?:-([0-9]{1,9}))?", text, re.DOTALL)
    first, last = (int(match[2]), int(match[3] or match[2])) if match else (0, 0)
    if not match or not 1 <= first <= last:
        raise WrongUse(
            f"Nothing was done, because {text!r} is no FILE:LINE or FILE:FIRST-LAST; "
            "write it as src/app.py:12 or src/app.py:12-30."
        )
    return Range(Path(match[1]), first - 1, last - 1)


async def act(
    kind: str, asked: Range, instruction: str, problem: str, settings: Settings, root: Path, say: Progress
) -> Result:
    """Return what an action comes to. Raises WrongUse and NearsideError."""
    if kind not in KINDS:
        raise WrongUse(f"Nothing was done, because there is no {kind!r}; there are {', '.join(KINDS)}.")
    if KINDS[kind].instruction and not instruction.strip():
        raise WrongUse(f"Nothing was done, because {kind} needs --instruction. {KINDS[kind].instruction}")
    read_lines(asked.path)  # says what is wrong with a file that cannot be one of source
    text = text_of(asked.path)
    if text is None:
        raise NotDone(f"Nothing was done, because {asked.path} is not UTF-8; convert it first.")
    path = asked.path.resolve()
    if not path.is_relative_to(root):
        raise NotDone(f"Nothing was done, because {asked.path} lies outside of {root}; name a file inside.")
    inside = path.relative_to(root).as_posix()
    why = closed(settings)
    hosted = None if why else Hosted(settings, Rules(root, ignored=partial(is_ignored, root)))
    engine = engine_for(settings.model.for_chat, say)
    ledger = Ledger(paths.ledger_file(), say) if settings.ledger.enabled else None
    try:
        async with index(root, settings.retrieval) as look, tools(root, settings, kind, say) as more:
            means = Means(root, settings, engine, hosted, why, look=look, ledger=ledger, tools=more)
            what = Asked(KINDS[kind], inside, text, asked.first, asked.last, instruction, problem)
            return await perform(what, means, say)
    finally:
        await engine.close()
        if hosted:
            await hosted.close()
        if ledger:
            ledger.close()


async def within(work: Awaitable[Result], seconds: float) -> Result:
    """Return the result, or give up after so many seconds, 0 being never. Raises NotDone."""
    try:
        return await asyncio.wait_for(work, seconds or None)
    except TimeoutError:
        raise NotDone(f"Nothing was changed, because it was not done in {seconds:g} s; allow more.") from None


@asynccontextmanager
async def index(root: Path, settings: Retrieval) -> AsyncIterator[Look | None]:
    """Yield the way to a project's index, which is brought up to date first as far as that is quick."""
    if not settings.enabled or is_no_project(root):
        yield None
        return
    ready = asyncio.Event()
    try:
        client = await start(
            root, settings, lambda method, _: ready.set() if method == "ready" else None
        )
    except NearsideError:
        yield None
        return
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(ready.wait(), READY_SECONDS)
        yield client.request
    finally:
        await client.close()


@asynccontextmanager
async def tools(root: Path, settings: Settings, kind: str, say: Progress) -> AsyncIterator[list[Tool]]:
    """Yield the tools of the user's servers that an action of this kind may call; they end with it."""
    if not settings.mcp.servers or KINDS[kind].checked == "same code":
        yield []
        return
    from nearside.mcp_servers import consented
    from tools.mcp_client import servers

    async with servers(settings.mcp, root, consented(root)) as ours:
        standing = await ours.standing()
        for one in standing:
            if one.problem:
                say(one.problem)
        yield [each for one in standing for each in one.tools]


def bounded(settings: Settings, budget: Decimal) -> Settings:
    """Return settings by which at most `budget` more US dollars are spent today. Raises LedgerUnusable."""
    routing = settings.routing
    spent = routing.daily_budget - Purse.of(paths.ledger_file(), routing, settings.cost.prices).left().day
    daily = min(routing.daily_budget, spent + budget)
    return replace(settings, routing=replace(routing, daily_budget=daily))


def apply(root: Path, result: Result) -> None:
    """Write a result's files, unless one is no longer what it was. Raises NotDone."""
    for path in result.draft.texts:
        if text_of(root / path) != result.before[path]:
            raise NotDone(f"Nothing was written, because {path} changed meanwhile; run it again.")
    for path, text in result.draft.texts.items():
        file = root / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise NotDone(f"{path} was not written, because it cannot be ({reason}).") from error


def as_diff(result: Result) -> str:
    """Return the change as a unified diff that `patch -p1` and `git apply` take."""
    parts = []
    for path, text in sorted(result.draft.texts.items()):
        old = result.before[path]
        lines = difflib.unified_diff(
            (old or "").splitlines(keepends=True),
            text.splitlines(keepends=True),
            "/dev/null" if old is None else f"a/{path}",
            f"b/{path}",
        )
        for line in lines:
            parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(parts)


def as_json(result: Result) -> dict[str, Any]:
    return {
        "passed": result.passed,
        "reason": result.reason,
        "diff": as_diff(result),
        "explanation": result.draft.explanation,
        "attempts": [
            {
                "model": one.model,
                "hosted": one.hosted,
                "passed": one.verdict.passed,
                "step": one.verdict.step,
                "checked": list(one.verdict.checked),
                "why": one.verdict.why,
                "seconds": round(one.seconds, 3),
                "generated_tokens": one.tokens,
                "cost": None if one.cost is None else str(one.cost),
            }
            for one in result.attempts
        ],
        "hosted": result.decision.because if result.decision else "",
    }
