"""textDocument/didOpen, didChange, didClose: keep our documents as the client has them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lsp_server.documents import Document
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
    ls.documents[item.uri] = document
    if ls.warming:
        ls.warming.cancel()
    ls.warming = ls.run_in_background(_warm(ls, document))


async def _warm(ls: NearsideServer, document: Document) -> None:
    """Have the engine read the beginning of a document nobody has typed in yet.

    No client says where its cursor is; what stands before it begins like this in any document that fits
    into one window.
    """
    await asyncio.sleep(WARM_AFTER)
    if ls.completer is None or why_quiet(ls, document):
        return
    last = min(len(document.lines) - 1, ls.settings.completion.prefix_lines)
    context = cursor_context(ls, document, document.place(last, LINE_END, "utf-32"))
    if context.prefix and "\0" not in context.prefix:
        await ls.completer.warm(context)


def did_change(ls: NearsideServer, params: lsp.DidChangeTextDocumentParams) -> None:
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        log.warning("Ignoring a change because its document is not open")
        return
    for change in params.content_changes:
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            document.replace_all(change.text)
            continue
        start, end = change.range.start, change.range.end
        document.replace(
            document.place(start.line, start.character, ls.client.encoding),
            document.place(end.line, end.character, ls.client.encoding),
            change.text,
        )
    document.version = params.text_document.version
    text_changed(ls, document)


def did_close(ls: NearsideServer, params: lsp.DidCloseTextDocumentParams) -> None:
    ls.documents.pop(params.text_document.uri, None)
    ls.suggestions.pop(params.text_document.uri, None)
    if ls.completer:
        ls.completer.supersede(params.text_document.uri)
