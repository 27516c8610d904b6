"""Reading ahead: the engine evaluates a prompt nobody has asked about yet. Any request ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsp_server.documents import Document, Place
from lsp_server.suggestions import cursor_context, why_quiet

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

WARM_AFTER = 0.5
"""Seconds: an editor that restores its windows opens many documents at once, and works in the last."""


def warm_soon(ls: NearsideServer, document: Document, place: Place, after: float = WARM_AFTER) -> None:
    """Have the engine read what the model would see at `place`, instead of what it was to read before."""
    if ls.warming:
        ls.warming.cancel()
    ls.warming = ls.run_in_background(_warm(ls, document, place, after))


async def _warm(ls: NearsideServer, document: Document, place: Place, after: float) -> None:
    await asyncio.sleep(after)
    if ls.completer is None or why_quiet(ls, document) or place[0] >= len(document.lines):
        return
    context = cursor_context(ls, document, place)
    if context.prefix and "\0" not in context.prefix:
        await ls.completer.warm(context)
