"""`nearside mcp`: its arguments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def mcp(
    path: Annotated[Path, typer.Argument(help="The project.")] = Path("."),
) -> None:
    """Serve a project to other agents over standard input and output, by the Model Context Protocol."""
    from nearside import mcp_server
    from nearside.workspace import workspace_of
    from settings.layers import load

    if not path.is_dir():
        print(f"Nothing was done, because {path} is not a folder; name a project's.", file=sys.stderr)
        raise typer.Exit(2)
    root = workspace_of(path)
    loaded = load(root)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    mcp_server.serve(root, loaded.settings)
