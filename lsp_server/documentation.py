"""nearside.docs, a command: the documentation of a name, or of what stands at a place."""

from __future__ import annotations

from typing import Any

from inference.types import NearsideError
from lsp_server.configuration import plain
from lsp_server.hover import name_at
from lsp_server.session import NearsideServer  # by name: pygls reads the types of a command's parameters

DOCS = "nearside.docs"


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
