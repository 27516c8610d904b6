import unittest

from billing.money import WrongAmount, format_amount, parse_amount


class MoneyTest(unittest.TestCase):
    def test_amounts_are_read(self):
        self.assertEqual(parse_amount("1,234.50"), 123_450)
        self.assertEqual(parse_amount(" -3 "), -300)

    def test_what_is_no_amount_is_refused(self):
        for text in ("", "three", "nan", "1.2.3"):
            with self.assertRaises(WrongAmount):
                parse_amount(text)

    def test_amounts_are_written(self):
        self.assertEqual(format_amount(-123_450), "-1,234.50")
