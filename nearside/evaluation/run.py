"""Running an evaluation: every task in a project of its own, in the loop and raw, judged and saved."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from actions.act import MOST_TOKENS, Means, act
from actions.draft import Task, drafted, turns
from actions.loop import LONGEST_ANSWER, Attempt, Result
from actions.target import target
from inference import calls
from inference.client import on_this_machine
from inference.cloud.escalate import Hosted
from inference.cost.prices import Tokens, UnknownPrice, price
from inference.launch import engine_for
from inference.ledger import Ledger
from inference.outbound.rules import Rules
from inference.types import ChatRequest, EngineUnavailable, ModelError, NearsideError, SettingsError
from nearside.act import bounded, index
from nearside.evaluation import record
from nearside.evaluation.judge import judged
from nearside.evaluation.meter import Count, Metered, memory
from nearside.evaluation.record import Evaluation, Seen, Try
from nearside.evaluation.tasks import EvalTask
from retrieval.walk import is_ignored
from retrieval.workspace import folder_of
from settings import paths
from settings.schema import Endpoint, Settings
from syntax.languages import language_of

CHECKS = ("parse", "lint", "tests")
"""Of the loop; the tests are those of the tasks, which are ours or the user's own."""
LONGEST_REASON = 400

Say = Callable[[str], None]


class EvaluationError(NearsideError):
    """An evaluation cannot be begun or go on; what it has seen so far is saved."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an evaluation may use up from now on."""

    budget: Decimal | None = None
    """US dollars for hosted models; the user's own budgets hold beside it."""
    seconds: float | None = None


async def evaluate(
    evaluation: Evaluation, tasks: Sequence[EvalTask], settings: Settings, limits: Limits, say: Say
) -> None:
    """Run what is left of an evaluation; `tasks` are those of its plan. It is saved after each.

    Returns early when the time is up. Raises EvaluationError where the model cannot be asked, and what
    RecordError is for; when cancelled, what was finished is saved.
    """
    engine = Metered(engine_for(settings.model.for_chat, say))
    counted = _Counted(evaluation, engine)
    end = None if limits.seconds is None else time.monotonic() + limits.seconds
    try:
        pid = await _introduced(evaluation, engine, settings)
        done = {(one.task, one.run) for one in evaluation.seen}
        left = [(task, run) for run in range(1, evaluation.plan.runs + 1) for task in tasks]
        for task, run in left:
            if (task.name, run) in done:
                continue
            number = len(evaluation.seen) + 1
            about = f"{number} of {evaluation.expected}, {task.name}, run {run}"
            remaining = None if end is None else end - time.monotonic()
            if remaining is not None and remaining <= 0:
                return
            spent = evaluation.cost or Decimal(0)
            allowed = None if limits.budget is None else limits.budget - spent
            try:
                async with asyncio.timeout(remaining):
                    seen = await _one(task, run, engine, settings, evaluation, allowed, about, say)
            except TimeoutError:
                return
            if isinstance(engine.error, EngineUnavailable | ModelError | SettingsError):
                more = " `nearside eval --continue` goes on from here." if evaluation.seen else ""
                raise EvaluationError(f"{engine.error}{more}")
            evaluation.seen.append(seen)
            counted.add()
            evaluation.memory = memory(pid) or evaluation.memory
            record.save(evaluation)
    finally:
        await engine.close()


class _Counted:
    """Adds what the engine counted since the last time to an evaluation."""

    def __init__(self, evaluation: Evaluation, engine: Metered) -> None:
        self._evaluation = evaluation
        self._count = engine.count
        self._before = replace(engine.count)

    def add(self) -> None:
        one, now, was = self._evaluation, self._count, self._before
        one.timed_tokens += now.timed_tokens - was.timed_tokens
        one.decode_ms += now.decode_ms - was.decode_ms
        if now.requests - now.untold:
            one.input_tokens = (one.input_tokens or 0) + now.input_tokens - was.input_tokens
            one.output_tokens = (one.output_tokens or 0) + now.output_tokens - was.output_tokens
        self._before = replace(now)


async def _introduced(evaluation: Evaluation, engine: Metered, settings: Settings) -> int:
    """Note what the model is; return the process that runs it, 0 where that is not on this machine."""
    completion = settings.model.for_chat.completion
    evaluation.hosted_model = settings.cloud.model if evaluation.plan.cloud else ""
    if isinstance(completion, Endpoint):  # which may chat without answering what else it can do
        evaluation.model = completion.model or completion.base_url
        return 0
    info = await engine.info()
    if not info.chats and not evaluation.plan.cloud:
        raise EvaluationError(
            f"Nothing was evaluated, because {info.model} completes code and does not chat; name a model "
            "that does with --model or --base-url, or let a hosted one take over with --cloud."
        )
    about = info.details.get("model")
    size = about.get("size_bytes") if isinstance(about, dict) else None
    evaluation.model = info.model
    evaluation.weights = size if isinstance(size, int) and size > 0 else None
    pid = info.details.get("pid")
    return pid if isinstance(pid, int) else 0


