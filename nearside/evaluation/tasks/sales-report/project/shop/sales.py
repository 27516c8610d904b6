"""One sale, and reading sales from a file of the till."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Sale:
    """`count` pieces of an article at `cents` each."""

    day: date
    shop: str
    article: str
    cents: int
    count: int = 1
    cancelled: bool = False


def read_sales(lines: Iterable[str]) -> list[Sale]:
    """Read the till's CSV: day, shop, article, price, count, and `x` where it was cancelled."""
    sales = []
    for row in csv.DictReader(lines):
        price = round(float(row["price"]) * 100)
        cancelled = row["cancelled"].strip() == "x"
        day = date.fromisoformat(row["day"])
        sales.append(Sale(day, row["shop"], row["article"], price, int(row["count"]), cancelled))
    return sales
