"""textDocument/hover, where the settings ask for it: the documentation of installed packages' names."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from inference.types import NearsideError

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.hover")


async def hover(ls: NearsideServer, params: lsp.HoverParams) -> lsp.Hover | None:
    """Show the documentation of an installed package's name; of the project's own names nothing."""
    at = params.position
    name, language = await name_at(ls, params.text_document.uri, at.line, at.character)
    if "." not in name and "::" not in name:  # a local name, a keyword: what else is called so is no answer
        return None
    try:
        doc = await ls.packages.documentation(name, language)
    except NearsideError as error:
        log.info("Returning no hover because %s", error)
        return None
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, doc.markdown()))


def offer(ls: NearsideServer) -> None:
    """Offer hovers once the settings ask for them, to clients that take up what is offered late."""
    document = ls.client.capabilities.text_document
    able = document and document.hover and document.hover.dynamic_registration
    if not ls.settings.docs.hover or not able or lsp.TEXT_DOCUMENT_HOVER in ls.protocol.fm.features:
        return
    ls.feature(lsp.TEXT_DOCUMENT_HOVER)(hover)
    registration = lsp.Registration("nearside.hover", lsp.TEXT_DOCUMENT_HOVER, {"documentSelector": None})
    ls.run_in_background(ls.client_register_capability_async(lsp.RegistrationParams([registration])))


async def name_at(ls: NearsideServer, uri: str, line: object, character: object) -> tuple[str, str]:
    """Return the full name at a place of a document, and its language; an empty one where there is none."""
    document = ls.documents.get(uri)
    if document is None or not isinstance(line, int) or not isinstance(character, int):
        return "", ""
    from tools.documentation.naming import name_at

    row, column = document.place(line, character, ls.client.encoding)
    at = sum(map(len, document.lines[:row])) + column
    return await asyncio.to_thread(name_at, document.text, at, document.language), document.language
