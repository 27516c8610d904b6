"""textDocument/didOpen, didChange, didClose: keep our documents as the client has them."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from lsp_server.documents import Document, Place
from lsp_server.suggestions import cursor_context, text_changed, why_quiet

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.sync")

WARM_AFTER = 0.5
"""Seconds: an editor that restores its windows opens many documents at once, and works in the last."""
LINE_END = 1 << 31


def did_open(ls: NearsideServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """Take over a document's text, and warm the engine up for it unless another is opened right after."""
    item = params.text_document
    document = Document(item.uri, item.language_id, item.version, item.text)
    if before := ls.documents.get(item.uri):
        ls.outcomes.closed(before)
    ls.documents[item.uri] = document
    # LSP does not say where the cursor is. What stands before it begins like this in any document that fits
    # into one window; a client that knows better says so with nearside/cursor.
    last = min(len(document.lines) - 1, ls.settings.completion.prefix_lines)
    _warm_soon(ls, document, document.place(last, LINE_END, "utf-32"))


def cursor_moved(ls: NearsideServer, params: Any) -> None:
    """nearside/cursor, a notification of our own: here the cursor rests, and may well begin to type."""
    document = ls.documents.get(params.textDocument.uri)
    if document is not None:
        place = document.place(params.position.line, params.position.character, ls.client.encoding)
        ls.outcomes.moved(document, place)
        _warm_soon(ls, document, place)


def _warm_soon(ls: NearsideServer, document: Document, place: Place) -> None:
    if ls.warming:
        ls.warming.cancel()
    ls.warming = ls.run_in_background(_warm(ls, document, place))


async def _warm(ls: NearsideServer, document: Document, place: Place) -> None:
    """Have the engine read what the model would see at a place nobody has typed at yet."""
    await asyncio.sleep(WARM_AFTER)
    if ls.completer is None or why_quiet(ls, document):
        return
    context = cursor_context(ls, document, place)
    if context.prefix and "\0" not in context.prefix:
        await ls.completer.warm(context)


def did_change(ls: NearsideServer, params: lsp.DidChangeTextDocumentParams) -> None:
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        log.warning("Ignoring a change because its document is not open")
        return
    for change in params.content_changes:
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            before = document.lines
            document.replace_all(change.text)
            ls.outcomes.replaced(document, before)
            continue
        start = document.place(change.range.start.line, change.range.start.character, ls.client.encoding)
        end = document.place(change.range.end.line, change.range.end.character, ls.client.encoding)
        ls.outcomes.editing(document, start, end, change.text)
        document.replace(start, end, change.text)
        ls.outcomes.edited(document, start[0] + change.text.count("\n"))
    document.version = params.text_document.version
    ls.debounce.typed(time.monotonic())
    text_changed(ls, document)


def did_close(ls: NearsideServer, params: lsp.DidCloseTextDocumentParams) -> None:
    if document := ls.documents.pop(params.text_document.uri, None):
        ls.outcomes.closed(document)
    ls.suggestions.pop(params.text_document.uri, None)
    if ls.completer:
        ls.completer.supersede(params.text_document.uri)
