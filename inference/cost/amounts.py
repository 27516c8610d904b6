"""Amounts of money as text. Arithmetic is decimal throughout; only what is shown is rounded."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

CENT = Decimal("0.01")
SMALL = Decimal("0.1")
"""Below this an amount has three places, as 0.013 for a session of a cheap model would be 0.01."""


def rounded(amount: Decimal, places: int = 2) -> Decimal:
    """Round half away from zero, as shops do."""
    with localcontext(prec=1000):  # a file can hold any number a float can be
        return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def written(amount: Decimal) -> str:
    """Return an amount for a table: 9,250.00, 0.013, <0.001; never a bare 0 for what is more."""
    if amount and abs(amount) < SMALL:
        if abs(amount) < Decimal("0.0005"):
            return "<0.001" if amount > 0 else ">-0.001"
        return str(rounded(amount, 3))
    return f"{rounded(amount):,}"


def number(amount: Decimal, places: int = 6) -> int | float:
    """Return an amount for JSON, which knows no decimals; six places after the point are kept."""
    value = rounded(amount, places)
    return int(value) if value == value.to_integral_value() else float(value)
