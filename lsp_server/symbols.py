"""workspace/symbol and the command nearside.search: names of the project, and places a question is about."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.uris import from_fs_path

from inference.types import NearsideError
from lsp_server.session import NearsideServer  # by name: pygls reads the types of a command's parameters

log = logging.getLogger("nearside.symbols")

SEARCH = "nearside.search"
MOST_SYMBOLS = 128
DEADLINE, SEARCH_DEADLINE = 1.0, 10.0
"""Seconds; a list of names is looked at while typing, a search is waited for."""
QUESTION_WORDS = 3
"""Words from which a query is a question and not a name."""
KINDS = {
    "function": lsp.SymbolKind.Function,
    "method": lsp.SymbolKind.Method,
    "class": lsp.SymbolKind.Class,
    "type": lsp.SymbolKind.Interface,
    "constant": lsp.SymbolKind.Constant,
    "attribute": lsp.SymbolKind.Field,
    "module": lsp.SymbolKind.Module,
}


async def workspace_symbol(
    ls: NearsideServer, params: lsp.WorkspaceSymbolParams
) -> list[lsp.SymbolInformation]:
    """Return symbols by name; for a question, what the search finds."""
    query = params.query.strip()
    try:
        if len(query.split()) >= QUESTION_WORDS:
            hits = await ls.project.search(query, 20, DEADLINE)
            return [_found(ls, hit, hit.get("symbol") or hit["path"], "") for hit in hits]
        symbols = await ls.project.symbols(query, MOST_SYMBOLS, DEADLINE)
    except NearsideError as error:
        log.info("Returning no symbols because %s", error)
        return []
    return [_found(ls, symbol, symbol["name"], symbol.get("owner", "")) for symbol in symbols]


async def search(ls: NearsideServer, *arguments: object) -> list[dict[str, Any]]:
    """Search the project for the words given; return places with what they say, the best first."""
    given = arguments[0] if arguments and isinstance(arguments[0], (list, tuple)) else arguments
    query = given[0] if given and isinstance(given[0], str) else ""
    limit = given[1] if len(given) > 1 and isinstance(given[1], int) else 10
    if not query.strip():
        ls.status.log("Nothing was searched, because no words were given; say what you look for.")
        return []
    try:
        hits = await ls.project.search(query, max(1, min(100, limit)), SEARCH_DEADLINE)
    except NearsideError as error:
        ls.status.note(str(error))
        return []
    return [{**hit, "uri": _uri(ls, hit["path"])} for hit in hits]


def _found(ls: NearsideServer, place: dict[str, Any], name: str, container: str) -> lsp.SymbolInformation:
    span = lsp.Range(lsp.Position(place["line"] - 1, 0), lsp.Position(place["end_line"], 0))
    kind = KINDS.get(place.get("kind", ""), lsp.SymbolKind.File)
    location = lsp.Location(_uri(ls, place["path"]), span)
    return lsp.SymbolInformation(location, name, kind, container_name=container or place["path"])


def _uri(ls: NearsideServer, path: str) -> str:
    root = ls.client.workspace or Path()
    return from_fs_path(str(root / path)) or ""
