"""An answer that comes after the deadline: the client is told to ask again, and finds it in the cache."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lsp_server.documents import Document, Place
from lsp_server.escalation import REFRESH

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.late")


def follow(ls: NearsideServer, document: Document, asked: tuple[int, Place]) -> None:
    """Have the client ask again once the call under way has ended, if the document still is where it was."""
    task = ls.completer.under_way(document.uri) if ls.completer else None
    if task is None:
        return
    ls.owed[document.uri] = asked

    def ended(task: asyncio.Future[None]) -> None:
        if ls.owed.get(document.uri) is not asked:  # a newer request has been answered
            return
        del ls.owed[document.uri]
        if task.cancelled() or task.exception():
            return
        if ls.documents.get(document.uri) is document and document.typed_since(*asked) is not None:
            log.info("An answer is there after its deadline")
            ls.protocol.notify(REFRESH, {"uri": document.uri, "byHand": False})

    task.add_done_callback(ended)
