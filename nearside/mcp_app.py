"""`nearside mcp`: its arguments."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer


def mcp(
    path: Annotated[Path, typer.Argument(help="The project.")] = Path("."),
    list_: Annotated[
        bool, typer.Option("--list", help="Show the servers in your settings: their tools, or what is wrong.")
    ] = False,
    allow: Annotated[str, typer.Option(metavar="NAME", help="Consent to one of them in this project.")] = "",
    revoke: Annotated[str, typer.Option(metavar="NAME", help="Take that back.")] = "",
) -> None:
    """Serve a project to other agents over standard input and output, by the Model Context Protocol."""
    from nearside.workspace import workspace_of
    from settings.layers import load

    if not path.is_dir():
        print(f"Nothing was done, because {path} is not a folder; name a project's.", file=sys.stderr)
        raise typer.Exit(2)
    root = workspace_of(path)
    loaded = load(root)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    if not (list_ or allow or revoke):
        from nearside import mcp_server

        mcp_server.serve(root, loaded.settings)
        return
    from nearside import mcp_servers

    if revoke:
        print(mcp_servers.revoke(root, revoke))
    if allow:
        print(mcp_servers.allow(root, loaded.settings.mcp, allow))
    if list_:
        print("\n".join(asyncio.run(mcp_servers.listing(root, loaded.settings.mcp))))
