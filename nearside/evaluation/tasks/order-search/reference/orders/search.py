"""Finding orders."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

COLUMNS = ("id", "article", "placed", "cents")


@dataclass(frozen=True)
class Order:
    """One order; `placed` is an ISO date."""

    id: int
    article: str
    placed: str
    cents: int


def search(
    connection: sqlite3.Connection,
    customer: int,
    text: str = "",
    *,
    order_by: str = "placed",
    direction: str = "asc",
    limit: int = 50,
) -> list[Order]:
    """Return a customer's orders whose article holds `text`, whatever its case.

    They come in the order of a column, "asc" or "desc", whatever the case of both, and by number where that
    is the same.
    """
    if order_by.lower() not in COLUMNS:
        raise ValueError(f"orders have no column {order_by!r}")
    if direction.lower() not in ("asc", "desc"):
        raise ValueError(f"there is no direction {direction!r}")
    statement = f"SELECT {', '.join(COLUMNS)} FROM orders WHERE customer = ?"
    values: list[object] = [customer]
    if text:
        statement += " AND article LIKE ? ESCAPE '!'"
        for character in "!%_":
            text = text.replace(character, f"!{character}")
        values.append(f"%{text}%")
    statement += f" ORDER BY {order_by} {direction}, id LIMIT ?"
    return [Order(*row) for row in connection.execute(statement, (*values, limit))]


def total(orders: list[Order]) -> int:
    """Return the cents of several orders."""
    return sum(order.cents for order in orders)
