"""A user's budget for hosted models, checked where money is spent: reserve, call, then settle.

Days and months are those of the user's calendar. All functions here wait for the disk: not for an event loop.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from inference import calls
from inference.calls import Call, LedgerUnusable
from inference.cost.prices import Tokens, UnknownPrice, price, source
from inference.types import NearsideError
from settings.schema import Price, Routing

log = logging.getLogger("nearside.spending")

FORGOTTEN = 7200.0
"""Seconds after which nobody can still be waiting for a call: twice the longest cloud.timeout."""
CLOCK_BEHIND = 31 * 86_400.0
"""A clock that is behind the newest call by less was set back: the call counts as made after that one. Behind
by more, that call came from a clock that was wrong, and counts as spent all the same."""


REFUSED_SECONDS = 60.0
"""How long the money of a call that was not charged stays aside: in a storm of refusals and retries no more
requests go out than there is money for, whatever a provider says that it charges."""


class BudgetSpent(NearsideError):
    """What a call may cost does not fit into what is left."""


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be spent, in US dollars; below 0 where a budget was lowered."""

    day: Decimal
    month: Decimal

    @property
    def least(self) -> Decimal:
        return min(self.day, self.month)

    @property
    def name(self) -> str:
        """The setting that has less left."""
        return "daily_budget" if self.day <= self.month else "monthly_budget"


@dataclass(frozen=True, slots=True)
class Purse:
    """One user's money. Any number of processes and threads may hold the same."""

    file: Path
    """The ledger."""
    daily: Decimal
    monthly: Decimal
    prices: Sequence[Price] = ()
    now: Callable[[], float] = field(default=time.time)

    @staticmethod
    def of(file: Path, routing: Routing, prices: Sequence[Price] = ()) -> Purse:
        return Purse(file, routing.daily_budget, routing.monthly_budget, prices)

    def reserve(
        self,
        provider: str,
        model: str,
        most: Tokens,
        *,
        project: str = "",
        purpose: str = "completion",
        suggestion: str = "",
    ) -> Call:
        """Write down what a call may cost at most, and return it; only then may it be made.

        `most` is the input as it can come to at most, and the longest output. Raises UnknownPrice,
        BudgetSpent and LedgerUnusable; then nothing may be sent.
        """
        at = self.now()
        worst = self._worst(provider, model, most)
        came_from = str(source(model, provider, self.prices))
        with calls.opened(self.file) as ledger, calls.transaction(ledger):
            self._reconcile(ledger, at)
            left = self._left(ledger, at)
            if worst > left.least:
                raise _spent(worst, left)
            aside = calls.refused(ledger, at - REFUSED_SECONDS)
            if worst > left.least - aside:
                raise BudgetSpent(
                    f"The hosted model was not asked, because ${_money(aside)} of the budget stays aside for "
                    f"a minute after requests that failed; try again then, or raise routing.{left.name}."
                )
            [newest] = ledger.execute("SELECT max(time) FROM calls WHERE time > ?", (at,)).fetchone()
            if newest is not None and newest - at < CLOCK_BEHIND:
                at = newest
            call = Call(
                uuid.uuid4().hex, at, project, provider, model, worst, purpose, suggestion, price=came_from
            )
            calls.reserve(ledger, call)
        return call

    def settle(self, call: Call, used: Tokens) -> Decimal | None:
        """Put what a call really cost in place of its reservation; return it in US dollars.

        A ledger that cannot be written keeps the reservation, which counts for more; so does a call whose
        usage has no price.
        """
        try:
            cost = price(call.model, call.provider, used, self.prices)
        except UnknownPrice as error:
            log.warning("%s", error)
            return self.lose(call)
        if cost > call.reserved:
            log.warning("A call cost $%s, more than the $%s reserved", cost, call.reserved)
        self._noted(lambda ledger: calls.settle(ledger, call.id, cost, used))
        return cost

    def release(self, call: Call) -> None:
        """Note that a call was certainly not charged."""
        self._noted(lambda ledger: calls.release(ledger, call.id))

    def lose(self, call: Call, most: Tokens | None = None) -> None:
        """Note that nobody knows what a call cost: its reservation goes on counting, or what the most that it
        can have used costs, where that is less."""
        at_most = call.reserved
        if most:
            with contextlib.suppress(UnknownPrice):
                at_most = min(at_most, price(call.model, call.provider, most, self.prices))
        self._noted(lambda ledger: calls.lose(ledger, call.id, at_most))

    def left(self) -> Left:
        """Return what may still be spent now. Raises LedgerUnusable."""
        if not self.file.exists():
            return Left(self.daily, self.monthly)
        with calls.read(self.file, "What is left of the budget is unknown") as ledger:
            return self._left(ledger, self.now())

    def _worst(self, provider: str, model: str, most: Tokens) -> Decimal:
        """Return the highest price the call can come to: writing to a cache may cost more than reading."""
        written = Tokens(most.input, most.output, 0, most.input)
        plain = Tokens(most.input, most.output)
        return max(price(model, provider, one, self.prices) for one in (plain, written))

    def _left(self, ledger: sqlite3.Connection, at: float) -> Left:
        day, month = starts(at)
        return Left(self.daily - calls.spent(ledger, day), self.monthly - calls.spent(ledger, month))

    def _reconcile(self, ledger: sqlite3.Connection, at: float) -> None:
        """Have calls whose process died waiting count as lost."""
        ledger.execute(
            "UPDATE calls SET state = 'lost', ended = ? WHERE state = 'reserved' AND time < ?",
            (at, at - FORGOTTEN),
        )

    def _noted(self, write: Callable[[sqlite3.Connection], None]) -> None:
        try:
            with calls.opened(self.file, "What the hosted model cost was not written down") as ledger:
                write(ledger)
        except LedgerUnusable as error:
            log.warning("%s", error)


def starts(at: float) -> tuple[float, float]:
    """Return when the day and the month of a moment began where the user is, as seconds since 1970."""
    midnight = datetime.fromtimestamp(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp(), midnight.replace(day=1).timestamp()


def _spent(worst: Decimal, left: Left) -> BudgetSpent:
    return BudgetSpent(
        f"The hosted model was not asked, because that may cost ${_money(worst)} and "
        f"${_money(max(Decimal(0), left.least))} is left of routing.{left.name}; the local model goes on, "
        "or raise it."
    )


def _money(amount: Decimal) -> str:
    return f"{amount:.4f}" if amount and amount < 1 else f"{amount:.2f}"
