import random
import unittest
from datetime import date, timedelta

from bank.matching import match
from bank.records import Invoice, Payment

DAY = date(2026, 5, 1)


class Counted(str):
    """A text that counts how often it is compared."""

    compared = 0

    def __eq__(self, other):
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class CountedList(list):
    """A list that counts how often it is walked through or looked into by value."""

    walks = 0

    def __iter__(self):
        CountedList.walks += 1
        return super().__iter__()

    def index(self, *args):
        CountedList.walks += 1
        return super().index(*args)


def slow(payments, invoices):
    left = sorted(invoices, key=lambda invoice: invoice.due)
    found = []
    for payment in payments:
        fits = [one for one in left if (one.reference, one.cents) == (payment.reference, payment.cents)]
        found.append(fits[0] if fits else None)
        left = [one for one in left if not fits or one is not fits[0]]
    return found


class HiddenTest(unittest.TestCase):
    def test_results_are_those_of_the_simple_way(self):
        chance = random.Random(7)
        for _ in range(50):
            invoices = [
                Invoice(number, chance.choice("ABC"), chance.choice((1, 2)), DAY + timedelta(chance.randrange(3)))
                for number in range(12)
            ]
            payments = [Payment(DAY, chance.choice("ABCD"), chance.choice((1, 2))) for _ in range(12)]
            found = [one.invoice for one in match(payments, invoices)]
            self.assertEqual(found, slow(payments, invoices))

    def test_lists_stay(self):
        invoices, payments = [Invoice(1, "A", 1, DAY)], [Payment(DAY, "A", 1)]
        match(payments, invoices)
        self.assertEqual((len(invoices), len(payments)), (1, 1))
        self.assertEqual(match([], invoices), [])

    def test_equal_invoices_are_each_paid(self):
        invoices = [Invoice(1, "A", 1, DAY), Invoice(1, "A", 1, DAY)]
        self.assertEqual([one.invoice for one in match([Payment(DAY, "A", 1)] * 3, invoices)], [*invoices, None])

    def test_few_comparisons(self):
        size = 500
        for references in (size, 1):
            names = [f"R{number % references}" for number in range(size)]
            invoices = CountedList(Invoice(n, Counted(name), 5, DAY) for n, name in enumerate(names))
            payments = CountedList(Payment(DAY, Counted(name), 5) for name in reversed(names))
            Counted.compared = CountedList.walks = 0
            found = match(payments, invoices)
            self.assertTrue(all(one.invoice for one in found))
            self.assertLess(Counted.compared, 20 * size)
            self.assertLess(CountedList.walks, 20)
