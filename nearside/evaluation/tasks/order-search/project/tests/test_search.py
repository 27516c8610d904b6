import unittest

from orders.schema import add_customer, add_order, connect
from orders.search import search, total


class SearchTest(unittest.TestCase):
    def setUp(self):
        self.connection = connect()
        self.addCleanup(self.connection.close)
        self.ann = add_customer(self.connection, "Ann", "hunter2")
        bob = add_customer(self.connection, "Bob", "secret")
        add_order(self.connection, self.ann, "Green tea", "2026-02-01", 500)
        add_order(self.connection, self.ann, "Cup", "2026-01-01", 900)
        add_order(self.connection, bob, "Black tea", "2026-01-05", 450)

    def articles(self, *args, **options):
        return [order.article for order in search(self.connection, self.ann, *args, **options)]

    def test_own_orders_are_found(self):
        self.assertEqual(self.articles(), ["Cup", "Green tea"])
        self.assertEqual(self.articles("TEA"), ["Green tea"])

    def test_they_are_sorted(self):
        self.assertEqual(self.articles(order_by="cents", direction="desc"), ["Cup", "Green tea"])
        self.assertEqual(self.articles(order_by="ID", direction="ASC"), ["Green tea", "Cup"])

    def test_there_may_be_a_limit(self):
        self.assertEqual(self.articles(limit=1), ["Cup"])

    def test_they_have_a_total(self):
        self.assertEqual(total(search(self.connection, self.ann)), 1400)
