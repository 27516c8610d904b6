"""An invoice: its lines, its discount and its taxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from billing.money import format_amount, rounded


@dataclass(frozen=True)
class Line:
    """One position. `tax` is a percentage, `price` is in cents and without tax."""

    text: str
    quantity: Decimal
    price: int
    tax: Decimal = Decimal(20)

    @property
    def net(self) -> int:
        """Cents without tax."""
        return rounded(self.quantity * self.price)


@dataclass
class Invoice:
    """Lines, and a discount in per cent on all of them."""

    number: str
    lines: list[Line] = field(default_factory=list)
    discount: Decimal = Decimal(0)

    def add(self, text: str, quantity: str, price: int, tax: str = "20") -> Line:
        """Append a line and return it."""
        line = Line(text, Decimal(quantity), price, Decimal(tax))
        self.lines.append(line)
        return line

    @property
    def net(self) -> int:
        """Cents without tax, after the discount."""
        total = sum(line.net for line in self.lines)
        return total - rounded(total * self.discount / 100)

    def taxes(self) -> dict[Decimal, int]:
        """Return the tax in cents by its rate, the lowest rate first.

        The discount lowers every line by the same share. Tax is reckoned once for each rate, on the sum of
        what is charged at that rate, and only then rounded; a rate of 0 is listed too.
        """
        taxes: dict[Decimal, int] = {}
        for line in self.lines:
            taxes[line.tax] = taxes.get(line.tax, 0) + rounded(line.net * line.tax / 100)
        return dict(sorted(taxes.items()))

    @property
    def gross(self) -> int:
        """Cents with tax."""
        return self.net + sum(self.taxes().values())

    def written(self) -> str:
        """Return the invoice as text, a line for each position."""
        rows = [f"Invoice {self.number}"]
        rows += [f"{line.quantity} x {line.text}: {format_amount(line.net)}" for line in self.lines]
        if self.discount:
            rows.append(f"Discount {self.discount} %")
        rows.append(f"Net {format_amount(self.net)}")
        rows += [f"Tax {rate} %: {format_amount(cents)}" for rate, cents in self.taxes().items()]
        rows.append(f"Total {format_amount(self.gross)}")
        return "\n".join(rows)
