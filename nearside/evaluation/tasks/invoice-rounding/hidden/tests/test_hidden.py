import unittest
from decimal import Decimal

from billing.invoice import Invoice


def invoice(discount, *lines):
    made = Invoice("1", discount=Decimal(discount))
    for quantity, price, tax in lines:
        made.add("thing", quantity, price, tax)
    return made


class HiddenTest(unittest.TestCase):
    def test_a_discount_lowers_every_rate(self):
        made = invoice("25", ("1", 4_000, "20"), ("2", 1_000, "5"))
        self.assertEqual(made.taxes(), {Decimal(5): 75, Decimal(20): 600})

    def test_tax_is_rounded_once_for_each_rate(self):
        made = invoice("0", *[("1", 12, "20")] * 5)
        self.assertEqual(made.taxes(), {Decimal(20): 12})
        made = invoice("0", *[("1", 13, "20")] * 5)
        self.assertEqual(made.taxes(), {Decimal(20): 13})

    def test_discount_and_tax_are_rounded_together(self):
        made = invoice("33", ("1", 101, "20"), ("1", 101, "20"))
        self.assertEqual(made.taxes(), {Decimal(20): 27})

    def test_half_a_cent_goes_away_from_zero(self):
        self.assertEqual(invoice("50", ("1", 25, "20")).taxes(), {Decimal(20): 3})
        self.assertEqual(invoice("50", ("-1", 25, "20")).taxes(), {Decimal(20): -3})

    def test_a_rate_of_zero_is_listed(self):
        made = invoice("10", ("1", 500, "0"), ("1", 100, "7"))
        self.assertEqual(made.taxes(), {Decimal(0): 0, Decimal(7): 6})
        self.assertEqual(list(made.taxes()), [Decimal(0), Decimal(7)])

    def test_the_total_is_net_and_taxes(self):
        made = invoice("10", ("1", 1_000, "20"))
        self.assertEqual((made.net, made.gross), (900, 1_080))
