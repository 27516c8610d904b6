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


@dataclass(frozen=True)
class Scene:
    """One recording."""

    title: str
    files: Mapping[str, str]
    command: tuple[str, ...]
    """What follows Neovim's name."""
    script: tuple[str, ...]
    """Text to type; `look` waits and lets the viewer see, `tab` accepts, `wait` is short, `work` waits for
    what an action comes to."""
    rows: int = 20
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
            '[model]\nchat = {{ base_url = "{url}", model = "a chat model" }}\n'
            '[completion]\nenabled = false\n[routing.actions]\nchecks = ["parse", "lint", "tests"]\n'
        ),
    ),
}  # fmt: skip
"""By name."""
