"""Asking the hosted model a task: it is prepared, its money put aside, and the answer's secrets put back.

This is what the router and the editor's server call; there is no way round any of these steps.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

from inference.cloud.ask import Asked, ask
from inference.cloud.opening import clouds_of
from inference.cloud.types import Delta, Deltas
from inference.outbound.audit import AuditLog, audit_log
from inference.outbound.redact import Vault
from inference.outbound.request import OutboundTask, prepare
from inference.outbound.rules import Rules
from inference.spending import Left, Purse
from settings import paths
from settings.schema import Settings

MOST_KEPT = 1000
"""Secrets a project's vault grows to; then a new one begins, and with it new placeholders."""


class Hosted:
    """The hosted model as one project's settings allow it.

    Make a new one when the settings change, and close the old one. The vault holds the secrets of this
    project as long as this lives, so that one secret has the same placeholder in every request.
    """

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        *,
        vault: Vault | None = None,
        ledger: Path | None = None,
        log: AuditLog | None = None,
    ) -> None:
        """`rules` say which of the project's files may leave; those of cloud.never_send are added to them.

        Nothing is imported, connected or written here. Raises CloudOff where the settings allow none.
        """
        self._clouds = clouds_of(settings)
        self._cloud = settings.cloud
        globs = dict.fromkeys((*rules.never_send, *settings.cloud.never_send))
        self._rules = replace(rules, never_send=tuple(globs))
        self._vault = vault or Vault()
        self._log = log or audit_log(settings.cloud.keep_text)
        self._purse = Purse.of(ledger or paths.ledger_file(), settings.routing, settings.cost.prices)

    @property
    def model(self) -> str:
        """The model that is asked first, as its provider names it."""
        return self._cloud.model

    def why_not(self, path: str) -> str:
        """Return why the text of a file may not leave; empty where it may. Looks at the disk."""
        return self._rules.why_not(path)

    def left(self) -> Left:
        """Return what may still be spent. Reads the ledger; raises LedgerUnusable."""
        return self._purse.left()

    async def answer(
        self, task: OutboundTask, *, max_tokens: int, deadline: float = 0.0, suggestion: str = ""
    ) -> Deltas:
        """Stream the answer to a task, with its secrets put back.

        `deadline` is in seconds, retries and waits included; 0, or more than that, is cloud.timeout.
        `suggestion` is the local suggestion in the ledger that the answer is to better. The last delta has
        `finish`, `model`, and `tokens` and `cost` (US dollars) where the provider told its usage; everything
        else only has text.

        Raises nothing but NearsideErrors, each one line for the user: WillNotSend where the request stays
        here, BudgetSpent, UnknownPrice and LedgerUnusable where no money may be spent, and the CloudErrors of
        types.py. Closing the iterator, or cancelling who waits, closes the connection within a second.
        """
        allowed = float(self._cloud.timeout)
        asked = Asked(
            max_tokens=max_tokens,
            deadline=min(deadline, allowed) if deadline > 0 else allowed,
            retries=self._cloud.retries,
            project=task.project,
            purpose=task.purpose,
            suggestion=suggestion,
        )
        if len(self._vault) > MOST_KEPT:
            self._vault = Vault()
        outbound = await asyncio.to_thread(
            prepare, task, self._rules, self._vault, self._log, redaction=self._cloud.redaction
        )
        restorer = outbound.restorer()
        async with contextlib.aclosing(ask(self._clouds, outbound, self._purse, asked)) as deltas:
            async for delta in deltas:
                if delta.finish:
                    text = restorer.feed(delta.text) + restorer.finish()
                    yield replace(delta, text=text)
                elif text := restorer.feed(delta.text):
                    yield Delta(text)

    async def close(self) -> None:
        """Close the connections that wait for a next request."""
        for cloud in self._clouds:
            await cloud.close()
