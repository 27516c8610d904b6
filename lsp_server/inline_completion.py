"""textDocument/inlineCompletion: ghost text. The answer is always a list; nothing to show is an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lsp_server.commands import accepted_command
from lsp_server.documents import Document
from lsp_server.suggestions import Placed, nothing, suggest

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

WAITING_CLIENTS = ("neovim", "visual studio code", "vscod", "code - oss", "cursor")
"""Clients that wait themselves before they ask, as they name themselves in `initialize`, in lower case."""


async def inline_completion(
    ls: NearsideServer, params: lsp.InlineCompletionParams
) -> lsp.InlineCompletionList:
    """Suggest text at the cursor; several alternatives where the user asked by hand."""
    ls.client.uses_inline = True
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return _items(ls, nothing("the document is not open"))
    by_hand = params.context.trigger_kind == lsp.InlineCompletionTriggerKind.Invoked
    alternatives = ls.settings.completion.alternatives if by_hand else 1
    selected = params.context.selected_completion_info
    if selected:
        return await _extend_selected(ls, document, selected, alternatives, by_hand)
    place = document.place(params.position.line, params.position.character, ls.client.encoding)
    wait = 0.0 if by_hand else _debounce(ls, document.lines[place[0]][: place[1]])
    return _items(ls, await suggest(ls, document, place, alternatives, wait=wait, by_hand=by_hand))


def _debounce(ls: NearsideServer, before: str) -> float:
    """Return the seconds to wait for the next key with `before` on the cursor's line."""
    if (configured := ls.settings.completion.debounce_ms) >= 0:
        return configured / 1000
    waits = ls.client.name.lower().startswith(WAITING_CLIENTS) and not ls.client.says("asksAtOnce")
    return 0.0 if waits else ls.debounce.wait(before)


async def _extend_selected(
    ls: NearsideServer,
    document: Document,
    selected: lsp.SelectedCompletionInfo,
    alternatives: int,
    by_hand: bool,
) -> lsp.InlineCompletionList:
    """Suggest what follows the item selected in the client's menu, as one text that replaces its range."""
    start = document.place(selected.range.start.line, selected.range.start.character, ls.client.encoding)
    end = document.place(selected.range.end.line, selected.range.end.character, ls.client.encoding)
    revision = document.revision
    typed = document.lines[start[0]][start[1] : end[1]]
    if start[0] != end[0] or not selected.text.startswith(typed):
        return lsp.InlineCompletionList([])
    ahead = selected.text[len(typed) :]
    placed = await suggest(ls, document, end, alternatives, ahead=ahead, by_hand=by_hand)
    if placed is None or document.revision != revision:
        return lsp.InlineCompletionList([])
    return _items(ls, placed, selected, ahead)


def _items(
    ls: NearsideServer,
    placed: Placed | None,
    selected: lsp.SelectedCompletionInfo | None = None,
    ahead: str = "",
) -> lsp.InlineCompletionList:
    if placed is None:
        return lsp.InlineCompletionList([])
    line, index = placed.place
    column = placed.document.column((line, index), ls.client.encoding)
    here = lsp.Position(line, column)
    range_ = selected.range if selected else lsp.Range(here, here)
    before = selected.text if selected else ""
    return lsp.InlineCompletionList(
        [
            lsp.InlineCompletionItem(
                insert_text=before + text, range=range_, command=accepted_command(ls, placed, number, ahead)
            )
            for number, text in enumerate(placed.suggestion.texts)
        ]
    )
