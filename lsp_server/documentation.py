"""The documentation of a name, or of what stands at a place: nearside.docs, and an entry of the menu."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types as lsp

from inference.types import NearsideError
from lsp_server import action_explain
from lsp_server.configuration import plain
from lsp_server.hover import name_at
from lsp_server.session import NearsideServer  # by name: pygls reads the types of a command's parameters

DOCS, SHOW = "nearside.docs", "nearside.showDocs"
MENU_SECONDS = 0.15
"""A menu waits so long for what is at its place; what is found later is there when it is opened again."""


async def docs(ls: NearsideServer, *arguments: object) -> dict[str, Any]:
    """Look up `{name, language}`, or what stands at `{uri, position}`.

    Returns title, markdown and where; where nothing was found `markdown` says why, and `where` is empty.
    """
    given = arguments[0] if arguments and isinstance(arguments[0], (list, tuple)) else arguments
    asked = plain(given[0]) if given else {}
    asked = {"name": asked} if isinstance(asked, str) else asked if isinstance(asked, dict) else {}
    name, language = str(asked.get("name") or ""), str(asked.get("language") or "")
    uri, position = asked.get("uri"), asked.get("position")
    if not name and isinstance(uri, str) and isinstance(position, dict):
        name, language = await name_at(ls, uri, position.get("line", 0), position.get("character", 0))
    try:
        doc = await ls.packages.documentation(name, language)
    except NearsideError as error:
        return {"title": name, "markdown": str(error), "where": ""}
    return {"title": doc.title, "markdown": doc.markdown(), "where": doc.where}


async def offered(ls: NearsideServer, uri: str, at: lsp.Position) -> list[lsp.CodeAction | lsp.Command]:
    """Return the menu's entry for the name at a place, if it is one of an installed package's."""
    name, language = await name_at(ls, uri, at.line, at.character)
    if "." not in name and "::" not in name:
        return []
    looking = ls.run_in_background(ls.packages.documentation(name, language))
    await asyncio.wait({looking}, timeout=MENU_SECONDS)
    if not looking.done():
        looking.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard of by nobody
        return []
    if looking.cancelled() or looking.exception():
        return []
    title = f"Documentation of {looking.result().title}"
    command = lsp.Command(title, SHOW, arguments=[{"name": name, "language": language}])
    document = ls.client.capabilities.text_document
    if document and document.code_action and document.code_action.code_action_literal_support:
        return [lsp.CodeAction(title, command=command)]
    return [command]


async def show(ls: NearsideServer, *arguments: object) -> None:
    """Show the documentation of what `nearside.docs` takes, as explanations are shown."""
    found = await docs(ls, *arguments)
    where = f"\n\n{found['where']}" if found["where"] else ""
    await action_explain.show(ls, found["title"] or "Documentation", found["markdown"] + where)
