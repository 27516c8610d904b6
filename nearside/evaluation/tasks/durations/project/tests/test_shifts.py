import unittest

from shifts import Shift, balance


class ShiftTest(unittest.TestCase):
    def test_a_short_shift_has_no_break(self):
        self.assertEqual(Shift(8 * 3600, 12 * 3600).length, 4 * 3600)

    def test_a_long_one_has(self):
        self.assertEqual(Shift(8 * 3600, 16 * 3600).length, 7 * 3600 + 1800)

    def test_a_night_shift_ends_on_the_next_day(self):
        self.assertEqual(Shift(22 * 3600, 2 * 3600).length, 4 * 3600)

    def test_the_balance_may_be_negative(self):
        self.assertEqual(balance([Shift(0, 3600)], "8h"), "-7h")
