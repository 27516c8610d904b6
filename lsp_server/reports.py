"""Commands any client can run: why the last draft went where it did, what was spent, where the log is."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from inference.types import NearsideError
from lsp_server.session import NearsideServer  # by name: pygls reads the types of a command's parameters
from lsp_server.status import PATIENCE
from settings import paths
from settings.schema import Cost

log = logging.getLogger("nearside.reports")

WHY, REPORT, TEXT, LOG = "nearside.why", "nearside.costReport", "nearside.costText", "nearside.logFile"
DAYS = 30


async def why(ls: NearsideServer, *_: object) -> str:
    """Show, and return, why a hosted model was asked about the last draft of this session, or why not."""
    told = list(ls.escalation.told.values())
    if told:
        from inference.routing.reasons import sentence

        text = sentence(told[-1].decision)
    elif ls.settings.routing.mode == "local-only":
        text = "Every draft is kept local, because routing.mode is local-only: no hosted model is ever asked."
    else:
        text = "No draft was decided about yet: that happens when you pause, or ask by hand."
    ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, text))
    return text


async def cost_report(ls: NearsideServer, *_: object) -> str | None:
    """Write the page of the last 30 days and have the client open it; return where it is."""
    try:
        page = await asyncio.to_thread(_write, ls.settings.cost)
    except (NearsideError, OSError) as error:
        ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"No report: {error}"))
        return None
    uri = page.as_uri()
    window = ls.client.capabilities.window
    if window and window.show_document and window.show_document.support:
        try:
            async with asyncio.timeout(PATIENCE):
                shown = await ls.window_show_document_async(lsp.ShowDocumentParams(uri, external=True))
            if shown.success:
                return uri
        except (JsonRpcException, TimeoutError):
            log.info("The client would not open %s", uri)
    ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, f"The report is in {page}"))
    return uri


async def cost_text(ls: NearsideServer, *_: object) -> str:
    """Return the tables of the last 30 days as text, for clients that show them themselves."""
    try:
        return await asyncio.to_thread(_text, ls.settings.cost)
    except (NearsideError, OSError) as error:
        raise JsonRpcException(f"No report: {error}") from None


async def log_file(ls: NearsideServer, *_: object) -> str:
    """Return where the log is."""
    return str(await asyncio.to_thread(paths.log_file, ls.settings))


def _text(cost: Cost) -> str:
    from inference.cost.report import from_ledger
    from inference.cost.tables import aligned, of_report

    return "\n\n".join(map(aligned, of_report(from_ledger(paths.ledger_file(), cost, DAYS))))


def _write(cost: Cost) -> Path:
    from inference.cost.html import report_page
    from inference.cost.report import from_ledger
    from inference.cost.tables import of_report

    found = from_ledger(paths.ledger_file(), cost, DAYS)
    page = paths.state_dir() / "cost.html"
    page.write_text(report_page(found, of_report(found)), encoding="utf-8")
    return page
