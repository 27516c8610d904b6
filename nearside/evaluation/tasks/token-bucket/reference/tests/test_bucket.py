import unittest

from bucket import Bucket


class BucketTest(unittest.TestCase):
    def setUp(self):
        self.now = 100.0
        self.bucket = Bucket(3, 2.0, clock=lambda: self.now)

    def test_it_begins_full_and_is_empty_after_that(self):
        self.assertEqual([self.bucket.take() for _ in range(4)], [True, True, True, False])

    def test_several_are_taken_together_or_not_at_all(self):
        self.assertTrue(self.bucket.take(2))
        self.assertFalse(self.bucket.take(2))
        self.assertTrue(self.bucket.take(1))

    def test_the_last_ones_can_be_taken(self):
        self.assertTrue(self.bucket.take(3))
        self.assertFalse(self.bucket.take())

    def test_it_is_filled_with_time(self):
        self.bucket.take(3)
        self.now += 0.5
        self.assertTrue(self.bucket.take())
        self.assertFalse(self.bucket.take())

    def test_it_never_holds_more_than_it_can(self):
        self.now += 1000.0
        self.assertFalse(self.bucket.take(4))
        self.assertTrue(self.bucket.take(3))
        self.assertFalse(self.bucket.take())

    def test_it_says_how_long_to_wait(self):
        self.assertEqual(self.bucket.wait(), 0.0)
        self.bucket.take(3)
        self.assertEqual(self.bucket.wait(), 0.5)
        self.assertEqual(self.bucket.wait(3), 1.5)

    def test_for_what_never_comes_nobody_waits(self):
        with self.assertRaises(ValueError):
            self.bucket.wait(4)

    def test_a_clock_that_is_set_back_takes_nothing(self):
        self.now -= 50.0
        self.assertTrue(self.bucket.take(3))

    def test_a_bucket_without_room_or_rate_is_refused(self):
        for capacity, rate in ((0, 1.0), (1, 0.0)):
            with self.assertRaises(ValueError):
                Bucket(capacity, rate)
