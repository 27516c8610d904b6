"""Requests to hosted models in the ledger: reserved and on the disk before they leave, then settled.

Money is US dollars, kept as whole picodollars so that sums are exact. Whoever asks a hosted model checks and
reserves in one `transaction`, because other processes spend from the same budget.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Literal

from inference import ledger_file
from inference.cost.prices import Tokens
from inference.types import NearsideError

PICO = Decimal(10) ** 12
"""A price per million tokens with six places after the point is a whole number of these per token."""
MOST = Decimal(9_000_000)
"""US dollars that fit an INTEGER column."""

State = Literal["reserved", "settled", "released", "lost"]
"""On its way; paid for; certainly not charged; sent, and what was charged is unknown."""


class LedgerUnusable(NearsideError):
    """What is spent cannot be written down, or what was spent cannot be read."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a hosted model; a retry is a call of its own."""

    id: str
    time: float
    """Seconds since 1970."""
    project: str
    provider: str
    model: str
    reserved: Decimal
    """The most it may cost, in US dollars."""
    purpose: str = ""
    """What it is for: 'completion', or an action's kind."""
    suggestion: str = ""
    """The local suggestion it was to better, if any."""
    state: State = "reserved"
    cost: Decimal | None = None
    price: str = ""
    """Where the price came from."""
    tokens: Tokens = Tokens()

    @property
    def spent(self) -> Decimal:
        """What counts against a budget: the reservation until the cost is known."""
        if self.state == "released":
            return Decimal(0)
        return self.reserved if self.cost is None else self.cost


@contextlib.contextmanager
def opened(path: Path, undone: str = "The hosted model was not asked") -> Iterator[sqlite3.Connection]:
    """Give a connection whose commits are on the disk when they return. Raises LedgerUnusable."""
    with (
        _told(path, undone),
        ledger_file.translated(),
        contextlib.closing(ledger_file.open_ledger(path)) as connection,
    ):
        connection.execute("PRAGMA synchronous = FULL")
        yield connection


@contextlib.contextmanager
def read(path: Path, undone: str) -> Iterator[sqlite3.Connection]:
    """Give a connection for reading a ledger that exists. Raises LedgerUnusable."""
    with _told(path, undone), ledger_file.reading(path) as connection:
        yield connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the file for writing, so that nobody spends between a look at the sum and a reservation."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def reserve(connection: sqlite3.Connection, call: Call) -> None:
    """Write down a call before it is made."""
    tokens = call.tokens
    connection.execute(
        "INSERT INTO calls (id, time, project, provider, model, purpose, suggestion, state, reserved, price, "
        "input_tokens, cache_read_tokens, cache_write_tokens, output_tokens) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'reserved', ?, ?, ?, ?, ?, ?)",
        (
            *(call.id, call.time, call.project, call.provider, call.model, call.purpose, call.suggestion),
            *(pico(call.reserved), call.price),
            *(tokens.input, tokens.cache_read, tokens.cache_write, tokens.output),
        ),
    )


def settle(connection: sqlite3.Connection, id: str, cost: Decimal, tokens: Tokens) -> None:
    """Put what a call came to in place of its reservation."""
    connection.execute(
        "UPDATE calls SET state = 'settled', cost = ?, input_tokens = ?, cache_read_tokens = ?, "
        "cache_write_tokens = ?, output_tokens = ?, ended = ? WHERE id = ?",
        (pico(cost), tokens.input, tokens.cache_read, tokens.cache_write, tokens.output, time.time(), id),
    )


def release(connection: sqlite3.Connection, id: str) -> None:
    """Note that a call was certainly not charged."""
    connection.execute("UPDATE calls SET state = 'released', ended = ? WHERE id = ?", (time.time(), id))


def lose(connection: sqlite3.Connection, id: str, most: Decimal) -> None:
    """Note that nobody knows what was charged for a call, and the most that it can be."""
    connection.execute(
        "UPDATE calls SET state = 'lost', reserved = ?, ended = ? WHERE id = ?", (pico(most), time.time(), id)
    )


def spent(connection: sqlite3.Connection, since: float, project: str | None = None) -> Decimal:
    """Return the US dollars that count against a budget since a moment, of one project or of all."""
    [total] = connection.execute(
        "SELECT sum(COALESCE(cost, reserved)) FROM calls "
        "WHERE time >= ? AND (? IS NULL OR project = ?) AND state <> 'released'",
        (since, project, project),
    ).fetchone()
    return Decimal(total or 0) / PICO


def refused(connection: sqlite3.Connection, since: float) -> Decimal:
    """Return the US dollars reserved for calls that have turned out not to be charged since a moment."""
    [total] = connection.execute(
        "SELECT sum(reserved) FROM calls WHERE state = 'released' AND ended >= ?", (since,)
    ).fetchone()
    return Decimal(total or 0) / PICO


def since(connection: sqlite3.Connection, start: float, project: str | None = None) -> list[Call]:
    """Return the calls since a moment, oldest first."""
    rows = connection.execute(
        "SELECT id, time, project, provider, model, reserved, purpose, suggestion, state, cost, price, "
        "input_tokens, output_tokens, cache_read_tokens, cache_write_tokens FROM calls "
        "WHERE time >= ? AND (? IS NULL OR project = ?) ORDER BY time, id",
        (start, project, project),
    )
    return [
        Call(
            *row[:5],
            reserved=Decimal(row[5]) / PICO,
            purpose=row[6],
            suggestion=row[7],
            state=row[8],
            cost=None if row[9] is None else Decimal(row[9]) / PICO,
            price=row[10],
            tokens=Tokens(*row[11:]),
        )
        for row in rows
    ]


def pico(dollars: Decimal) -> int:
    """Return whole picodollars; what is left over counts as one more. Raises ValueError beyond what fits."""
    if not 0 <= dollars <= MOST:
        raise ValueError(f"{dollars} US dollars are no cost of one call")
    return int((dollars * PICO).to_integral_value(ROUND_CEILING))


@contextlib.contextmanager
def _told(path: Path, undone: str) -> Iterator[None]:
    try:
        yield
    except (ledger_file.Newer, ledger_file.Damaged, sqlite3.Error, OSError) as error:
        raise LedgerUnusable(f"{undone}, because {ledger_file.trouble(error, path)}.") from error
