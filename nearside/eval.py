"""`nearside eval`: what is to be evaluated, from options or a saved file; and what is printed of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from inference.cloud.reach import closed
from inference.types import NearsideError
from nearside.evaluation import record, table, tasks
from nearside.evaluation.record import Evaluation, Plan
from nearside.evaluation.run import Limits, evaluate
from nearside.evaluation.tasks import EvalTask
from nearside.progress import waiting
from nearside.tables import show
from settings.schema import Endpoint, Settings


class WrongOption(Exception):
    """The options make no sense together. The text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    model: str = ""
    base_url: str = ""
    served_model: str = ""
    api_key_env: str = ""
    tasks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tasks_from: Path | None = None
    runs: int = 3
    raw: bool = True
    cloud: bool = False
    budget: bool = False
    """Whether one was given."""


def planned(options: Options, settings: Settings) -> tuple[Evaluation, list[EvalTask], Settings]:
    """Return a new evaluation, its tasks, and the settings to run it with.

    Raises WrongOption, and NearsideError for tasks that cannot be read.
    """
    if options.model and options.base_url:
        raise WrongOption("Nothing was evaluated, because --model and --base-url name two; give one of them.")
    if (options.served_model or options.api_key_env) and not options.base_url:
        raise WrongOption(
            "Nothing was evaluated, because --served-model and --api-key-env are about a server; give "
            "--base-url."
        )
    if options.base_url and not options.served_model:
        raise WrongOption(
            "Nothing was evaluated, because a server may have several models; name one with --served-model."
        )
    if options.budget and not options.cloud:
        raise WrongOption(
            "Nothing was evaluated, because --budget is for hosted models; give --cloud with it."
        )
    completion: str | Endpoint = settings.model.for_chat.completion
    if options.model:
        completion = options.model
    elif options.base_url:
        completion = Endpoint(options.base_url, options.served_model, options.api_key_env)
    settings = _asked(settings, completion)
    if options.cloud and (why := closed(settings)):
        raise NearsideError(f"Nothing was evaluated, because {why}; set it, or leave --cloud out.")
    folder = options.tasks_from.resolve() if options.tasks_from else tasks.OURS
    wanted = tasks.chosen(tasks.load_all(folder), options.tasks, options.kinds)
    ready = [task for task in wanted if not task.missing]
    if not ready:
        raise NearsideError(f"Nothing was evaluated, because {wanted[0].missing}; install it.")
    plan = Plan(
        completion if isinstance(completion, str) else asdict(completion),
        tuple(task.name for task in ready),
        options.runs, options.raw, options.cloud, str(folder) if options.tasks_from else "",
    )  # fmt: skip
    name = completion if isinstance(completion, str) else completion.model
    evaluation = record.new(plan, name)
    evaluation.left_out = {task.name: task.missing for task in wanted if task.missing}
    return evaluation, ready, settings


def continued(settings: Settings) -> tuple[Evaluation, list[EvalTask], Settings]:
    """Return the newest evaluation that was cut, its tasks and settings. Raises NearsideError."""
    evaluation = record.unfinished()
    plan = evaluation.plan
    named = {task.name: task for task in tasks.load_all(Path(plan.tasks_from or tasks.OURS))}
    wanted = tasks.chosen(list(named.values()), plan.tasks, ())
    if lacking := next((task for task in wanted if task.missing), None):
        raise NearsideError(f"Nothing was continued, because {lacking.missing}; install it again.")
    completion = plan.completion
    settings = _asked(settings, completion if isinstance(completion, str) else Endpoint(**completion))
    return evaluation, wanted, settings


def money(text: str) -> Decimal | None:
    """Return an amount as an option gives it; None for none. Raises WrongOption."""
    if not text:
        return None
    try:
        amount = Decimal(text)
        if not amount.is_finite() or amount < 0:
            raise InvalidOperation
    except InvalidOperation:
        raise WrongOption(
            f"Nothing was evaluated, because --budget {text!r} is no amount of US dollars; write it as 0.50."
        ) from None
    return amount


def writable(out: Path | None) -> None:
    """Raise WrongOption where nothing can be saved to a file, before hours have gone into what is to be."""
    if out and (out.is_dir() or not out.resolve().parent.is_dir()):
        why = "is a folder" if out.is_dir() else "lies in a folder that is not there"
        raise WrongOption(f"Nothing was evaluated, because {out} {why}; name another file.")


def perform(evaluation: Evaluation, wanted: Sequence[EvalTask], settings: Settings, limits: Limits) -> None:
    """Run an evaluation until it is done, cut or stopped by the keyboard.

    Raises NearsideError where it cannot go on; what it has seen by then is in it.
    """
    for name, why in evaluation.left_out.items():
        print(f"{name} is left out, because {why}.", file=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt), waiting() as say:
        asyncio.run(evaluate(evaluation, wanted, settings, limits, say))


def printed(evaluations: Sequence[Evaluation], as_json: bool) -> None:
    """Print evaluations as tables, or what is saved of them as JSON: a list where there are several."""
    if as_json:
        saved = [record.as_json(one) for one in evaluations]
        print(json.dumps(saved[0] if len(saved) == 1 else saved, ensure_ascii=False))
    else:
        show(table.of(evaluations))


def _asked(settings: Settings, completion: str | Endpoint) -> Settings:
    return replace(settings, model=replace(settings.model, chat=completion))