async def _one(
    task: EvalTask,
    run: int,
    engine: Metered,
    settings: Settings,
    evaluation: Evaluation,
    allowed: Decimal | None,
    about: str,
    say: Say,
) -> Seen:
    """Run one task once."""
    engine.error = None
    began, before = time.monotonic(), replace(engine.count)
    raw, raw_why = None, ""
    result, why = Result(reason="it was not done"), ""
    with _project(task) as root:
        try:
            async with asyncio.timeout(task.seconds):
                hears = partial(_said, say, about)
                result = await _in_loop(task, root, engine, settings, evaluation.plan.cloud, allowed, hears)
                why = _line(result.reason) or await judged(task, root, result.draft.texts)
        except TimeoutError:
            why = f"it was not done in {task.seconds:.0f} s"
        if evaluation.plan.raw and not engine.error:
            say(f"{about}: one raw answer")
            try:
                async with asyncio.timeout(task.seconds):
                    raw_why = await _raw(task, root, engine)
            except TimeoutError:
                raw_why = f"it was not done in {task.seconds:.0f} s"
            raw = not raw_why
        elif evaluation.plan.raw:
            raw, raw_why = False, str(engine.error)
        cost = _hosted_cost(root, evaluation.started)
    own = _own_cost(settings, before, engine)
    return Seen(
        task.name, task.kind, run, not why, why, tuple(map(_tried, result.attempts)), raw, _line(raw_why),
        round(time.monotonic() - began, 3), None if own is None or cost is None else own + cost,
    )  # fmt: skip


async def _in_loop(
    task: EvalTask,
    root: Path,
    engine: Metered,
    settings: Settings,
    cloud: bool,
    allowed: Decimal | None,
    say: Say,
) -> Result:
    """Do as an editor's session does with this task, its project and the user's settings."""
    actions = replace(settings.routing.actions, checks=CHECKS, tests=task.tests)
    settings = replace(settings, routing=replace(settings.routing, actions=actions))
    if cloud and allowed is not None:
        settings = bounded(settings, max(Decimal(0), allowed))
    hosted = Hosted(settings, Rules(root, ignored=partial(is_ignored, root))) if cloud else None
    closed = "" if cloud else "--cloud was not given"
    ledger = Ledger(paths.ledger_file(), say) if settings.ledger.enabled else None
    try:
        async with index(root, replace(settings.retrieval, uri=str(root.parent / "index"))) as look:
            means = Means(root, settings, engine, hosted, closed, look=look, ledger=ledger)
            return await act(task.asked(), means, say)
    finally:
        if hosted:
            await hosted.close()
        if ledger:
            ledger.close()


async def _raw(task: EvalTask, root: Path, engine: Metered) -> str:
    """Return why the first answer does not solve a task when nobody checks it; empty where it does."""
    asked = task.asked()
    language = language_of(asked.path)
    part = target(asked.text, language, asked.first, asked.last)
    whole = Task(asked.kind, asked.path, language, asked.text, part, asked.instruction, asked.problem)
    answer = ""
    try:
        request = ChatRequest(turns(whole), max_tokens=MOST_TOKENS)
        async with contextlib.aclosing(engine.chat(request)) as pieces:
            async for piece in pieces:
                answer += piece.text
                if len(answer) > LONGEST_ANSWER:
                    break
    except NearsideError as error:
        return str(error)
    draft = drafted(whole, answer)
    return draft.reason or await judged(task, root, draft.texts)


@contextlib.contextmanager
def _project(task: EvalTask) -> Iterator[Path]:
    """Give a copy of a task's project, in a repository where git is installed; remove it afterwards."""
    place = Path(tempfile.mkdtemp(prefix="nearside-eval-")).resolve()
    try:
        root = place / task.name
        for path, text in task.texts.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        if git := shutil.which("git"):
            with contextlib.suppress(OSError, subprocess.SubprocessError):  # the tasks need none
                subprocess.run([git, "init", "-q", str(root)], capture_output=True, timeout=10, check=False)
        yield root
    finally:
        for folder in (place, folder_of(place / task.name)):
            shutil.rmtree(folder, ignore_errors=True)


def _hosted_cost(root: Path, since: float) -> Decimal | None:
    """Return the US dollars that hosted models cost for one project, at most where no more is known."""
    if not paths.ledger_file().exists():
        return Decimal(0)
    try:
        with calls.read(paths.ledger_file(), "What an evaluation cost is unknown") as ledger:
            return sum((call.spent for call in calls.since(ledger, since, str(root))), Decimal(0))
    except NearsideError:
        return None


def _own_cost(settings: Settings, before: Count, engine: Metered) -> Decimal | None:
    """Return what the evaluated model itself cost in US dollars: nothing on this machine."""
    completion = settings.model.for_chat.completion
    if not isinstance(completion, Endpoint) or on_this_machine(completion.base_url):
        return Decimal(0)
    if engine.count.untold > before.untold:
        return None
    used = Tokens(
        engine.count.input_tokens - before.input_tokens, engine.count.output_tokens - before.output_tokens
    )
    try:
        return price(completion.model, "", used, settings.cost.prices)
    except UnknownPrice:
        return None


def _tried(attempt: Attempt) -> Try:
    verdict = attempt.verdict
    return Try(attempt.model, attempt.hosted, verdict.passed, verdict.step, _line(verdict.why))


def _said(say: Say, about: str, text: str) -> None:
    say(f"{about}: {text[:1].lower()}{text[1:]}")


def _line(text: str) -> str:
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return first if len(first) <= LONGEST_REASON else first[: LONGEST_REASON - 1] + "…"
