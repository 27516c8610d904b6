"""textDocument/completion for clients without inline completion: the suggestion as one plain menu item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lsp_server.commands import accepted_command
from lsp_server.imports import edits, needed
from lsp_server.suggestions import Placed, nothing, suggest

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

TRIGGERS = [".", "(", "[", "{", "=", ",", ":"]
LABEL_LENGTH = 60
LAST = "\U0010ffff"
"""Sorts behind every other server's items."""

WORD_BEFORE = re.compile(r"\w*\Z")


def options(_: NearsideServer) -> lsp.CompletionOptions:
    return lsp.CompletionOptions(trigger_characters=TRIGGERS)


async def completion(ls: NearsideServer, params: lsp.CompletionParams) -> lsp.CompletionList:
    """Suggest the text at the cursor as a menu item, unless this client shows ghost text."""
    document = ls.documents.get(params.text_document.uri)
    if ls.client.uses_inline:
        return lsp.CompletionList(is_incomplete=False, items=[])
    if document is None:
        nothing("the document is not open")
        return lsp.CompletionList(is_incomplete=False, items=[])
    place = document.place(params.position.line, params.position.character, ls.client.encoding)
    revision = document.revision
    placed = await suggest(ls, document, place, alternatives=1)
    if placed is None or document.revision != revision:
        return lsp.CompletionList(is_incomplete=True, items=[])
    return lsp.CompletionList(is_incomplete=True, items=[_item(ls, placed)])


def _item(ls: NearsideServer, placed: Placed) -> lsp.CompletionItem:
    """Return an item whose edit starts at the word being typed, as clients filter by that word."""
    line, index = placed.place
    text = placed.suggestion.text
    before = placed.document.lines[line][:index]
    found = WORD_BEFORE.search(before)
    word = found.group() if found else ""
    start = lsp.Position(line, placed.document.column((line, index - len(word)), ls.client.encoding))
    end = lsp.Position(line, placed.document.column((line, index), ls.client.encoding))
    return lsp.CompletionItem(
        label=label(word + text),
        kind=lsp.CompletionItemKind.Text,
        detail="Nearside",
        documentation=_documentation(ls, placed.document.language, word + text),
        sort_text=LAST,
        filter_text=(word + text).split("\n")[0] or word,
        insert_text_format=lsp.InsertTextFormat.PlainText,
        insert_text_mode=lsp.InsertTextMode.AsIs,
        text_edit=lsp.TextEdit(lsp.Range(start, end), word + text),
        additional_text_edits=edits(placed.document, needed(ls, placed.document, text)) or None,
        command=accepted_command(ls, placed, 0),
    )


def label(text: str) -> str:
    """Return one short line that stands for `text` in a menu."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    first = lines[0] if lines else ""
    if len(first) > LABEL_LENGTH:
        return first[: LABEL_LENGTH - 1] + "…"
    return first + " …" if len(lines) > 1 else first


def _documentation(ls: NearsideServer, language: str, text: str) -> lsp.MarkupContent:
    """Return the whole text, as code where the client shows markdown."""
    document = ls.client.capabilities.text_document
    item = document.completion.completion_item if document and document.completion else None
    formats = (item.documentation_format if item else None) or []
    if lsp.MarkupKind.Markdown not in formats:
        return lsp.MarkupContent(lsp.MarkupKind.PlainText, text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, f"{fence}{language}\n{text}\n{fence}")
