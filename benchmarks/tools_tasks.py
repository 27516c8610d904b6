"""Forty small tasks in one made-up project, each with the tools a good programmer would reach for first."""

from __future__ import annotations

from dataclasses import dataclass

PROJECT = {
    "shop/cart.py": """\
from shop.prices import round_price
from shop.tax import rate_of


class Cart:
    def __init__(self, country):
        self.country = country
        self.lines = []

    def add(self, item, count):
        self.lines.append((item, count))

    def total(self):
        net = sum(item.price * count for item, count in self.lines)
        return round_price(net * (1 + rate_of(self.country)))

    def is_empty(self):
        x = len(self.lines)
        return x == 0
""",
    "shop/prices.py": """\
from decimal import ROUND_HALF_EVEN, Decimal


def round_price(value):
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def discounted(price, percent):
    return price - price * percent / 100


def parse_price(text):
    return Decimal(text.strip("€ "))
""",
    "shop/tax.py": """\
RATES = {"DE": Decimal("0.19"), "FR": Decimal("0.20")}


def rate_of(country):
    return RATES[country]
""",
    "shop/store.py": """\
import json


class Store:
    def __init__(self, path):
        self.path = path

    def save(self, order):
        with open(self.path, "a") as file:
            file.write(json.dumps(order) + "\\n")

    def load(self):
        with open(self.path) as file:
            return [json.loads(line) for line in file]
""",
    "shop/errors.py": '''\
class ShopError(Exception):
    """Shown to the customer as it is."""


class SoldOut(ShopError):
    def __init__(self, item):
        super().__init__(f"{item.name} is sold out")
''',
    "shop/orders.py": """\
from shop.store import Store


def place(cart, store):
    order = {"total": str(cart.total()), "country": cart.country}
    store.save(order)
    return order


def export(orders, path):
    pass


def cancel(order, reason):
    order["cancelled"] = reason
""",
    "docs/export.md": "# Export\nOne order a line: total;country;reason, the total with a comma.\n",
    "docs/style.md": "# Style\nErrors are ShopError. Money is Decimal. No prints.\n",
    "config/rates.toml": "[rates]\nAT = 0.20\n",
    "tests/test_cart.py": """\
from shop.cart import Cart


def test_total():
    assert Cart("DE").total() == 0
""",
}
"""By path."""


@dataclass(frozen=True, slots=True)
class ToolTask:
    """One thing asked of one function."""

    path: str
    symbol: str
    instruction: str
    tools: tuple[str, ...]
    """Those that are right as a first call; "answer" where nothing has to be looked up."""


SYMBOL, FILE, USES = ("read_symbol", "search_project"), ("read_file",), ("list_references",)
SEARCH, TESTS, NOTHING = ("search_project",), ("run_tests",), ("answer",)
TASKS = (
    ToolTask("shop/cart.py", "total", "Round each line as round_price does before they are added.", SYMBOL),
    ToolTask("shop/cart.py", "total", "Fall back to 0 in the same cases in which rate_of fails.", SYMBOL),
    ToolTask("shop/orders.py", "place", "Store the order with the fields Store.save expects.", SYMBOL),
    ToolTask("shop/cart.py", "add", "Raise SoldOut with the arguments its constructor takes.", SYMBOL),
    ToolTask("shop/orders.py", "place", "Use Cart.is_empty to refuse empty carts; see how it tells.", SYMBOL),
    ToolTask(
        "shop/prices.py", "discounted", "Return the same type that parse_price returns; check it.", SYMBOL
    ),
    ToolTask("shop/orders.py", "cancel", "Do to the order what the function export does to each.", SYMBOL),
    ToolTask("shop/orders.py", "export", "Write the format that docs/export.md describes.", FILE),
    ToolTask("shop/tax.py", "rate_of", "Support all countries listed in config/rates.toml.", FILE),
    ToolTask("shop/errors.py", "SoldOut", "Follow the rules in docs/style.md.", FILE),
    ToolTask(
        "shop/orders.py", "cancel", "Make it pass what tests/test_cart.py checks; read that file.", FILE
    ),
    ToolTask("shop/store.py", "load", "Return what lines 1 to 10 of shop/orders.py put in.", FILE),
    ToolTask("shop/prices.py", "parse_price", "Take the forms written down in docs/export.md.", FILE),
    ToolTask("shop/cart.py", "add", "Check counts in the way docs/style.md prescribes.", FILE),
    ToolTask(
        "shop/prices.py",
        "round_price",
        "Add a parameter; every caller must go on working. Who calls it?",
        USES,
    ),
    ToolTask(
        "shop/tax.py", "rate_of", "Rename the parameter if no caller names it. Look at all callers.", USES
    ),
    ToolTask("shop/prices.py", "discounted", "Is this used anywhere? If not, mark it as deprecated.", USES),
    ToolTask("shop/store.py", "save", "Return the position, unless some caller uses the result now.", USES),
    ToolTask(
        "shop/cart.py", "is_empty", "Turn it into a property if nobody calls it with parentheses.", USES
    ),
    ToolTask(
        "shop/errors.py", "ShopError", "Add a code to it; list which classes and functions use it.", USES
    ),
    ToolTask("shop/orders.py", "place", "Make it return None if none of its users needs the order.", USES),
    ToolTask("shop/orders.py", "export", "Write files as it is done elsewhere in this project.", SEARCH),
    ToolTask(
        "shop/orders.py", "cancel", "Find where errors shown to customers are defined and use one.", SEARCH
    ),
    ToolTask(
        "shop/prices.py", "parse_price", "Somewhere money is rounded already. Find it, do the same.", SEARCH
    ),
    ToolTask(
        "shop/store.py", "load", "Handle missing files in this project's usual way, wherever it is.", SEARCH
    ),
    ToolTask(
        "shop/tax.py", "rate_of", "There is a file with more rates somewhere. Find what it holds.", SEARCH
    ),
    ToolTask(
        "shop/cart.py", "add", "See whether something in the project counts the stock, and use it.", SEARCH
    ),
    ToolTask(
        "shop/orders.py", "place", "Find out how taxes are computed here and add them to the order.", SEARCH
    ),
    ToolTask("shop/cart.py", "total", "The tests fail. Find out by running them, then repair it.", TESTS),
    ToolTask("shop/tax.py", "rate_of", "Run the tests first and fix what they report.", TESTS),
    ToolTask("shop/prices.py", "round_price", "Do the tests pass? See what they say and act on it.", TESTS),
    ToolTask(
        "shop/orders.py", "place", "See which tests break right now, and mend this part for them.", TESTS
    ),
    ToolTask("shop/cart.py", "is_empty", "Rename the local variable x to count.", NOTHING),
    ToolTask("shop/cart.py", "is_empty", "Return `not self.lines` instead.", NOTHING),
    ToolTask("shop/prices.py", "discounted", "Add a comment that percent is from 0 to 100.", NOTHING),
    ToolTask("shop/prices.py", "parse_price", "Raise ValueError for an empty text.", NOTHING),
    ToolTask("shop/store.py", "save", "Open the file with encoding utf-8.", NOTHING),
    ToolTask("shop/orders.py", "cancel", "Return the order at the end.", NOTHING),
    ToolTask("shop/cart.py", "add", "Raise ValueError if count is below 1.", NOTHING),
    ToolTask("shop/tax.py", "rate_of", "Write country.upper() in place of country.", NOTHING),
)
