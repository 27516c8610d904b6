import inspect
import time
import unittest

from store.cache import Cache


class HiddenTest(unittest.TestCase):
    def setUp(self):
        self.now = 1000.0
        self.cache = Cache(2, ttl=5.0, clock=lambda: self.now)

    def test_the_signature_is_as_asked(self):
        parameters = inspect.signature(Cache).parameters
        self.assertEqual(list(parameters), ["capacity", "ttl", "clock"])
        self.assertIsNone(parameters["ttl"].default)
        self.assertIs(parameters["clock"].default, time.monotonic)

    def test_nobody_finds_what_has_expired(self):
        self.cache.put("a", 1)
        self.now += 5.0
        self.assertNotIn("a", self.cache)
        self.assertEqual((len(self.cache), self.cache.keys(), self.cache.get("a", "no")), (0, [], "no"))
        self.assertFalse(self.cache.drop("a"))

    def test_putting_prolongs_and_getting_does_not(self):
        self.cache.put("a", 1)
        self.cache.put("b", 2)
        self.now += 3.0
        self.cache.put("a", 3)
        self.assertEqual(self.cache.get("b"), 2)
        self.now += 2.0
        self.assertEqual((self.cache.get("a"), self.cache.get("b")), (3, None))

    def test_what_has_expired_pushes_nothing_out(self):
        self.cache.put("old", 1)
        self.now += 3.0
        self.cache.put("young", 2)
        self.cache.get("old")
        self.now += 2.5
        self.cache.put("new", 3)
        self.assertEqual(self.cache.keys(), ["young", "new"])

    def test_none_may_be_a_value(self):
        self.cache.put("a", None)
        self.assertIn("a", self.cache)
        self.assertIsNone(self.cache.get("a", "no"))

    def test_without_a_life_time_nothing_expires(self):
        cache = Cache(2, clock=lambda: self.now)
        cache.put("a", 1)
        self.now += 1e9
        self.assertEqual((cache.get("a"), len(cache)), (1, 1))

    def test_a_life_time_is_above_nothing(self):
        for ttl in (0, -1.0):
            with self.assertRaises(ValueError):
                Cache(1, ttl=ttl)
