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
        return self._totals(lambda sale: sale.day.isoformat())

    def by_month(self) -> list[tuple[str, int]]:
        """Return the revenue of each month, the first month first."""
        return self._totals(lambda sale: sale.day.strftime("%Y-%m"))

    def by_shop(self) -> list[tuple[str, int]]:
        """Return the revenue of each shop, in the order of their names."""
        return self._totals(lambda sale: sale.shop)

    def by_article(self) -> list[tuple[str, int]]:
        """Return the revenue of each article, in the order of their names, whatever its case."""
        return self._totals(lambda sale: sale.article.lower())

    def _totals(self, key: Callable[[Sale], str]) -> list[tuple[str, int]]:
        totals: dict[str, int] = {}
        for sale in self._sales:
            if not sale.cancelled:
                totals[key(sale)] = totals.get(key(sale), 0) + sale.cents * sale.count
        return sorted(totals.items())

    def best(self) -> str:
        """Return the shop with the most revenue, empty where nothing was sold."""
        shops = self.by_shop()
        return max(shops, key=lambda shop: shop[1])[0] if shops else ""


def printed(rows: Iterable[tuple[str, int]]) -> str:
    """Return rows as a table of two columns."""
    return "\n".join(f"{key:<12}{cents / 100:>10.2f}" for key, cents in rows)
