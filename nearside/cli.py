"""The command line: names, options and exit statuses. What a command does stands in the module of its name.

Exit status: 0 done; 1 it could not be done, and one line on stderr says why; 2 wrong usage.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from inference.types import NearsideError
from nearside import __version__
from nearside.cost_app import cost_app
from nearside.docs_app import docs
from nearside.eval_app import evaluate
from nearside.mcp_app import mcp
from nearside.route_app import route_app
from nearside.web_app import web
from nearside.workspace import workspace_of

PROJECT = Path(".")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A coding assistant for any editor that speaks LSP, with a model on your own machine.",
)
engine_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The process that holds the model."
)
models_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The models there are.")
app.add_typer(engine_app, name="engine")
app.add_typer(models_app, name="models")
app.add_typer(cost_app, name="cost")
app.add_typer(route_app, name="route")
app.command()(docs)
app.command()(web)
app.command("eval")(evaluate)
app.command()(mcp)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not know every character there is
    try:
        app(list(arguments), prog_name="nearside")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except NearsideError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


@app.callback(invoke_without_command=True)
def top(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Reach nothing but this machine, whatever the settings say.")
    ] = False,  # __main__.py has taken it: it must hold before anything is imported
) -> None:
    if version:
        print(f"nearside {__version__}")
        raise typer.Exit


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def serve(context: typer.Context) -> None:
    """Serve an editor over standard input and output."""
    from lsp_server.server import main

    raise typer.Exit(main(context.args, version=__version__))


@app.command()
def complete(
    location: Annotated[
        str, typer.Argument(metavar="FILE:LINE:COL", help="Both count from 1, COL in characters.")
    ],
    deadline_ms: Annotated[int, typer.Option(help="Print what is ready by then.", min=1)] = 60_000,
    as_json: AsJson = False,
) -> None:
    """Suggest what comes at one place of a file."""
    from nearside import complete as command

    try:
        place = command.parse_location(location)
    except command.WrongLocation as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    workspace = workspace_of(place.path)
    loaded = _settings(workspace)
    context = command.cursor(place, loaded.completion, workspace)
    from inference.launch import engine_for
    from nearside.progress import waiting

    with waiting() as say:
        engine = engine_for(loaded.model, say)
        suggestion = asyncio.run(command.complete(engine, context, loaded.completion, deadline_ms))
    if as_json:
        print(json.dumps(command.as_json(suggestion), ensure_ascii=False))
    elif suggestion.text:
        print(command.printable(suggestion.text) if sys.stdout.isatty() else suggestion.text)
    else:
        print("The model suggests nothing here.", file=sys.stderr)


@app.command()
def act(
    kind: Annotated[str, typer.Argument(help="fix-test, implement, refactor, … (a wrong one lists them).")],
    place: Annotated[str, typer.Argument(metavar="FILE:LINES", help="As src/app.py:12 or src/app.py:12-30.")],
    instruction: Annotated[str, typer.Option(help="What to do, where the kind asks for it.")] = "",
    problem: Annotated[str, typer.Option(help="What a tool says; - reads it from standard input.")] = "",
    tests: Annotated[bool, typer.Option("--tests", help="Also run the project's tests, in a copy.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply/--diff", help="Write the result, or show it as a diff.")
    ] = False,
    budget: Annotated[float, typer.Option(help="US dollars a hosted model may cost for this.")] = -1.0,
    seconds: Annotated[float, typer.Option(help="Give up after so long; 0 is never.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Have a model change code, and check what it wrote before anything is changed."""
    from dataclasses import replace

    from nearside import act as command
    from nearside.progress import waiting

    try:
        asked = command.parse_range(place)
        workspace = workspace_of(asked.path)
        loaded = _settings(workspace)
        if tests and "tests" not in loaded.routing.actions.checks:
            actions = loaded.routing.actions
            actions = replace(actions, checks=(*actions.checks, "tests"))
            loaded = replace(loaded, routing=replace(loaded.routing, actions=actions))
        said = sys.stdin.read() if problem == "-" else problem
        with waiting() as say:
            if budget >= 0:
                loaded = command.bounded(loaded, Decimal(str(budget)))
            work = command.act(kind, asked, instruction, said, loaded, workspace, say)
            result = asyncio.run(command.within(work, seconds))
    except command.WrongUse as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    if apply and result.passed:
        command.apply(workspace, result)
    if as_json:
        print(json.dumps(command.as_json(result), ensure_ascii=False))
    elif result.passed:
        print(result.draft.explanation or command.as_diff(result), end="")
    else:
        print(result.reason, file=sys.stderr)
    raise typer.Exit(0 if result.passed else 1)


