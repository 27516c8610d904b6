"""textDocument/didOpen, didChange, didClose: keep our documents as the client has them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lsp_server.documents import Document
from lsp_server.suggestions import text_changed

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.sync")


def did_open(ls: NearsideServer, params: lsp.DidOpenTextDocumentParams) -> None:
    item = params.text_document
    ls.documents[item.uri] = Document(item.uri, item.language_id, item.version, item.text)


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
    if ls.completer:
        ls.completer.supersede(params.text_document.uri)
