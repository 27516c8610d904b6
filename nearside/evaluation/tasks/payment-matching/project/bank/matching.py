"""Which invoice a payment is for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from bank.records import Invoice, Match, Payment


def match(payments: Sequence[Payment], invoices: Sequence[Invoice]) -> list[Match]:
    """Return for each payment the invoice of the same reference and amount that is due first.

    An invoice is paid once; of those due on the same day the first given one counts. Neither list is changed.
    """
    open_invoices = sorted(invoices, key=lambda invoice: invoice.due)
    matches: list[Match] = []
    for payment in payments:
        found = None
        for invoice in open_invoices:
            if invoice.reference == payment.reference and invoice.cents == payment.cents:
                found = invoice
                break
        if found is not None:
            open_invoices = [invoice for invoice in open_invoices if invoice is not found]
        matches.append(Match(payment, found))
    return matches


def unpaid(matches: Iterable[Match], invoices: Iterable[Invoice]) -> list[Invoice]:
    """Return the invoices that no payment is for, as they are given."""
    paid = {id(match.invoice) for match in matches if match.invoice}
    return [invoice for invoice in invoices if id(invoice) not in paid]


def last(matches: Iterable[Match], most: int = 5) -> list[Match]:
    """Return the last matches."""
    return list(deque(matches, maxlen=most))
