"""The session's ledger: opened and closed as the settings say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from inference.ledger import Ledger
from settings import paths

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer


async def follow(ls: NearsideServer) -> None:
    """Open the ledger or close it."""
    if not ls.settings.ledger.enabled:
        await stop(ls)
    elif ls.outcomes.ledger is None:
        loop = asyncio.get_running_loop()
        file = await asyncio.to_thread(paths.ledger_file)
        ledger = Ledger(file, lambda note: loop.call_soon_threadsafe(ls.status.note, note))
        ls.outcomes.ledger = ledger
        ls.gate.recall(await asyncio.to_thread(ledger.recent_outcomes, ls.outcomes.project))


async def stop(ls: NearsideServer) -> None:
    """Write what is left and close the ledger."""
    ledger, ls.outcomes.ledger = ls.outcomes.ledger, None
    if ledger:
        await asyncio.to_thread(ledger.close)
