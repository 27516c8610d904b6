"""The imports a suggestion needs and its file lacks: added with a menu item, or once ghost text is taken."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server.configuration import plain
from lsp_server.documents import Document
from lsp_server.status import PATIENCE

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.imports")

NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
"""A word that is not a member of something."""
MOST = 4
"""A suggestion that seems to need more imports is not understood."""


@dataclass(frozen=True)
class MissingImport:
    """An import that a document would need to use a name of the project."""

    name: str
    text: str
    """The line, without its end."""
    row: int
    """The row before which it belongs, from 0, when it was looked up."""


def needed(ls: NearsideServer, document: Document, text: str) -> list[MissingImport]:
    """Return the imports that `text`, put into a document, needs and the document lacks."""
    known = {one.name: one for one in ls.project.imports(document)}
    if not known or not ls.settings.completion.add_imports:
        return []
    used = [known[name] for name in dict.fromkeys(NAME.findall(text)) if name in known]
    if not used:
        return []
    written = "".join(document.lines)
    missing = [one for one in used if not re.search(rf"(?<![\w.]){re.escape(one.name)}\b", written)]
    return missing if len(missing) <= MOST else []


def edits(document: Document, missing: list[MissingImport]) -> list[lsp.TextEdit]:
    """Return the edits that add imports, each on a line of its own, in the document's line ends."""
    end = "\r\n" if document.lines[0].endswith("\r\n") else "\n"
    last = len(document.lines) - 1
    made = []
    for one in missing:
        here = lsp.Position(min(one.row, last), 0)
        made.append(lsp.TextEdit(lsp.Range(here, here), one.text.replace("\n", end) + end))
    return made


def as_argument(document: Document, missing: list[MissingImport]) -> list[dict[str, object]]:
    """Return what the command that a client runs after acceptance carries."""
    return [{"uri": document.uri, "name": one.name, "text": one.text, "row": one.row} for one in missing]


async def add(ls: NearsideServer, argument: object) -> None:
    """Add the imports a command's argument names to the document they are for, unless they are there."""
    listed = [one for one in plain(argument) if isinstance(one, dict)] if isinstance(argument, list) else []
    document = ls.documents.get(str(listed[0].get("uri"))) if listed else None
    workspace = ls.client.capabilities.workspace
    if document is None or not (workspace and workspace.apply_edit):
        return
    rows = {line.strip() for line in document.lines}
    missing = [
        MissingImport(str(one["name"]), str(one["text"]), int(one["row"]))
        for one in listed[:MOST]
        if str(one.get("text", "")).strip() not in rows
    ]
    if not missing:
        return
    made = edits(document, missing)
    if workspace.workspace_edit and workspace.workspace_edit.document_changes:
        identifier = lsp.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
        change = lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(identifier, list(made))])
    else:
        change = lsp.WorkspaceEdit(changes={document.uri: made})
    names = ", ".join(one.name for one in missing)
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await ls.workspace_apply_edit_async(
                lsp.ApplyWorkspaceEditParams(change, label=f"Import {names}")
            )
    except (JsonRpcException, TimeoutError):
        log.info("An import was not added because the client did not answer")
        return
    log.info("%d import(s) were %s", len(missing), "added" if answer.applied else "refused by the client")
