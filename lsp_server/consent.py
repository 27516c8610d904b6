"""The question whether a project may loosen the user's settings: asked in the editor, once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from settings import trust
from settings.layers import Refused

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.consent")

ALLOW, LATER, NEVER = "Allow", "Not now", "Never for these settings"
MOST_NAMED = 6
"""Settings named in the question; the rest is counted."""


def wanted(ls: NearsideServer, refused: Refused) -> bool:
    """Tell whether to ask: not while a question is open, nor again in this session, nor after a no."""
    if ls.client.workspace is None:
        return False
    return refused.settings not in ls.consent_asked and not trust.declined(
        ls.client.workspace, refused.file.table
    )


async def ask(ls: NearsideServer, refused: Refused) -> None:
    """Ask, keep the answer outside the project, and load the settings anew where it was yes."""
    from lsp_server.configuration import load  # which asks here

    workspace = ls.client.workspace
    if workspace is None:
        return
    ls.consent_asked.add(refused.settings)
    actions = [lsp.MessageActionItem(title) for title in (ALLOW, LATER, NEVER)]
    params = lsp.ShowMessageRequestParams(lsp.MessageType.Warning, _question(refused), actions)
    try:
        answer = await ls.window_show_message_request_async(params)
    except JsonRpcException:
        ls.status.note(refused.note)
        return
    title = answer.title if isinstance(answer, lsp.MessageActionItem) else LATER
    log.info("Whether %s may set %s: %s", refused.file.path, ", ".join(refused.settings), title)
    try:
        if title == ALLOW:
            await asyncio.to_thread(trust.grant, workspace, refused.file.table)
        elif title == NEVER:
            await asyncio.to_thread(trust.decline, workspace, refused.file.table)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        ls.status.note(f"Your answer was not kept, because its file cannot be written ({reason}).")
    if title == ALLOW:
        await load(ls)


def _question(refused: Refused) -> str:
    named = ", ".join(refused.settings[:MOST_NAMED])
    if (rest := len(refused.settings) - MOST_NAMED) > 0:
        named += f" and {rest} more"
    return (
        f"Nearside: {refused.file.path.name} of this project wants to set {named}, which loosens your "
        "settings. Read the file first. Until you allow it, only what tightens them is used."
    )
