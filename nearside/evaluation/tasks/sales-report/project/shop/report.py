"""Revenue by whatever the owners ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shop.sales import Sale

Column = Callable[[Sale], str]
"""What of a sale stands in a column of a printed report."""


class Report:
    """Sums of sales in cents. Cancelled sales count nowhere."""

    def __init__(self, sales: Iterable[Sale]) -> None:
        self._sales = list(sales)

    @property
    def total(self) -> int:
        """The revenue of everything."""
        return sum(sale.cents * sale.count for sale in self._sales if not sale.cancelled)

    def by_day(self) -> list[tuple[str, int]]:
        """Return the revenue of each day, the first day first."""
        totals: dict[str, int] = {}
        for sale in self._sales:
            if sale.cancelled:
                continue
            key = sale.day.isoformat()
            if key not in totals:
                totals[key] = 0
            totals[key] = totals[key] + sale.cents * sale.count
        rows = []
        for key in sorted(totals):
            rows.append((key, totals[key]))
        return rows

    def by_month(self) -> list[tuple[str, int]]:
        """Return the revenue of each month, the first month first."""
        totals: dict[str, int] = {}
        for sale in self._sales:
            if sale.cancelled:
                continue
            key = sale.day.strftime("%Y-%m")
            if key not in totals:
                totals[key] = 0
            totals[key] = totals[key] + sale.cents * sale.count
        rows = []
        for key in sorted(totals):
            rows.append((key, totals[key]))
        return rows

    def by_shop(self) -> list[tuple[str, int]]:
        """Return the revenue of each shop, in the order of their names."""
        totals: dict[str, int] = {}
        for sale in self._sales:
            if sale.cancelled:
                continue
            key = sale.shop
            if key not in totals:
                totals[key] = 0
            totals[key] = totals[key] + sale.cents * sale.count
        rows = []
        for key in sorted(totals):
            rows.append((key, totals[key]))
        return rows

    def by_article(self) -> list[tuple[str, int]]:
        """Return the revenue of each article, in the order of their names, whatever its case."""
        totals: dict[str, int] = {}
        for sale in self._sales:
            if sale.cancelled:
                continue
            key = sale.article.lower()
            if key not in totals:
                totals[key] = 0
            totals[key] = totals[key] + sale.cents * sale.count
        rows = []
        for key in sorted(totals):
            rows.append((key, totals[key]))
        return rows

    def best(self) -> str:
        """Return the shop with the most revenue, empty where nothing was sold."""
        shops = self.by_shop()
        return max(shops, key=lambda shop: shop[1])[0] if shops else ""


def printed(rows: Iterable[tuple[str, int]]) -> str:
    """Return rows as a table of two columns."""
    return "\n".join(f"{key:<12}{cents / 100:>10.2f}" for key, cents in rows)
