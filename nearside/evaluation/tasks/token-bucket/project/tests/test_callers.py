import unittest

from callers import Callers


class CallersTest(unittest.TestCase):
    def test_each_caller_has_a_limit_of_its_own(self):
        callers = Callers(2, 1.0, clock=lambda: 0.0)
        self.assertEqual([callers.allows("a") for _ in range(3)], [True, True, False])
        self.assertTrue(callers.allows("b"))

    def test_who_has_not_called_for_long_is_forgotten(self):
        callers = Callers(1, 1.0, most=2, clock=lambda: 0.0)
        for name in "abc":
            callers.allows(name)
        self.assertEqual(len(callers), 2)
        self.assertTrue(callers.allows("a"))
