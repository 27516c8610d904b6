"""What benchmarks.screen records: the files, what is opened and typed, and the model behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ACCOUNTS = '''"""Accounts and what moves between them."""


class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance += amount
        return self.balance
    '''
CART = """def total(prices, discount):
    net = sum(prices)
    if net > 100:
        net -= net * discount
    return round(net, 2)
"""
CART_TESTS = """import unittest

from cart import total


class TotalTest(unittest.TestCase):
    def test_discount_from_100_on(self):
        self.assertEqual(total([60, 40], 0.1), 90)

    def test_no_discount_below(self):
        self.assertEqual(total([60, 30], 0.1), 90)
"""

ORDERS = '''"""Orders and who placed them."""


def repeated(orders):
    found = set()
    for one in orders:
        for other in orders:
            if one is not other and one.customer == other.customer:
                found.add(one.customer)
    return found
'''
STATUS_LINE = (
    "vim.o.laststatus = 2\nvim.o.statusline = \"%f %m%=%{v:lua.require'nearside'.statusline()}  %l:%c\"\n"
)
CHATS = '[model]\nchat = {{ base_url = "{url}", model = "a chat model" }}\n[completion]\nenabled = false\n'


@dataclass(frozen=True)
class Scene:
    """One recording."""

    title: str
    files: Mapping[str, str]
    command: tuple[str, ...]
    """What follows Neovim's name."""
    script: tuple[str, ...]
    """Text to type; `look` waits and lets the viewer see, `wait` is short, `work` waits for what an action
    comes to, `tab` accepts, `esc` leaves Insert mode."""
    rows: int = 20
    columns: int = 84
    done: str = "Done: "
    """What the screen shows once an action has come to its end."""
    lua: str = ""
    """More of the user's configuration."""
    answers: tuple[str, ...] = ()
    """What a model says that these recordings script, as no machine for tests has one that chats; without any
    the bundled model writes."""
    config: str = ""
    """Settings; `{url}` is the address of that model's server."""
    environment: Mapping[str, str] = field(default_factory=dict)


SCENES = {
    "completion": Scene(
        "Neovim with ghost text from the bundled model",
        {"accounts.py": ACCOUNTS},
        ("+normal! G", "accounts.py"),
        (
            "A", "wait", "\ndef withdraw(self, amount):\n", "if amount > self.balance:\n", "rai", "look",
            "tab", "\n", "self.", "look", "balance -= amount\n", "ret", "look", "tab", "look",
        ),
        # What the bundled model is not sure of is shown, too.
        environment={"NEARSIDE_COMPLETION_SHOW_ABOVE": "5"},
    ),
    "action": Scene(
        "Neovim: a failing test is fixed at the second try",
        {
            "cart.py": CART, "tests/test_cart.py": CART_TESTS, "tests/__init__.py": "",
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
        },
        ("-o", "+8", "tests/test_cart.py", "cart.py"),
        ("look", ":Nearside act fix-test", "look", "\n", "work", "look", "look"),
        rows=24,
        answers=(
            "```python\ndef total(prices, discount):\n    net = sum(prices)\n    net -= net * discount\n"
            "    return round(net, 2)\n```",
            "```python\ndef total(prices, discount):\n    net = sum(prices)\n    if net >= 100:\n"
            "        net -= net * discount\n    return round(net, 2)\n```",
        ),
        config=(
            CHATS + '[routing.actions]\nchecks = ["parse", "lint", "tests"]\n'
        ),
    ),
    "preview": Scene(
        "Neovim: a change that no test has proved is looked at first",
        {"orders.py": ORDERS, "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n'},
        ("+4", "orders.py"),
        ("look", ":Nearside act optimise", "\n", "work", "look", "look", "a", "look", "look"),
        rows=27,
        done="apply",
        answers=(
            "```python\ndef repeated(orders):\n    seen, found = set(), set()\n    for order in orders:\n"
            "        if order.customer in seen:\n            found.add(order.customer)\n"
            "        seen.add(order.customer)\n    return found\n```",
        ),
        config=CHATS + '[routing.actions]\nchecks = ["parse", "lint"]\n',
        lua=STATUS_LINE,
    ),
    "menu": Scene(
        "Neovim: the status line and the menu",
        {"orders.py": ORDERS},
        ("+4", "orders.py"),
        ("look", ":Nearside menu", "\n", "look", "look", "5", "\n", "look", "look"),
        rows=22,
        lua=STATUS_LINE,
    ),
    "report": Scene(
        "Neovim: what completions cost, and what was kept local",
        {"accounts.py": ACCOUNTS},
        ("+normal! G", "accounts.py"),
        (
            "A", "wait", "\ndef withdraw(self, amount):\n", "if amount > self.balance:\n", "rai", "look",
            "tab", "esc", ":Nearside report", "\n", "look", "look",
        ),
        columns=140,
        environment={"NEARSIDE_COMPLETION_SHOW_ABOVE": "5"},
        lua=STATUS_LINE,
    ),
}  # fmt: skip
"""By name."""
