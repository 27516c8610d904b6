import unittest
from datetime import date

from bank.matching import last, match, unpaid
from bank.records import Invoice, Payment

DAY = date(2026, 5, 1)


class MatchingTest(unittest.TestCase):
    def test_reference_and_amount_count(self):
        invoices = [Invoice(1, "A", 100, DAY), Invoice(2, "B", 100, DAY)]
        payments = [Payment(DAY, "B", 100), Payment(DAY, "A", 99)]
        self.assertEqual([found.invoice for found in match(payments, invoices)], [invoices[1], None])

    def test_the_one_due_first_is_paid_first(self):
        invoices = [Invoice(1, "A", 100, date(2026, 6, 1)), Invoice(2, "A", 100, DAY)]
        found = match([Payment(DAY, "A", 100)] * 3, invoices)
        self.assertEqual([one.invoice and one.invoice.number for one in found], [2, 1, None])

    def test_the_rest_is_unpaid(self):
        invoices = [Invoice(1, "A", 100, DAY), Invoice(2, "B", 100, DAY)]
        found = match([Payment(DAY, "A", 100)], invoices)
        self.assertEqual((unpaid(found, invoices), last(found)), ([invoices[1]], found))
