"""One code action's life: begun, followed, stopped, and held against what the files are by then."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.uris import from_fs_path

from inference.types import ChatEngine, NearsideError
from lsp_server import action_explain, engine
from lsp_server.action_edit import Abilities, FileChange, workspace_edit
from lsp_server.action_progress import Shown, shown
from lsp_server.action_wanted import Wanted, lines_of, why_none
from lsp_server.documents import Document
from lsp_server.suggestions import absolute_path
from settings.paths import is_no_project

if TYPE_CHECKING:
    from actions.act import Means
    from actions.kinds import Kind
    from actions.loop import Result
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.actions")

LEAVING = 2.0
"""Seconds that actions get to end when the session does; their tests are gone in a tenth of that."""
SAID = {"parses": "parses", "same code": "same code", "lint": "no new lint findings", "tests": "tests pass"}
"""The checks, as a change's description names them."""
PROOF = {"tests", "same code"}
"""Checks after which a change need not be confirmed."""
LONGEST_LINE = 500


class Running:
    """An action under way."""

    def __init__(self, wanted: Wanted, document: Document) -> None:
        self.wanted, self.document = wanted, document
        self.task: asyncio.Task[lsp.WorkspaceEdit | None] | None = None
        self.why = ""
        """Why it was stopped, where the user should hear it."""
        self.on_disk = False
        """Whether the document was a file when it began."""

    def stop(self, why: str = "") -> None:
        self.why = self.why or why
        if self.task:
            self.task.cancel()


async def run(ls: NearsideServer, wanted: Wanted, *, in_action: bool) -> lsp.WorkspaceEdit | None:
    """Return the edit an action comes to; None where it comes to none, and then the user was told why.

    `in_action` is for an edit that a code action carries, else it goes with a request of its own. Cancelling
    this ends the action and all it started.
    """
    document = ls.documents.get(wanted.uri)
    file = absolute_path(wanted.uri).name
    if document is None:
        return _tell(ls, f"Nothing was changed, because {file} is not open.")
    if why := why_none(ls, document):
        return _tell(ls, f"Nothing was changed, because {why}.")
    if wanted.version is not None and wanted.version != document.version:
        return _tell(ls, f"Nothing was changed, because {file} has changed since; ask again.")
    if other := ls.running.get(wanted.uri):
        title = other.wanted.title
        return _tell(ls, f"Nothing was begun, because “{title}” still runs in {file}; cancel it, or wait.")
    running = ls.running[wanted.uri] = Running(wanted, document)
    task = running.task = ls.run_in_background(_followed(ls, running, in_action))
    task.add_done_callback(lambda _: ls.running.pop(wanted.uri, None))
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise
    if task.cancelled():
        log.info("An action was stopped: %s", running.why or "as the client asked")
        return _tell(ls, f"Nothing was changed, because {running.why}.") if running.why else None
    return task.result()


async def run_and_apply(ls: NearsideServer, wanted: Wanted) -> None:
    """Run an action and have the client apply its edit."""
    edit = await run(ls, wanted, in_action=False)
    if edit is None:
        return
    workspace = ls.client.capabilities.workspace
    told = workspace.workspace_edit if workspace else None
    metadata = lsp.WorkspaceEditMetadata(is_refactoring=True) if told and told.metadata_support else None
    # Neovim prints the label as a message of its own and waits for Enter; our plugin says what came of it.
    label = None if ls.client.says("showsExplanation") else wanted.title
    params = lsp.ApplyWorkspaceEditParams(edit, label=label, metadata=metadata)
    try:
        answer = await ls.workspace_apply_edit_async(params)  # which may wait for the user
    except JsonRpcException as error:
        _tell(ls, f"Nothing was changed, because the editor failed ({error}).")
        return
    if not answer.applied and answer.failure_reason:
        _tell(ls, f"Nothing was changed, because the editor refused it ({answer.failure_reason}).")


def closed(ls: NearsideServer, uri: str) -> None:
    """Stop what runs for a document that was closed: its edit would have no place."""
    if running := ls.running.get(uri):
        running.stop(f"{absolute_path(uri).name} was closed")


async def close(ls: NearsideServer) -> None:
    """Stop all actions, and wait until what they started is gone."""
    tasks = {running.task for running in ls.running.values() if running.task}
    for running in list(ls.running.values()):
        running.stop()
    if tasks:
        await asyncio.wait(tasks, timeout=LEAVING)


async def _followed(ls: NearsideServer, running: Running, in_action: bool) -> lsp.WorkspaceEdit | None:
    """Run an action with progress; whatever it comes to is told."""
    async with shown(ls, running.wanted.title, running.stop) as show:
        try:
            edit = await _done(ls, running, show, in_action)
        except NearsideError as error:
            return _tell(ls, _ended(show, str(error)))
        except Exception as error:  # a defect of ours must not look like a model's
            log.exception("An action failed")
            kind = type(error).__name__
            why = f"Nothing was changed, because of an unexpected {kind}. Please report it with the log."
            return _tell(ls, _ended(show, why))
    return edit


