import unittest

from store.cache import Cache
from store.pages import Pages


class CacheTest(unittest.TestCase):
    def test_the_entry_not_used_for_longest_goes(self):
        cache = Cache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        cache.get("a")
        cache.put("c", 3)
        self.assertEqual(cache.keys(), ["a", "c"])
        self.assertIsNone(cache.get("b"))

    def test_an_entry_is_dropped_once(self):
        cache = Cache(1)
        cache.put("a", 1)
        self.assertEqual((cache.drop("a"), cache.drop("a"), len(cache)), (True, False, 0))

    def test_a_cache_without_room_is_refused(self):
        with self.assertRaises(ValueError):
            Cache(0)

    def test_pages_are_read_once(self):
        pages = Pages(str.upper)
        self.assertEqual([pages.page("x"), pages.page("x"), pages.reads], ["X", "X", 1])


class ExpiryTest(unittest.TestCase):
    def test_an_entry_expires(self):
        now = [0.0]
        cache = Cache(2, ttl=10, clock=lambda: now[0])
        cache.put("a", 1)
        now[0] = 9.9
        self.assertEqual(cache.get("a"), 1)
        now[0] = 10.0
        self.assertIsNone(cache.get("a"))
