"""nearside/status, a notification of our own: what a status bar shows of the model, the index and the money.

Looked up once a second for clients that announced that they show it, and sent when something of it changed.
"""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from inference.types import NearsideError

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.figures")

STATUS = "nearside/status"
SHOWS = "showsStatus"
EVERY = 1.0
"""Seconds between two looks."""
MONEY_EVERY = 10
"""Looks between two readings of what was spent, which other sessions spend too."""


async def tell(ls: NearsideServer) -> None:
    """Send the figures at each change, as long as the session lasts."""
    sent: dict[str, Any] = {}
    spent: dict[str, str] | None = None
    looks = 0
    while True:
        if looks % MONEY_EVERY == 0:
            spent = await _spent(ls)
        now = {**figures(ls), "spent": spent}
        if now != sent:
            ls.protocol.notify(STATUS, now)
            sent = now
        looks += 1
        await asyncio.sleep(EVERY)


def figures(ls: NearsideServer) -> dict[str, Any]:
    """Return `{engine, model, hosted, enabled, index: {state, done, total}}`.

    engine is "loading", "ready" or "failed"; hosted is the hosted model that may be asked, or empty;
    state is "off", "reading" or "ready"; done and total count what the index is made of, 0 where unknown.
    """
    hosted = ls.escalation.hosted
    engine = "failed" if ls.status.failing else "ready" if ls.info else "loading"
    done, total = (int(ls.indexing.state.get(name) or 0) for name in ("done", "total"))
    state = "ready" if ls.project.ready else "reading" if ls.project.on else "off"
    return {
        "engine": engine,
        "model": ls.info.model if ls.info else "",
        "hosted": hosted.model if hosted else "",
        "enabled": ls.settings.completion.enabled,
        "index": {"state": state, "done": done, "total": total},
    }


async def _spent(ls: NearsideServer) -> dict[str, str] | None:
    """Return what hosted models cost today and may cost in a day, in US dollars; None where none is asked."""
    hosted = ls.escalation.hosted
    if hosted is None:
        return None
    budget: Decimal = ls.settings.routing.daily_budget
    try:
        left = await asyncio.to_thread(hosted.left)
    except NearsideError as error:
        log.info("What was spent is unknown: %s", error)
        return None
    return {"today": str(max(Decimal(0), budget - left.day)), "budget": str(budget)}
