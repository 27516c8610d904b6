"""`nearside docs`: its arguments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def docs(
    name: Annotated[
        str, typer.Argument(help="As json.dumps, react.useState, net/http.Get or printf(3).")
    ] = "",
    language: Annotated[str, typer.Option(help="The language it is of, as python.")] = "",
    project: Annotated[Path, typer.Option(help="The project whose packages count.")] = Path("."),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    learn: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Show the documentation of a name, from what is installed on this machine."""
    from nearside import docs as command
    from nearside.workspace import workspace_of
    from settings.layers import load

    if not project.is_dir():
        print(f"Nothing was looked up, because {project} is not a folder; name a project's.", file=sys.stderr)
        raise typer.Exit(2)
    if learn:  # for the server: what its index does not hold yet is read in this process
        command.learn(project, learn, sys.stdin.read())
        return
    root = workspace_of(project)
    loaded = load(root)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    print(command.printed(command.look(root, loaded.settings.docs, name, language), as_json))
