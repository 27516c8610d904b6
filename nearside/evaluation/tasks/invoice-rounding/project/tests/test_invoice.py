import unittest
from decimal import Decimal

from billing.invoice import Invoice


class InvoiceTest(unittest.TestCase):
    def test_an_invoice_without_lines_is_empty(self):
        invoice = Invoice("7")
        self.assertEqual((invoice.net, invoice.taxes(), invoice.gross), (0, {}, 0))

    def test_taxes_are_listed_by_rate(self):
        invoice = Invoice("8")
        invoice.add("Saw", "1", 10_000)
        invoice.add("Book", "2", 1_000, "5")
        self.assertEqual(invoice.taxes(), {Decimal(5): 100, Decimal(20): 2_000})
        self.assertEqual(list(invoice.taxes()), [Decimal(5), Decimal(20)])

    def test_a_discount_lowers_the_tax(self):
        invoice = Invoice("9", discount=Decimal(10))
        invoice.add("Drill", "1", 10_000)
        self.assertEqual(invoice.net, 9_000)
        self.assertEqual(invoice.taxes(), {Decimal(20): 1_800})
        self.assertEqual(invoice.gross, 10_800)

    def test_the_text_has_every_line(self):
        invoice = Invoice("10")
        invoice.add("Nails", "2.5", 200)
        self.assertIn("2.5 x Nails: 5.00", invoice.written())
        self.assertTrue(invoice.written().endswith("Total 6.00"))
