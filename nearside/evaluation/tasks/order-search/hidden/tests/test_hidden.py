import unittest

from orders.schema import add_customer, add_order, connect
from orders.search import search


class HiddenTest(unittest.TestCase):
    def setUp(self):
        self.connection = connect()
        self.addCleanup(self.connection.close)
        self.ann = add_customer(self.connection, "Ann", "hunter2")
        self.bob = add_customer(self.connection, "Bob", "secret")
        for article in ("O'Neill board", "50% off", "500 nails", "a_b", "axb", "back\\slash"):
            add_order(self.connection, self.ann, article, "2026-02-01", 500)
        add_order(self.connection, self.bob, "Lamp", "2026-01-05", 450)

    def articles(self, *args, **options):
        return [order.article for order in search(self.connection, self.ann, *args, **options)]

    def test_a_text_ends_no_string(self):
        for text in (
            "' OR 1=1 --", "x' UNION SELECT id, password, name, 1 FROM customers --", "'; DROP TABLE orders; --",
        ):
            self.assertEqual(self.articles(text), [])
        self.assertEqual(len(self.articles()), 6)

    def test_quotes_are_searched_for(self):
        self.assertEqual(self.articles("o'n"), ["O'Neill board"])

    def test_wildcards_are_what_they_are(self):
        self.assertEqual(self.articles("50%"), ["50% off"])
        self.assertEqual(self.articles("%"), ["50% off"])
        self.assertEqual(self.articles("a_b"), ["a_b"])
        self.assertEqual(self.articles("\\"), ["back\\slash"])

    def test_columns_and_directions_are_known_ones(self):
        for order_by in ("customer", "password", "id; DROP TABLE orders", "(SELECT 1)", "", "id, cents"):
            with self.subTest(order_by), self.assertRaises(ValueError):
                self.articles(order_by=order_by)
        for direction in ("down", "asc, id", "asc; --", ""):
            with self.subTest(direction), self.assertRaises(ValueError):
                self.articles(direction=direction)

    def test_what_is_no_number_is_no_customer(self):
        for customer in ("1 OR 1=1", "0 UNION SELECT id, password, name, 1 FROM customers"):
            try:
                found = search(self.connection, customer)
            except (ValueError, TypeError):
                continue
            self.assertEqual(found, [])

    def test_what_is_no_number_is_no_limit(self):
        try:
            found = search(self.connection, self.bob, limit="0) UNION SELECT 1, password, name, 1 FROM customers --")
        except Exception:
            return
        self.assertLessEqual(len(found), 1)

    def test_honest_callers_get_what_they_did(self):
        self.assertEqual(self.articles("NAIL"), ["500 nails"])
        self.assertEqual(self.articles(order_by="Article", direction="Desc", limit=2), ["back\\slash", "axb"])
