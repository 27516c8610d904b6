import unittest

from shop.report import Report, printed
from shop.sales import read_sales

TILL = """\
day,shop,article,price,count,cancelled
2026-03-02,North,Tea,3.50,2,
2026-03-02,South,tea,3.50,1,
2026-02-28,North,Cup,8.00,1,
2026-03-05,South,Cup,8.00,3,x
"""


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.report = Report(read_sales(TILL.splitlines()))

    def test_days_and_months(self):
        self.assertEqual(self.report.by_day(), [("2026-02-28", 800), ("2026-03-02", 1050)])
        self.assertEqual(self.report.by_month(), [("2026-02", 800), ("2026-03", 1050)])

    def test_shops_and_articles(self):
        self.assertEqual(self.report.by_shop(), [("North", 1500), ("South", 350)])
        self.assertEqual(self.report.by_article(), [("cup", 800), ("tea", 1050)])

    def test_the_best_shop(self):
        self.assertEqual(self.report.best(), "North")
        self.assertEqual(Report([]).best(), "")

    def test_what_is_printed(self):
        self.assertEqual(printed([("North", 1500)]), "North            15.00")
