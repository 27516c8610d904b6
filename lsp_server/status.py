"""What the user hears: progress while the engine starts, each failure once, the rest in the log."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from inference.types import NearsideError

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.status")

PATIENCE = 3.0
"""Seconds a client gets for an answer; nothing of ours may depend on one that never comes."""
REPEAT_AFTER = 600.0
"""Seconds until the same line may be shown again after things had worked in between."""


class Status:
    """Tells one client how the engine is doing."""

    def __init__(self, ls: NearsideServer) -> None:
        self._ls = ls
        self._told: dict[str, float] = {}
        self._failing = False
        self._token: str | None = None

    @property
    def failing(self) -> bool:
        """Whether the engine failed last."""
        return self._failing

    def note(self, text: str) -> None:
        """Show a line the user has to act on, once."""
        if text not in self._told:
            self._show(text, lsp.MessageType.Warning)

    def failed(self, error: NearsideError) -> None:
        """Show why there are no suggestions, once until it is over; never once per keystroke."""
        text = str(error) or f"No suggestions: {type(error).__name__}. The log may say more."
        log.warning("The engine failed: %s", text)
        told = self._told.get(text)
        fresh = told is None or (not self._failing and time.monotonic() - told > REPEAT_AFTER)
        self._failing = True
        if fresh:
            self._show(text, lsp.MessageType.Error)

    def recovered(self) -> None:
        """Note that the engine answers again."""
        if self._failing:
            self._failing = False
            self.log("Suggestions are back.")

    def log(self, text: str) -> None:
        """Put a line into the client's log window."""
        log.info("%s", text)
        self._ls.window_log_message(lsp.LogMessageParams(lsp.MessageType.Info, text))

    @asynccontextmanager
    async def progress(self, title: str, done: str) -> AsyncIterator[None]:
        """Show work in progress where the client can, as lines in its log otherwise."""
        token = await self.token()
        if token is None:
            self.log(title)
            yield
            self.log(done)
            return
        show = self._ls.work_done_progress
        show.begin(token, lsp.WorkDoneProgressBegin(title=title, cancellable=False))
        self._token, message = token, "Stopped."
        try:
            yield
            message = done
        finally:
            self._token = None
            show.end(token, lsp.WorkDoneProgressEnd(message=message))
            show.tokens.pop(token, None)
            log.info("%s: %s", title, message)

    def report(self, text: str) -> None:
        """Say how the work in progress goes on."""
        if self._token is None:
            self.log(text)
            return
        log.info("%s", text)
        self._ls.work_done_progress.report(self._token, lsp.WorkDoneProgressReport(message=text))

    async def token(self) -> str | None:
        """Return a progress token the client agreed to; None where it shows no progress."""
        window = self._ls.client.capabilities.window
        if not (window and window.work_done_progress):
            return None
        token = f"nearside-{uuid.uuid4()}"
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ls.work_done_progress.create_async(token)
        except (JsonRpcException, TimeoutError):  # it said it could, and then would not
            return None
        return token

    def _show(self, text: str, kind: lsp.MessageType) -> None:
        self._told[text] = time.monotonic()
        log.warning("Told the user: %s", text)
        self._ls.window_show_message(lsp.ShowMessageParams(kind, text))
