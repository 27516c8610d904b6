import unittest
from datetime import date

from rent.lease import Lease
from rent.schedule import days_left, due_dates, statement


def days(lease):
    return [day.isoformat() for day in due_dates(lease)]


class ScheduleTest(unittest.TestCase):
    def test_every_month(self):
        lease = Lease(date(2026, 3, 1), date(2026, 6, 1), 90_000)
        self.assertEqual(days(lease), ["2026-03-01", "2026-04-01", "2026-05-01"])

    def test_a_lease_from_the_last_of_january(self):
        lease = Lease(date(2026, 1, 31), date(2026, 4, 1), 90_000)
        self.assertEqual(days(lease), ["2026-01-31", "2026-02-28", "2026-03-31"])

    def test_every_third_month(self):
        lease = Lease(date(2025, 11, 15), date(2026, 6, 1), 90_000, 3)
        self.assertEqual(days(lease), ["2025-11-15", "2026-02-15", "2026-05-15"])

    def test_what_is_open(self):
        lease = Lease(date(2026, 3, 1), date(2026, 9, 1), 90_000)
        paid = {date(2026, 3, 1): 90_000, date(2026, 4, 1): 50_000}
        found = statement(lease, paid, date(2026, 4, 30))
        self.assertEqual([due.open for due in found], [0, 40_000])

    def test_the_days_left_of_a_month(self):
        self.assertEqual((days_left(date(2024, 2, 1)), days_left(date(2026, 12, 31))), (28, 0))

    def test_a_lease_that_makes_no_sense_is_refused(self):
        with self.assertRaises(ValueError):
            Lease(date(2026, 3, 1), date(2026, 3, 1), 1)