@app.command()
def demo(
    path: Annotated[Path | None, typer.Argument(help="A file or a project to type in.")] = None,
    record: Annotated[Path | None, typer.Option(help="Write what is shown as an SVG.")] = None,
) -> None:
    """Type into real files and show what is suggested, and what it cost."""
    from nearside.demo import run as show

    raise typer.Exit(show(path, record))


@engine_app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def engine_run(context: typer.Context) -> None:
    """Run an engine in the foreground; --model, --socket and --log are for the server that starts it."""
    from nearside.engine import run

    raise typer.Exit(run(context.args))


@engine_app.command("start")
def engine_start(as_json: AsJson = False) -> None:
    """Start the engine in the background, and wait until it has loaded its model."""
    from nearside import engines
    from nearside.progress import waiting

    model = _settings(workspace_of(PROJECT)).model
    with waiting() as say:
        state = asyncio.run(engines.start(model, say))
    print(engines.report([state], as_json))


@engine_app.command("stop")
def engine_stop(as_json: AsJson = False) -> None:
    """Stop every engine of yours. Editors start it again when they need it."""
    from inference.launch import stop_engine
    from nearside import engines

    stopped = asyncio.run(stop_engine())
    print(engines.report(stopped, as_json, done="stopped"))


@engine_app.command("status")
def engine_status(as_json: AsJson = False) -> None:
    """Show the engines of yours that run, and what they hold."""
    from inference.launch import engine_status as look
    from nearside import engines

    print(engines.report(asyncio.run(look()), as_json))


@models_app.command("list")
def models_list(as_json: AsJson = False) -> None:
    """List the models there are, and which are on this machine."""
    from nearside.models import listing

    print(listing(_settings(workspace_of(PROJECT)).model.completion, as_json))


@models_app.command("pull")
def models_pull(
    name: Annotated[str, typer.Argument(help="A name from the list, or hf:owner/repo/file.gguf.")],
    as_json: AsJson = False,
) -> None:
    """Fetch a model over the network, once; going on where a break left it."""
    from inference.fetch import pull
    from nearside.progress import download

    with download(name) as report:
        path = pull(name, report)
    print(json.dumps({"name": name, "path": str(path)}) if as_json else path)


@app.command()
def index(
    path: Annotated[Path, typer.Argument(help="The project.")] = PROJECT,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make it again from nothing.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only show what there is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Index a project, so that completions know it and `nearside search` finds things in it."""
    from nearside import index as command
    from nearside.progress import indexing

    root = _project(path)
    settings = _settings(root).retrieval
    if status:
        print(command.printed(command.look(root, settings), as_json))
        return
    with indexing() as report:
        done = command.build(root, settings, report, rebuild=rebuild)
    print(command.printed(done, as_json))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="A question in words, or a name.")],
    path: Annotated[Path, typer.Option(help="The project.")] = PROJECT,
    k: Annotated[int, typer.Option("-k", help="Places to show.", min=1, max=200)] = 10,
    as_json: AsJson = False,
) -> None:
    """Find the places of a project that a question or a name is about."""
    from nearside import search as command
    from nearside.progress import indexing

    if not query.strip():
        print("Nothing was searched, because the query is empty; say what you look for.", file=sys.stderr)
        raise typer.Exit(2)
    root = _project(path)
    with indexing() as report:
        found = command.find(
            root, _settings(root).retrieval, query, k, report, lambda line: print(line, file=sys.stderr)
        )
    if found or as_json:
        print(command.printed(found, as_json))
    else:
        print("Nothing was found.", file=sys.stderr)


@app.command()
def sent(
    days: Annotated[float, typer.Option(help="How far back; 0 is all of it.", min=0)] = 7,
    as_json: AsJson = False,
) -> None:
    """Show what was sent to hosted models, what was replaced in it, and what was kept here."""
    from nearside.sent import show

    show(days, as_json)


@app.command("settings")
def show_settings(
    path: Annotated[Path, typer.Argument(help="The project.")] = PROJECT, as_json: AsJson = False
) -> None:
    """Show every setting, where it comes from, and what is wrong with them."""
    from nearside.show_settings import report

    print(report(path, as_json))


@app.command()
def trust(
    path: Annotated[Path, typer.Argument(help="The project.")] = PROJECT,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the consent back.")] = False,
) -> None:
    """Consent to what a project's own settings loosen, until they change."""
    from nearside.consent import give, take_back

    print(take_back(path) if revoke else give(path))


def _project(path: Path) -> Path:
    """Return the project a path names or lies in. Raises NearsideError for what is not there."""
    if not path.exists():
        raise NearsideError(f"Nothing was done, because {path} does not exist; name a project's folder.")
    return workspace_of(path)


def _settings(workspace: Path):
    """Load the settings of a workspace and say on stderr what is wrong with them."""
    from settings.layers import load

    loaded = load(workspace)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    return loaded.settings
