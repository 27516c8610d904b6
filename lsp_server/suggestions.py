"""From a client's position to a suggestion that fits the document as it is when it goes out.

Shared by inline_completion.py and completion.py, which only differ in what they send.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pygls.uris import to_fs_path

from inference.completer import Suggestion
from inference.lines import plain_line_ends
from inference.prompts import CursorContext, window
from inference.quiet import before_asking, in_file, too_little
from inference.types import Cancelled, NearsideError
from lsp_server import late
from lsp_server.documents import Document, Place

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.suggestions")

AFTER_ANSWER = 0.005
"""Seconds until speculation begins."""
HOPELESS = 0.1
"""Of the share of confidence a suggestion is shown from: the model does not finish lines less probable."""


@dataclass(frozen=True)
class Placed:
    """A suggestion and where its text goes: at `place` in the document at this moment."""

    document: Document
    place: Place
    suggestion: Suggestion


@dataclass(frozen=True)
class Draft:
    """What the local model had to say at a place, if anything; a hosted one may better it."""

    document: Document
    revision: int
    place: Place
    """Where it was asked for, in the document of that revision."""
    context: CursorContext
    suggestion: Suggestion = field(default_factory=Suggestion)
    placed: Placed | None = None
    by_hand: bool = False


async def suggest(
    ls: NearsideServer,
    document: Document,
    place: Place,
    alternatives: int,
    ahead: str = "",
    wait: float = 0.0,
    by_hand: bool = False,
) -> Placed | None:
    """Return what to show at `place`, or None; `ahead` is text taken as typed there already.

    Before the model is asked, a newer request is waited for, for `wait` seconds. What is asked `by_hand` is
    shown however unlikely it is, and wherever it is asked.

    Everything up to the first await sees the document the request was made for.
    """
    ls.suggestions.pop(document.uri, None)
    ls.owed.pop(document.uri, None)
    if ls.warming:  # reading ahead is for idle times, and would push what is needed now out of the cache
        ls.warming.cancel()
    if ls.completer is None:
        return nothing("the engine is not connected yet")
    if reason := why_quiet(ls, document):
        return nothing(reason)
    context = cursor_context(ls, document, place)
    if "\0" in context.prefix or "\0" in context.suffix:
        return nothing("the file is binary")
    context = replace(context, prefix=context.prefix + ahead)
    if not by_hand and (reason := before_asking(context, ls.edits.last(document))):
        return nothing(reason)
    ls.outcomes.moved(document, place)
    least = 0.0 if by_hand else HOPELESS * ls.settings.completion.show_above / 100
    asked = ls.asked[document.uri] = document.revision, place
    try:
        suggestion = await ls.completer.complete(
            context, alternatives=alternatives, debounce_ms=1000 * wait, least=least
        )
    except Cancelled:
        return nothing("a newer request took over")
    except NearsideError as error:
        ls.status.failed(error)
        if by_hand:
            ls.escalation.drafted(Draft(document, *asked, context, by_hand=True))
        return nothing("the engine failed")
    except Exception as error:  # a defect of ours must not cost the editor its answer
        log.exception("A completion failed")
        kind = type(error).__name__
        ls.status.failed(
            NearsideError(f"No completion: an unexpected {kind}. Please report it with the log.")
        )
        return nothing("of a defect")
    finally:
        if ls.asked.get(document.uri) is asked:
            del ls.asked[document.uri]
    ls.suggestions[document.uri] = suggestion
    if suggestion.source == "engine":
        ls.status.recovered()
        ls.debounce.answered(max(0.0, suggestion.latency_ms / 1000 - wait))
    placed = _as_of_now(ls, document, asked, suggestion)
    if suggestion.partial and placed is None:
        late.follow(ls, document, asked)
    hosted = suggestion.source == "hosted"
    if not hosted:  # what a hosted model wrote was wanted, and cannot be bettered
        ls.escalation.drafted(Draft(document, *asked, context, suggestion, placed, by_hand))
    if placed and not by_hand and not hosted and (reason := _not_worth_showing(ls, placed.suggestion)):
        ls.outcomes.withheld(placed, reason)
        return nothing(reason)
    if placed and ls.completer:  # after the answer has gone out: laying out a prompt takes a few milliseconds
        loop = asyncio.get_running_loop()
        loop.call_later(AFTER_ANSWER, ls.completer.speculate, context, suggestion.text, least)
    return placed


def _not_worth_showing(ls: NearsideServer, suggestion: Suggestion) -> str:
    """Return why a suggestion nobody asked for by hand is kept back, or an empty string."""
    ls.gate.show_above = ls.settings.completion.show_above
    if not ls.gate.shows(suggestion.confidence):
        return f"its confidence of {suggestion.confidence:.2f} is below {ls.gate.threshold:.2f}"
    return too_little(suggestion.text)


def _as_of_now(
    ls: NearsideServer, document: Document, asked: tuple[int, Place], suggestion: Suggestion
) -> Placed | None:
    """Cut off what was typed meanwhile and move the place behind it; anything else typed leaves nothing."""
    moved = document.typed_since(*asked) if ls.documents.get(document.uri) is document else None
    if moved is None:
        return nothing("the text changed in another way meanwhile")
    typed, place = plain_line_ends(moved[0]), moved[1]
    texts = tuple(
        text[len(typed) :] for text in suggestion.texts if text.startswith(typed) and len(text) > len(typed)
    )
    if not texts:
        lack = f"the model's was not fit: {suggestion.reason}" if suggestion.reason else "the model has none"
        return nothing("something else was typed meanwhile" if suggestion.texts else lack)
    where, took = suggestion.source, suggestion.latency_ms
    log.info("Returning %d suggestion(s) from the %s after %.0f ms", len(texts), where, took)
    return Placed(document, place, replace(suggestion, texts=texts))


def text_changed(ls: NearsideServer, document: Document) -> None:
    """Give up the waiting request of a document whose text is no longer what it was asked for."""
    ls.escalation.changed(document)
    asked = ls.asked.get(document.uri)
    if asked and ls.completer and document.typed_since(*asked) is None:
        ls.completer.supersede(document.uri)


def cursor_context(ls: NearsideServer, document: Document, place: Place) -> CursorContext:
    """Return what the model may see of `document` around `place`."""
    prefix, suffix = window(document.lines, *place, ls.settings.completion)
    workspace = ls.client.workspace
    return CursorContext(
        document=document.uri,
        prefix=prefix,
        suffix=suffix,
        client=ls.client.name,
        path=relative_path(document.uri, workspace),
        repository=workspace.name if workspace else "",
        language=document.language,
        snippets=ls.context.ready(document, place),
        members=(*ls.project.members(document), *ls.packages.members(document)),
    )


def why_quiet(ls: NearsideServer, document: Document) -> str:
    """Return why nothing is suggested in this document whatever its text, or an empty string."""
    settings = ls.settings.completion
    if not settings.enabled:
        return "completion.enabled is false"
    if settings.languages and document.language not in settings.languages:
        return f"completion.languages does not name {document.language or 'this language'}"
    if glob := next((g for g in settings.disable_in if matches(document.uri, ls.client.workspace, g)), ""):
        return f"completion.disable_in holds {glob}"
    if reason := in_file(document.uri):
        return reason
    return document.unfit


def relative_path(uri: str, workspace: Path | None) -> str:
    """Return a document's path as a project writes it; one that lies outside is told by where it is, one
    without a project by its name.
    """
    path = absolute_path(uri)
    if workspace is None or not path.is_absolute():
        return path.name
    for folder, shown in ((workspace, ""), (Path.home(), "~/")):
        if path.is_relative_to(folder):
            return shown + path.relative_to(folder).as_posix()
    return path.as_posix()


def absolute_path(uri: str) -> Path:
    return Path((to_fs_path(uri) if uri.startswith("file:") else None) or uri.partition(":")[2])


def matches(uri: str, workspace: Path | None, glob: str) -> bool:
    """Tell whether a glob names a document: its whole path, its path in the workspace, or, if it holds no
    slash, its name or a folder's it lies in."""
    path, inside = absolute_path(uri), relative_path(uri, workspace)
    if "/" not in glob:
        return any(fnmatchcase(part, glob) for part in inside.split("/"))
    whole = os.path.expanduser(glob) if glob.startswith("~") else glob
    return any(fnmatchcase(name, whole) for name in (path.as_posix(), inside, "/" + inside))


def nothing(reason: str) -> None:
    """Log why there is no completion."""
    log.info("Returning no completion because %s", reason)
