"""What an action is doing, as work-done progress that the user can cancel; a line of the log elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

PAUSE = 0.25
"""Seconds between two reports: who reads is no faster, and some clients redraw for each."""


class Shown:
    """One action's progress; called with a few words each time it turns to something else."""

    def __init__(self, ls: NearsideServer, token: str | None) -> None:
        self._ls, self._token = ls, token
        self._loop = asyncio.get_running_loop()
        self._next, self._last = "", float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self.ending = "Stopped."
        """What came of it."""

    def __call__(self, text: str) -> None:
        self._next = text
        if self._timer is None:
            wait = max(0.0, self._last + PAUSE - self._loop.time())
            self._timer = self._loop.call_later(wait, self._send)

    def _send(self) -> None:
        self._timer, self._last = None, self._loop.time()
        if self._token is None:
            self._ls.status.log(self._next)
        else:
            self._ls.work_done_progress.report(self._token, lsp.WorkDoneProgressReport(message=self._next))

    def end(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._token is not None:
            self._ls.work_done_progress.end(self._token, lsp.WorkDoneProgressEnd(message=self.ending))
            self._ls.work_done_progress.tokens.pop(self._token, None)


@asynccontextmanager
async def shown(ls: NearsideServer, title: str, on_cancel: Callable[[], None]) -> AsyncIterator[Shown]:
    """Show an action from its beginning to its end."""
    token = await ls.status.token()
    show = Shown(ls, token)
    if token is None:
        ls.status.log(title)
    else:
        progress = ls.work_done_progress
        progress.begin(token, lsp.WorkDoneProgressBegin(title=title, cancellable=True))
        progress.tokens[token].add_done_callback(lambda done: on_cancel() if done.cancelled() else None)
    try:
        yield show
    finally:
        show.end()
