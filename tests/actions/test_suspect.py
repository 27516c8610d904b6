"""Asked inside of a test, the code it tests is meant: as the run's frames say, else as the calls do."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.act import Asked
from actions.around import Project
from actions.kinds import KINDS
from actions.ladder import Ladder, TestsPass
from actions.suspect import NoSuspect, suspected

CODE = {
    "shop/__init__.py": "",
    "shop/cart.py": """from shop.tax import rate


def total(prices):
    return sum(prices) * rate(prices)
""",
    "shop/tax.py": """TABLE = {}


def rate(prices):
    return TABLE['gone']


def fee():
    return 1
""",
    "tests/__init__.py": "",
    "tests/test_cart.py": """import unittest
from shop.cart import total
from shop.tax import fee


class CartTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1]), 1)

    def test_fee(self):
        self.assertEqual(fee(), 2)

    def test_nothing(self):
        self.assertEqual(1, 2)

    def test_good(self):
        self.assertEqual(1, 1)
""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in CODE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


async def suspect(root: Path, path: str, name: str, checks: tuple[str, ...] = ("tests",)) -> Asked:
    text = CODE[path]
    line = next(number for number, line in enumerate(text.splitlines()) if name in line)
    asked = Asked(KINDS["fix-test"], path, text, line, line)
    return await suspected(asked, Project(root, {}), Ladder(root, {}, checks), lambda said: None)


async def test_the_innermost_frame_of_the_projects_code_is_the_place(root: Path) -> None:
    found = await suspect(root, "tests/test_cart.py", "test_total")
    assert (found.path, found.first) == ("shop/tax.py", 4)
    assert "def test_total" in found.problem and "KeyError" in found.problem
    assert "/tmp" not in found.problem  # the copy it ran in is gone


async def test_a_wrong_result_has_no_frame_so_what_the_test_calls_is_the_place(root: Path) -> None:
    found = await suspect(root, "tests/test_cart.py", "test_fee")
    assert (found.path, found.first) == ("shop/tax.py", 7)


async def test_where_no_test_may_run_what_it_calls_is_the_place(root: Path) -> None:
    found = await suspect(root, "tests/test_cart.py", "test_total", checks=("parse",))
    assert (found.path, found.first) == ("shop/cart.py", 3)


async def test_a_test_of_nothing_has_no_suspect(root: Path) -> None:
    with pytest.raises(NoSuspect, match="nothing tells which code .*test_nothing"):
        await suspect(root, "tests/test_cart.py", "test_nothing", checks=())


async def test_outside_of_tests_the_place_is_taken_as_it_is(root: Path) -> None:
    found = await suspect(root, "shop/tax.py", "def fee")
    assert (found.path, found.first) == ("shop/tax.py", 7) and "test_fee" in found.problem


async def test_tests_that_pass_need_no_mending(root: Path) -> None:
    good = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_good(self): ...\n"
    (root / "tests" / "test_cart.py").write_text(good)
    with pytest.raises(TestsPass):
        await suspect(root, "tests/test_cart.py", "test_good")
