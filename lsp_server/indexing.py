"""The first reading of a workspace as the user sees it: one progress bar, only where it takes a while."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.indexing")

WORTH_SHOWING = 2.0
"""Seconds of work left from which a bar is shown: what is over sooner only flickers."""
BETWEEN = 0.5
"""Seconds between two reports to the client."""
TITLE = "Nearside: reading the project"


class Indexing:
    """Shows one client how far the index is."""

    def __init__(self, ls: NearsideServer) -> None:
        self._ls = ls
        self._token: str | None = None
        self._opening: asyncio.Task[None] | None = None
        self._reported = 0.0
        self.state: dict[str, Any] = {}
        """What the process said last, for a status line."""

    def report(self, params: dict[str, Any]) -> None:
        """Take note how far the work is: stage, done, total, seconds_left (None: unknown)."""
        self.state = params
        left = params.get("seconds_left")
        if self._token is None:
            long = left is None or left >= WORTH_SHOWING
            if long and params.get("total") and self._opening is None:
                self._opening = self._ls.run_in_background(self._open())
            return
        if time.monotonic() - self._reported < BETWEEN:
            return
        self._reported = time.monotonic()
        done, total = int(params.get("done", 0)), int(params.get("total", 0))
        message = f"{params.get('stage', '')} {done} of {total}" + (f", {left:.0f} s left" if left else "")
        percentage = min(100, 100 * done // total) if total else None
        report = lsp.WorkDoneProgressReport(message=message.strip(), percentage=percentage)
        self._ls.work_done_progress.report(self._token, report)

    def done(self, message: str = "") -> None:
        """End the bar."""
        self.state = {}
        if self._opening:
            self._opening.cancel()
            self._opening = None
        token, self._token = self._token, None
        if token:
            show = self._ls.work_done_progress
            show.end(token, lsp.WorkDoneProgressEnd(message=message or None))
            show.tokens.pop(token, None)
        if message:
            log.info("%s", message)

    async def _open(self) -> None:
        token = await self._ls.status.token()
        if token:
            begin = lsp.WorkDoneProgressBegin(title=TITLE, cancellable=False, percentage=0)
            self._ls.work_done_progress.begin(token, begin)
            self._token = token
