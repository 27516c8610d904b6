"""When rent is due, and what of it is open."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rent.lease import Lease


@dataclass(frozen=True)
class Due:
    """What is due on a day, and what was paid for it."""

    day: date
    cents: int
    paid: int

    @property
    def open(self) -> int:
        """Cents that are lacking."""
        return max(0, self.cents - self.paid)


def days_left(day: date) -> int:
    """Return how many days of its month follow a day."""
    return monthrange(day.year, day.month)[1] - day.day


def due_dates(lease: Lease) -> list[date]:
    """Return the days rent is due on: the same day of the month as the lease's start.

    In a month that lacks that day it is the last one; the months after it are not moved by that.
    """
    due, dates = lease.start, []
    while due < lease.end:
        dates.append(due)
        year, month = due.year, due.month + lease.months
        if month > 12:
            month = month - 12
        due = due.replace(year=year, month=month)
        if due <= lease.start:
            break
    return dates


def statement(lease: Lease, payments: Mapping[date, int], today: date) -> list[Due]:
    """Return what was due until today, oldest first; payments are by the day they are meant for."""
    days = [day for day in due_dates(lease) if day <= today]
    return [Due(day, lease.cents, payments.get(day, 0)) for day in days]
