"""What a client asks for: one action at one place, as its data or a command's argument says it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from actions.kinds import KINDS, Kind
from lsp_server.documents import Document
from lsp_server.suggestions import absolute_path
from settings.private import is_private
from settings.schema import Endpoint

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

LONGEST_MESSAGE = 60
"""Characters of a diagnostic in a title."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An action as a client asks for it."""

    kind: Kind
    uri: str
    range: lsp.Range
    version: int | None = None
    """Of the document when the action was offered; None is any."""
    instruction: str = ""
    problem: str = ""
    name: str = ""
    """What it is about, for the user."""

    @property
    def title(self) -> str:
        message = self.problem.partition("\n")[0][:LONGEST_MESSAGE]
        return self.kind.title.format(name=self.name or "this", message=message).removesuffix(" …")


def wanted_of(given: object) -> Wanted | None:
    """Read an action's data, or the argument of its command; None for what is neither."""
    if not isinstance(given, dict):
        return None
    kind = KINDS.get(str(given.get("kind")))
    uri, version = given.get("uri"), given.get("version")
    span = given.get("range")
    position: list[int] = []
    with suppress(KeyError, TypeError, ValueError):
        position = [int(span[end][part]) for end in ("start", "end") for part in ("line", "character")]  # type: ignore[index]
    if kind is None or not isinstance(uri, str) or len(position) != 4:
        return None
    return Wanted(
        kind,
        uri,
        lsp.Range(lsp.Position(*position[:2]), lsp.Position(*position[2:])),
        version if isinstance(version, int) else None,
        *(str(given.get(name) or "") for name in ("instruction", "problem", "name")),
    )


def lines_of(ls: NearsideServer, document: Document, span: lsp.Range) -> tuple[int, int]:
    """Return the first and last line of a range, both part of it."""
    encoding = ls.client.encoding
    first = document.place(span.start.line, span.start.character, encoding)
    last = document.place(span.end.line, span.end.character, encoding)
    if last[0] > first[0] and last[1] == 0:
        return first[0], last[0] - 1
    return first[0], max(first[0], last[0])


def why_none(ls: NearsideServer, document: Document) -> str:
    """Return why no action is to be had in a document whatever its text, as words that follow `because`."""
    if is_private(absolute_path(document.uri).as_posix()):
        return "files of this name hold secrets, which no model is shown"
    if not document.uri.startswith("file:"):
        return "it is not a file on this machine"
    return document.unfit or why_no_model(ls)


def why_no_model(ls: NearsideServer) -> str:
    """Return why neither a local nor a hosted model can be asked, as words that follow `because`."""
    if ls.escalation.hosted and ls.settings.routing.actions.escalate != "never":
        return ""
    if ls.settings.model.chat or isinstance(ls.settings.model.completion, Endpoint):
        return ""  # which the user says can
    if ls.info is None:
        return "the model is not loaded yet"
    if not ls.info.chats:
        return f"{ls.info.model} cannot chat; name an instruction-tuned model in model.chat"
    return ""
