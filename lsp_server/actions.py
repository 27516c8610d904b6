"""textDocument/codeAction, codeAction/resolve and the command nearside.act.

What is offered is decided without a model; nothing runs before somebody chooses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from actions.kinds import KINDS, Kind
from lsp_server import action_run, engine
from lsp_server.action_edit import Abilities
from lsp_server.action_wanted import Wanted, lines_of, wanted_of, why_no_model, why_none
from lsp_server.configuration import plain
from lsp_server.documentation import offered
from lsp_server.documents import Document
from lsp_server.session import NearsideServer  # by name: pygls reads the types of a command's parameters

if TYPE_CHECKING:
    from actions.place import Outline, Place

ACT, INSTRUCT = "nearside.act", "nearside.instruct"
"""Run by the server, and by clients that ask their user for an instruction and then run the first."""
MOST_DIAGNOSTICS = 5
"""That are offered to be fixed at one place."""
IMPATIENT = ("eglot", "emacs", "helix")
"""Clients that wait 10 or 20 seconds for an answer: their actions are not resolved but begun by a command."""
FAILED_TEST = re.compile(r"pytest|unittest|neotest|jest|vitest|mocha|go test|cargo test", re.IGNORECASE)
"""Who reports tests that failed as diagnostics."""
OPTIONS = lsp.CodeActionOptions(
    code_action_kinds=[*dict.fromkeys(lsp.CodeActionKind(kind.lsp_kind) for kind in KINDS.values())],
    resolve_provider=True,
)


async def code_action(ls: NearsideServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction | lsp.Command]:
    """Return what can be done at a range."""
    document = ls.documents.get(params.text_document.uri)
    kinds = [kind for kind in KINDS.values() if _asked_for(kind, params.context.only)]
    if document is None or not kinds:
        return []
    by_hand = params.context.trigger_kind != lsp.CodeActionTriggerKind.Automatic
    docs = await offered(ls, document.uri, params.range.start) if by_hand and not params.context.only else []
    if why := why_none(ls, document):
        if ls.info is None:
            engine.meet(ls)
        lacking = why == why_no_model(ls)
        said = lacking and by_hand and _can(ls, "disabled_support")
        return [*docs, _disabled(kinds[0], why)] if said else docs
    outline = await ls.outlines.of(document, by_hand=by_hand)
    if outline is None or ls.documents.get(document.uri) is not document:
        return docs
    wanted = _offered(ls, document, outline, params, kinds, by_hand)
    return [*(_as_action(ls, one, diagnostic) for one, diagnostic in wanted), *docs]


async def resolve(ls: NearsideServer, action: lsp.CodeAction) -> lsp.CodeAction:
    """Run an action and return it with its edit; without one where the user was told that none came of it."""
    wanted = wanted_of(plain(action.data))
    if wanted and action.edit is None and action.command is None:
        action.edit = await action_run.run(ls, wanted, in_action=True)
    return action


async def act(ls: NearsideServer, *arguments: object) -> bool:
    """Begin an action; its edit follows in a request of its own. Return whether it was begun.

    Takes `{kind, uri, range, version?, instruction?, problem?}`.
    """
    given = arguments[0] if arguments else None
    wanted = wanted_of(plain(given[0] if isinstance(given, (list, tuple)) and given else given))
    why = "its argument is not what docs/editors.md says" if wanted is None else ""
    if wanted and wanted.kind.instruction and not wanted.instruction.strip():
        why = f"{wanted.kind.name} needs an instruction"
    if wanted is None or why:
        line = f"Nothing was begun, because {why}; give it one."
        ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, line))
        return False
    document = ls.documents.get(wanted.uri)
    if document and not wanted.name and (outline := await ls.outlines.of(document, by_hand=True)):
        from actions.place import place

        wanted = replace(wanted, name=place(outline, *lines_of(ls, document, wanted.range)).name)
    ls.run_in_background(action_run.run_and_apply(ls, wanted))
    return True


def _offered(
    ls: NearsideServer,
    document: Document,
    outline: Outline,
    params: lsp.CodeActionParams,
    kinds: Sequence[Kind],
    by_hand: bool,
) -> Iterator[tuple[Wanted, lsp.Diagnostic | None]]:
    from actions.place import place

    lines = lines_of(ls, document, params.range)
    here = place(outline, *lines)
    selected = params.range.start != params.range.end
    workspace = ls.client.capabilities.workspace
    edits = _resolves(ls) or bool(workspace and workspace.apply_edit)
    for kind in kinds:
        if kind.checked != "nothing" and not edits:
            continue
        wanted = Wanted(kind, document.uri, params.range, document.version, name=here.name or "these lines")
        if kind.where in ("diagnostic", "test"):
            for diagnostic in params.context.diagnostics[:MOST_DIAGNOSTICS]:
                of_test = FAILED_TEST.search(diagnostic.source or "") is not None
                if of_test == (kind.where == "test"):
                    problem = _problem(diagnostic)
                    name = here.test or diagnostic.message.partition("\n")[0][:60]
                    yield replace(wanted, range=diagnostic.range, problem=problem, name=name), diagnostic
            if kind.where == "test" and here.test:
                yield replace(wanted, name=here.test), None
        elif _applies(ls, kind, here, selected, by_hand):
            yield wanted, None


def _applies(ls: NearsideServer, kind: Kind, here: Place, selected: bool, by_hand: bool) -> bool:
    """Tell whether an action that needs neither a diagnostic nor a test applies to what is here."""
    from actions.place import FUNCTIONS

    if kind.instruction and not ls.client.says("asksInstruction"):
        return False
    if kind.where == "symbol":
        return bool(here.name)
    if kind.where == "selection":
        return bool(here.name) or selected
    if here.kind not in FUNCTIONS or here.test:
        return False
    if kind.name == "implement":
        return by_hand or not here.written
    if kind.name == "write-tests":
        return here.written and Abilities.of(ls.client.capabilities, in_action=True).creates
    return here.written


def _as_action(
    ls: NearsideServer, wanted: Wanted, diagnostic: lsp.Diagnostic | None
) -> lsp.CodeAction | lsp.Command:
    """Return what a menu shows: with data to be resolved, or with a command where that cannot be."""
    kind = wanted.kind
    title = wanted.title + (" …" if kind.instruction else "")
    data: dict[str, Any] = {
        "kind": kind.name,
        "uri": wanted.uri,
        "version": wanted.version,
        "range": _plain_range(wanted.range),
        "problem": wanted.problem,
        "name": wanted.name,
    }
    about = [diagnostic] if diagnostic else None
    resolves = kind.checked != "nothing" and not kind.instruction and _resolves(ls)
    if resolves:
        return lsp.CodeAction(title, lsp.CodeActionKind(kind.lsp_kind), about, data=data)
    name = INSTRUCT if kind.instruction else ACT
    asks = {"prompt": kind.instruction} if kind.instruction else {}
    command = lsp.Command(title, name, arguments=[{**data, **asks}])
    if not _can(ls, "code_action_literal_support"):
        return command
    return lsp.CodeAction(title, lsp.CodeActionKind(kind.lsp_kind), about, command=command)


def _disabled(kind: Kind, why: str) -> lsp.CodeAction:
    reason = f"Nearside offers no actions, because {why}."
    return lsp.CodeAction(
        "Nearside's actions", lsp.CodeActionKind(kind.lsp_kind), disabled=lsp.CodeActionDisabled(reason)
    )


def _asked_for(kind: Kind, only: Sequence[lsp.CodeActionKind | str] | None) -> bool:
    """Tell whether a client that wants only some kinds wants this one; kinds are paths with dots."""
    if only is None:
        return True
    wanted = [one.value if isinstance(one, lsp.CodeActionKind) else str(one) for one in only]
    return any(not one or f"{kind.lsp_kind}.".startswith(f"{one}.") for one in wanted)


def _can(ls: NearsideServer, ability: str) -> bool:
    document = ls.client.capabilities.text_document
    action = document.code_action if document else None
    return bool(action and getattr(action, ability))


def _resolves(ls: NearsideServer) -> bool:
    document = ls.client.capabilities.text_document
    action = document.code_action if document else None
    if action is None or not action.data_support or action.resolve_support is None:
        return False
    return "edit" in action.resolve_support.properties and not ls.client.name.lower().startswith(IMPATIENT)


def _problem(diagnostic: lsp.Diagnostic) -> str:
    """Return what another server says, as a compiler would print it."""
    code = f" [{diagnostic.code}]" if diagnostic.code is not None else ""
    source = f" ({diagnostic.source})" if diagnostic.source else ""
    return f"{diagnostic.message}{code}{source}"


def _plain_range(span: lsp.Range) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": span.start.line, "character": span.start.character},
        "end": {"line": span.end.line, "character": span.end.character},
    }
