"""Invoices and payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Invoice:
    """`reference` is what a customer writes on the payment."""

    number: int
    reference: str
    cents: int
    due: date


@dataclass(frozen=True)
class Payment:
    """Money on the account."""

    day: date
    reference: str
    cents: int


@dataclass(frozen=True)
class Match:
    """A payment and the invoice it is for, if any is known."""

    payment: Payment
    invoice: Invoice | None
