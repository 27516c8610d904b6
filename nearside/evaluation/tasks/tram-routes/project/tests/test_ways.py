import unittest

from trams.network import Network
from trams.ways import NoWay, Way, fastest, shortest_first


class WaysTest(unittest.TestCase):
    def setUp(self):
        self.network = Network().line("ABCD").line("AXD", 4).line("YZ")

    def test_the_fastest_way(self):
        self.assertEqual(fastest(self.network, "A", "D"), Way(6, ("A", "B", "C", "D")))
        self.network.ride("A", "D", 1)
        self.assertEqual(fastest(self.network, "A", "D"), Way(1, ("A", "D")))
        self.assertEqual(fastest(self.network, "D", "A").minutes, 6)

    def test_who_is_there_already_goes_nowhere(self):
        self.assertEqual(fastest(self.network, "B", "B"), Way(0, ("B",)))

    def test_there_may_be_no_way(self):
        with self.assertRaises(NoWay):
            fastest(self.network, "A", "Z")

    def test_few_stops_first(self):
        ways = [Way(1, ("A", "B", "C")), Way(9, ("A", "C"))]
        self.assertEqual(shortest_first(ways, 1), [ways[1]])
