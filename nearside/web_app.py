"""`nearside web`: its arguments."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def web(
    query: Annotated[str, typer.Argument(help="What to look for; with --fetch, an address.")] = "",
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch one page, as Markdown.")] = False,
    limit: Annotated[int, typer.Option(help="Results at most.", min=1, max=20)] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search the web with the engines named in web.search, or fetch a page if web.fetch allows it."""
    from actions.web import noted
    from inference.ledger import Ledger
    from nearside import web as command
    from nearside.workspace import workspace_of
    from settings import paths
    from settings.layers import load

    if not query.strip():
        what = "fetched, because there is no address" if fetch else "searched, because the query is empty"
        print(f"Nothing was {what}; say what you look for.", file=sys.stderr)
        raise typer.Exit(2)
    root = workspace_of(Path("."))
    loaded = load(root)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    settings = loaded.settings.web
    ledger = None
    if loaded.settings.ledger.enabled:
        ledger = Ledger(paths.ledger_file(), lambda line: print(line, file=sys.stderr))
    try:
        if fetch:
            page = asyncio.run(command.fetch(query.strip(), settings, noted(ledger, root)))
            print(json.dumps(page.as_json(), indent=1, ensure_ascii=False) if as_json else page.text)
            print(f"{page.title} <{page.url}>, fetched {page.fetched}", file=sys.stderr)
            return
        found = asyncio.run(command.search(query, settings, limit, noted(ledger, root)))
    finally:
        if ledger:
            ledger.close()
    print(command.summary(found), file=sys.stderr)
    if found.results or as_json:
        print(command.printed(found, as_json))
