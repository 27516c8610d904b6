"""textDocument/didOpen, didChange, didSave, didClose: keep our documents as the client has them."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lsp_server import action_run
from lsp_server.documents import Document
from lsp_server.edits import edit
from lsp_server.suggestions import text_changed
from lsp_server.warming import warm_soon

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.sync")

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
    ls.context.opened(document)
    ls.project.changed(document)
    warm_soon(ls, document, document.place(last, LINE_END, "utf-32"))


def did_change(ls: NearsideServer, params: lsp.DidChangeTextDocumentParams) -> None:
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        log.warning("Ignoring a change because its document is not open")
        return
    edits = []
    for change in params.content_changes:
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            before = document.lines
            document.replace_all(change.text)
            ls.edits.forget(document)
            ls.outcomes.replaced(document, before)
            ls.context.changed(document, *_difference(before, document.lines))
            continue
        start = document.place(change.range.start.line, change.range.start.character, ls.client.encoding)
        end = document.place(change.range.end.line, change.range.end.character, ls.client.encoding)
        edits.append(edit(document, start, end, change.text))
        ls.outcomes.editing(document, start, end, change.text)
        document.replace(start, end, change.text)
        ls.context.changed(document, start[0], change.text.count("\n") - (end[0] - start[0]))
        ls.outcomes.edited(document, start[0] + change.text.count("\n"))
    document.version = params.text_document.version
    ls.project.changed(document)
    ls.outlines.changed(document)
    ls.debounce.typed(time.monotonic())
    if edits:
        suggestion = ls.suggestions.get(document.uri)
        ls.edits.made(document, edits, suggestion.texts if suggestion else ())
    text_changed(ls, document)


def did_save(ls: NearsideServer, params: lsp.DidSaveTextDocumentParams) -> None:
    if document := ls.documents.get(params.text_document.uri):
        ls.context.saved(document)
        ls.project.saved(document)


def did_close(ls: NearsideServer, params: lsp.DidCloseTextDocumentParams) -> None:
    if document := ls.documents.pop(params.text_document.uri, None):
        ls.outcomes.closed(document)
        ls.escalation.closed(document)
        ls.context.closed(document)
        ls.project.closed(document)
        ls.packages.closed(document)
        ls.edits.forget(document)
        action_run.closed(ls, document.uri)
    ls.outlines.closed(params.text_document.uri)
    ls.suggestions.pop(params.text_document.uri, None)
    if ls.completer:
        ls.completer.supersede(params.text_document.uri)


def _difference(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """Return the first line in which two texts differ, and how many lines longer the second is."""
    pairs = enumerate(zip(before, after, strict=False))
    shorter = min(len(before), len(after))
    line = next((number for number, (old, new) in pairs if old != new), shorter - 1)
    return line, len(after) - len(before)
