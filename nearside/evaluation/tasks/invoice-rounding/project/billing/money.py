"""Amounts as whole cents, and how they are read and written."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation


class WrongAmount(ValueError):
    """A text is no amount."""


def parse_amount(text: str) -> int:
    """Return the cents of an amount like ``1,234.50`` or ``-3``; thousands may be separated by commas."""
    cleaned = text.strip().replace(",", "")
    try:
        amount = Decimal(cleaned)
    except InvalidOperation:
        raise WrongAmount(f"{text!r} is no amount") from None
    if not amount.is_finite():
        raise WrongAmount(f"{text!r} is no amount")
    return rounded(amount * 100)


def format_amount(cents: int) -> str:
    """Return cents as ``1,234.50``; negative amounts have a minus sign in front."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def rounded(cents: Decimal) -> int:
    """Return whole cents; half a cent is rounded away from zero, as the tax office wants it."""
    return int(cents.quantize(Decimal(1), rounding=ROUND_HALF_UP))
