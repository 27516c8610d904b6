import ast
import inspect
import unittest
from datetime import date

from shop import report
from shop.sales import Sale

NAMES = ("by_day", "by_month", "by_shop", "by_article")
SALES = [
    Sale(date(2025, 12, 31), "West", "Pot", 1999),
    Sale(date(2026, 1, 1), "East", "POT", 1999, 2),
    Sale(date(2026, 1, 1), "East", "Lid", -500),
    Sale(date(2026, 1, 9), "Gone", "Lid", 500, 1, True),
]


class HiddenTest(unittest.TestCase):
    def test_results_stay(self):
        made = report.Report(iter(SALES))
        self.assertEqual(made.by_day(), [("2025-12-31", 1999), ("2026-01-01", 3498)])
        self.assertEqual(made.by_month(), [("2025-12", 1999), ("2026-01", 3498)])
        self.assertEqual(made.by_shop(), [("East", 3498), ("West", 1999)])
        self.assertEqual(made.by_article(), [("lid", -500), ("pot", 5997)])
        self.assertEqual((made.total, made.best()), (5497, "East"))

    def test_nothing_is_an_empty_list(self):
        for name in NAMES:
            self.assertEqual(getattr(report.Report([]), name)(), [])

    def test_a_report_may_be_asked_twice(self):
        made = report.Report(SALES)
        self.assertEqual(made.by_shop(), made.by_shop())

    def test_the_loop_is_written_once(self):
        tree = ast.parse(inspect.getsource(report))
        methods = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for name in NAMES:
            loops = [node for node in ast.walk(methods[name]) if isinstance(node, (ast.For, ast.While, ast.comprehension))]
            self.assertEqual(loops, [], f"{name} loops by itself")
        checks = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "cancelled"]
        self.assertLessEqual(len(checks), 2)