async def _done(
    ls: NearsideServer, running: Running, show: Shown, in_action: bool
) -> lsp.WorkspaceEdit | None:
    from actions.act import Asked, act

    wanted, document = running.wanted, running.document
    text, version = document.text, document.revision
    first, last = lines_of(ls, document, wanted.range)
    root, means = await _means(ls, document, wanted.kind)
    running.on_disk = await asyncio.to_thread(os.path.lexists, absolute_path(wanted.uri))
    path = absolute_path(wanted.uri).relative_to(root).as_posix()
    asked = Asked(wanted.kind, path, text, first, last, wanted.instruction, wanted.problem)

    def progress(said: str) -> None:
        if document.revision != version and document.text != text:
            running.stop(f"{absolute_path(wanted.uri).name} was changed meanwhile; ask again")
            raise asyncio.CancelledError  # here: the next step would begin a request first
        show(said)

    result = await act(asked, means, progress)
    if not result.passed:
        raise NearsideError(result.reason)
    if result.draft.explanation:
        show.ending = "Done."
        await action_explain.show(ls, wanted.title, result.draft.explanation)
        return None
    changes = await _changes(ls, root, running, result)
    annotation = _annotation(wanted.title, result)
    abilities = Abilities.of(ls.client.capabilities, in_action=in_action)
    if ls.client.says("showsExplanation") and not annotation.needs_confirmation:
        # Neovim prints annotations it need not ask about, and waits for Enter; our plugins say it themselves.
        abilities = replace(abilities, annotations=False)
    edit = workspace_edit(changes, abilities, ls.client.encoding, annotation)
    asks = annotation.needs_confirmation and abilities.annotations
    show.ending = f"{'Ready to apply' if asks else 'Done'}: {annotation.description}"
    return edit


async def _means(ls: NearsideServer, document: Document, kind: Kind) -> tuple[Path, Means]:
    """Return the folder an action may look at, and what it may use there.

    A file outside of the project's folder is held against nothing but its grammar: its surroundings are
    nobody's project.
    """
    from actions.act import Means

    path, workspace = absolute_path(document.uri), ls.client.workspace
    settings, chats = ls.settings, await engine.for_chat(ls)
    local = cast(ChatEngine, chats) if chats and hasattr(chats, "chat") else None
    if workspace and not is_no_project(workspace) and path.is_relative_to(workspace):
        unsaved = await asyncio.to_thread(_unsaved, workspace, [(d.uri, d.text) for d in _open(ls)])
        escalation, ledger = ls.escalation, ls.outcomes.ledger
        return workspace, Means(
            workspace, settings, local, escalation.hosted, escalation.why_closed, unsaved,
            look=ls.project.ask, ledger=ledger,
            tools=await ls.mcp_tools.tools(workspace) if local and kind.checked != "same code" else (),
        )  # fmt: skip
    actions = settings.routing.actions
    checks = tuple(check for check in actions.checks if check == "parse")
    alone = replace(settings, routing=replace(settings.routing, actions=replace(actions, checks=checks)))
    why = f"{path.name} is not in the project's folder"
    return path.parent, Means(path.parent, alone, local, None, why, {path.name: document.text})


def _open(ls: NearsideServer) -> Sequence[Document]:
    return [one for one in ls.documents.values() if one.uri.startswith("file:") and not one.unfit]


def _unsaved(root: Path, texts: Sequence[tuple[str, str]]) -> Mapping[str, str | None]:
    """Return those texts that the disk does not have, by their path below `root`. Reads the files."""
    from actions.around import text_of  # here: no server needs it before its first action

    found: dict[str, str | None] = {}
    for uri, text in texts:
        file = absolute_path(uri)
        if file.is_relative_to(root) and text_of(file) != text:
            found[file.relative_to(root).as_posix()] = text
    return found


async def _changes(ls: NearsideServer, root: Path, running: Running, result: Result) -> Sequence[FileChange]:
    """Return what is to be changed. Raises NearsideError where a file is not what the model saw any more."""
    from actions.around import text_of

    changes = []
    for path, after in result.draft.texts.items():
        before, file = result.before[path], root / path
        open_ = next((one for one in ls.documents.values() if absolute_path(one.uri) == file), None)
        there, on_disk = await asyncio.to_thread(lambda file=file: (os.path.lexists(file), text_of(file)))
        asked = file == absolute_path(running.wanted.uri)
        if before is None and (there or open_):
            why = "was made meanwhile"
        elif asked and running.on_disk and not there:
            why = "was deleted or renamed meanwhile"
        elif (open_.text if open_ else on_disk) != before or (asked and open_ is not running.document):
            why = "was changed meanwhile; ask again"
        else:
            uri = open_.uri if open_ else from_fs_path(str(file)) or ""
            changes.append(FileChange(uri, open_.version if open_ else None, before, after))
            continue
        raise NearsideError(f"Nothing was changed, because {path} {why}.")
    return changes


def _annotation(title: str, result: Result) -> lsp.ChangeAnnotation:
    """Return what a client shows of a change before it makes it."""
    last = result.attempts[-1]
    checked = [SAID[step] for step in last.verdict.checked if step in SAID]
    proved = bool(PROOF.intersection(last.verdict.checked))
    if not proved:
        checked.append("not tested" if checked else "not checked")
    where = "hosted" if last.hosted else "local"
    return lsp.ChangeAnnotation(
        label=title,
        description=f"{last.model} · {where} · {', '.join(checked)}",
        needs_confirmation=not proved or last.hosted or len(result.draft.texts) > 1,
    )


def _ended(show: Shown, text: str) -> str:
    show.ending = "Nothing was changed."
    return text


def _tell(ls: NearsideServer, text: str) -> None:
    line = " ".join(text.split())
    line = line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
    log.info("Told the user: %s", line)
    ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, line))
