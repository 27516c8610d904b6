import unittest
from datetime import date

from rent.lease import Lease
from rent.schedule import due_dates, statement


class HiddenTest(unittest.TestCase):
    def test_a_leap_year(self):
        found = due_dates(Lease(date(2023, 12, 30), date(2024, 4, 1), 1))
        self.assertEqual(found, [date(2023, 12, 30), date(2024, 1, 30), date(2024, 2, 29), date(2024, 3, 30)])

    def test_a_short_month_moves_no_other(self):
        found = due_dates(Lease(date(2025, 8, 31), date(2026, 9, 1), 1))
        self.assertEqual([day.day for day in found], [31, 30, 31, 30, 31, 31, 28, 31, 30, 31, 30, 31, 31])
        self.assertEqual(found[-1], date(2026, 8, 31))

    def test_once_a_year_or_less_often(self):
        found = due_dates(Lease(date(2024, 2, 29), date(2030, 1, 1), 1, 12))
        self.assertEqual(found[1:], [date(year, 2, 29 if year == 2028 else 28) for year in range(2025, 2030)])
        found = due_dates(Lease(date(2024, 11, 30), date(2030, 1, 1), 1, 27))
        self.assertEqual(found, [date(2024, 11, 30), date(2027, 2, 28), date(2029, 5, 30)])

    def test_decembers(self):
        found = due_dates(Lease(date(2025, 12, 5), date(2026, 12, 5), 1, 12))
        self.assertEqual(found, [date(2025, 12, 5)])
        found = due_dates(Lease(date(2025, 10, 5), date(2026, 1, 1), 1))
        self.assertEqual(found, [date(2025, 10, 5), date(2025, 11, 5), date(2025, 12, 5)])

    def test_the_end_is_not_part_of_it(self):
        found = due_dates(Lease(date(2026, 1, 1), date(2026, 2, 1), 1))
        self.assertEqual(found, [date(2026, 1, 1)])

    def test_a_statement_goes_by_these_days(self):
        lease = Lease(date(2026, 1, 31), date(2027, 1, 1), 500)
        found = statement(lease, {date(2026, 2, 28): 500}, date(2026, 3, 30))
        self.assertEqual([(due.day.month, due.open) for due in found], [(1, 500), (2, 0)])
