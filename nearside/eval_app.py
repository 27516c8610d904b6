"""`nearside eval`: its name and options. What it does stands in nearside/eval.py and nearside/evaluation/."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

PLANNING = (
    *("runs", "model", "base_url", "served_model", "api_key_env", "tasks", "kinds", "tasks_from"),
    *("raw", "cloud"),
)
"""Options that a cut evaluation has settled."""


def _named(about: str):
    return typer.Option(metavar="NAME,...", help=about)


def evaluate(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="With --compare: saved evaluations.")
    ] = None,
    runs: Annotated[int, typer.Option(help="How often each task is run.", min=1, max=100)] = 3,
    model: Annotated[str, typer.Option(help="A model: auto, a path or hf:owner/repo/file.gguf.")] = "",
    base_url: Annotated[str, typer.Option(help="Or a server of the OpenAI wire format.")] = "",
    served_model: Annotated[str, typer.Option(help="The server's name for the model.")] = "",
    api_key_env: Annotated[str, typer.Option(help="Environment variable with the server's key.")] = "",
    tasks: Annotated[str, _named("Only these tasks.")] = "",
    kinds: Annotated[str, _named("Only these kinds of task.")] = "",
    tasks_from: Annotated[Path | None, typer.Option(metavar="DIR", help="Tasks of your own.")] = None,
    raw: Annotated[bool, typer.Option(help="Also ask once without the loop.")] = True,
    cloud: Annotated[bool, typer.Option(help="Escalate to the hosted model of your settings.")] = False,
    budget: Annotated[str, typer.Option(metavar="USD", help="The most that hosted models may cost.")] = "",
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so long; --continue goes on.", min=0.0)
    ] = None,
    go_on: Annotated[bool, typer.Option("--continue", help="Go on with the newest that was cut.")] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Print saved ones side by side.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Also save it there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge a model by small real tasks: by what it does in the loop, and by one raw answer beside it."""
    from nearside import eval as command
    from nearside.evaluation import record
    from nearside.evaluation.run import Limits
    from settings.layers import load

    try:
        _check(context, files or [], compare, go_on)
        command.writable(out)
        limits = Limits(command.money(budget), None if minutes is None else minutes * 60)
        if compare:
            command.printed([record.read(file) for file in files or []], as_json)
            return
        loaded = load(None)
        for note in loaded.notes:
            print(note, file=sys.stderr)
        if go_on:
            evaluation, wanted, settings = command.continued(loaded.settings)
        else:
            options = command.Options(
                model, base_url, served_model, api_key_env, _names(tasks), _names(kinds), tasks_from, runs,
                raw, cloud, bool(budget),
            )  # fmt: skip
            evaluation, wanted, settings = command.planned(options, loaded.settings)
    except command.WrongOption as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    try:
        command.perform(evaluation, wanted, settings, limits)
    finally:
        if evaluation.seen:
            command.printed([evaluation], as_json)
            print(f"Saved as {evaluation.file}", file=sys.stderr)
            if out:
                record.save(evaluation, out)
    if not evaluation.complete:
        done = f"{len(evaluation.seen)} of {evaluation.expected} runs are done"
        todo = "`nearside eval --continue` goes on" if evaluation.seen else "run it again, or allow more time"
        print(f"The evaluation was cut, and {done}; {todo}.", file=sys.stderr)
        raise typer.Exit(1)


def _check(context: typer.Context, files: list[Path], compare: bool, go_on: bool) -> None:
    """Refuse options that contradict each other."""
    from nearside.eval import WrongOption

    if compare and not files:
        raise WrongOption("Nothing was compared, because no file was named; write --compare FILE FILE.")
    if files and not compare:
        raise WrongOption(f"Nothing was evaluated, because {files[0]} is no option; did you mean --compare?")
    sources = {name: context.get_parameter_source(name) for name in PLANNING}
    given = [name for name, source in sources.items() if source and source.name == "COMMANDLINE"]
    if given and (go_on or compare):
        other = "--continue" if go_on else "--compare"
        option = f"--{given[0].replace('_', '-')}"
        raise WrongOption(f"Nothing was done, because {option} cannot be given with {other}; leave one out.")


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in text.split(","))))
