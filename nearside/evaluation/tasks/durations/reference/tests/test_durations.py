import unittest

from durations import WrongDuration, format_duration, parse_duration


class ParseTest(unittest.TestCase):
    def test_each_unit_counts_its_seconds(self):
        self.assertEqual(parse_duration("1d"), 86_400)
        self.assertEqual(parse_duration("1h"), 3600)
        self.assertEqual(parse_duration("1m"), 60)
        self.assertEqual(parse_duration(" 15s "), 15)

    def test_units_add_up(self):
        self.assertEqual(parse_duration("1h30m"), 5400)
        self.assertEqual(parse_duration("90m"), 5400)

    def test_a_minus_sign_makes_it_negative(self):
        self.assertEqual(parse_duration("-15s"), -15)

    def test_anything_else_is_refused(self):
        for text in ("", "-", "h", "12", "1h30", "1.5h", "1x", "--1s", "1h 30m"):
            with self.subTest(text), self.assertRaises(WrongDuration):
                parse_duration(text)

    def test_units_come_once_and_from_large_to_small(self):
        for text in ("30m1h", "1h1h"):
            with self.subTest(text), self.assertRaises(WrongDuration):
                parse_duration(text)


class FormatTest(unittest.TestCase):
    def test_units_without_a_count_are_left_out(self):
        self.assertEqual(format_duration(93_600), "1d2h")
        self.assertEqual(format_duration(61), "1m1s")

    def test_nothing_is_no_seconds(self):
        self.assertEqual(format_duration(0), "0s")

    def test_the_sign_stands_in_front(self):
        self.assertEqual(format_duration(-5400), "-1h30m")
