"""Notifications of our own by which an editor hints at what matters: where the cursor rests, what was copied,
and what other servers complain about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsp_server.configuration import plain
from lsp_server.context import MOST_TROUBLES, Trouble
from lsp_server.documents import Document
from lsp_server.warming import warm_soon
from syntax.definitions import WORD

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

LONGEST_MESSAGE = 1000
"""Characters of a diagnostic that are read."""


def cursor_rests(ls: NearsideServer, params: Any) -> None:
    """nearside/cursor, {textDocument, position}: here the cursor rests, and may well begin to type."""
    given = plain(params)
    document, position = _document(ls, given), given.get("position") if isinstance(given, dict) else None
    if document is None or not isinstance(position, dict):
        return
    line, character = position.get("line"), position.get("character")
    if isinstance(line, int) and isinstance(character, int):
        place = document.place(line, character, ls.client.encoding)
        ls.outcomes.moved(document, place)
        ls.context.rested(document, place)
        warm_soon(ls, document, place)


def yanked(ls: NearsideServer, params: Any) -> None:
    """nearside/yanked, {textDocument, range}: these lines were copied."""
    given = plain(params)
    document = _document(ls, given)
    lines = _lines(given.get("range")) if document else None
    if document and lines:
        ls.context.yanked(document, *lines)


def diagnosed(ls: NearsideServer, params: Any) -> None:
    """nearside/diagnostics, {textDocument, diagnostics}: all that is wrong with a document now."""
    given = plain(params)
    document = _document(ls, given)
    listed = given.get("diagnostics") if document else None
    if document is None or not isinstance(listed, list):
        return
    troubles = []
    for item in listed[:MOST_TROUBLES]:
        lines = _lines(item.get("range")) if isinstance(item, dict) else None
        message = item.get("message") if isinstance(item, dict) else None
        if lines and isinstance(message, str):
            troubles.append(Trouble(lines[0], frozenset(WORD.findall(message[:LONGEST_MESSAGE]))))
    ls.context.troubled(document, troubles)


def _document(ls: NearsideServer, given: Any) -> Document | None:
    item = given.get("textDocument") if isinstance(given, dict) else None
    uri = item.get("uri") if isinstance(item, dict) else None
    return ls.documents.get(uri) if isinstance(uri, str) else None


def _lines(given: Any) -> tuple[int, int] | None:
    """Return a range's first and last line; None for what is no range."""
    try:
        first, end = given["start"]["line"], given["end"]
        last = end["line"] if end["character"] or end["line"] == first else end["line"] - 1
    except (KeyError, TypeError):
        return None
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None
