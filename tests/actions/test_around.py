"""A model sees what the part uses and the tests that speak of it, and nothing private."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actions.around import TESTS, Project, around
from actions.target import target
from inference.types import NearsideError, Snippet

TEXT = "from shop.tax import rate\n\n\ndef total(prices):\n    return sum(prices) * rate()\n"
SUITE = """import unittest
from shop.cart import total


class CartTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1]), 1)

    def test_other(self):
        self.assertTrue(True)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in {
        "shop/__init__.py": "",
        "shop/cart.py": TEXT,
        "shop/tax.py": "def rate():\n    return 1\n",
        "tests/test_cart.py": SUITE,
        ".env": "KEY = 1\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


class Index:
    """The project's index with its answers written down."""

    def __init__(self, *paths: str) -> None:
        self.paths, self.asked = paths, []

    async def __call__(self, method: str, params: dict[str, Any], seconds: float) -> dict[str, Any]:
        self.asked.append((method, params))
        return {"signatures": [{"path": path, "text": f"stubs of {path}"} for path in self.paths]}


async def test_what_the_part_uses_and_the_tests_that_speak_of_it(root: Path) -> None:
    index = Index("shop/tax.py", "shop/cart.py", ".env", "tests/test_cart.py")
    part = target(TEXT, "python", 4, 4)
    found = await around(Project(root, {}, index), "shop/cart.py", TEXT, part)
    [(method, params)] = index.asked
    assert method == "context" and params["prefix"].endswith("rate()") and params["text"] == TEXT
    paths = [one.path for one in found.context]
    assert paths == ["shop/tax.py", ".env", "tests/test_cart.py", "tests/test_cart.py"]
    assert found.context[-1] == Snippet("tests/test_cart.py", "\n".join(SUITE.splitlines()[5:7]))
    assert found.files == {"shop/tax.py": "def rate():\n    return 1\n"}  # no tests, nothing private


async def test_the_editors_text_counts(root: Path) -> None:
    unsaved = {"shop/tax.py": "def rate():\n    return 2\n"}
    found = await around(
        Project(root, unsaved, Index("shop/tax.py")), "shop/cart.py", TEXT, target(TEXT, "python", 4, 4)
    )
    assert found.files == unsaved


async def test_without_an_index_or_with_one_that_fails_there_are_still_the_tests(root: Path) -> None:
    async def fails(method: str, params: dict[str, Any], seconds: float) -> Any:
        raise NearsideError("No answer.")

    part = target(TEXT, "python", 4, 4)
    for look in (None, fails):
        found = await around(Project(root, {}, look), "shop/cart.py", TEXT, part)
        assert [one.path for one in found.context] == ["tests/test_cart.py"] and not found.files


async def test_long_tests_are_cut(root: Path) -> None:
    body = "        self.assertEqual(total([1]), 1)\n" * 1000
    (root / "tests/test_cart.py").write_text(SUITE.replace("        self.assertEqual(total([1]), 1)\n", body))
    part = target(TEXT, "python", 4, 4)
    found = await around(Project(root, {}), "shop/cart.py", TEXT, part)
    assert len(found.context[0].text) == TESTS


@pytest.mark.parametrize("path", [".env", "../other.py", "link.py", "nowhere.py"])
def test_no_text_of_what_a_model_may_not_see(
    root: Path, path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x.py"
    outside.write_text("x = 1\n")
    (root / "link.py").symlink_to(outside)
    assert Project(root, {}).text(path) is None
