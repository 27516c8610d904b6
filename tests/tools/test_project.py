"""What a model may look up in a project, with an index and without one, and what it never gets to see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from actions.around import Project
from inference.types import NearsideError
from tools import project as module
from tools.project import MOST_LINES, MOST_REFERENCES, ProjectTools, may_see
from tools.toolbox import Found, ToolError, described, schema

CART = "from shop.tax import rate\n\n\nclass Cart:\n    def total(self):\n        return rate() * 2\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "project"
    for path, text in {
        "shop/cart.py": CART,
        "shop/tax.py": "def rate():\n    return 1\n",
        "notes.txt": "".join(f"note {number}\n" for number in range(1, 501)),
        ".env": "PASSWORD = rate\n",
        ".gitignore": "built/\n",
        "built/cart.py": "def rate(): pass\n",
    }.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    (top / "data.bin").write_bytes(b"rate\0\1\2")
    (tmp_path / "outside.py").write_text("def rate(): pass\n")
    (top / "link.py").symlink_to(tmp_path / "outside.py")
    (top / "innocent.txt").symlink_to(top / ".env")
    return top


class Index:
    """The retrieval process with its answers written down; an exception is raised in place of one."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, []

    async def __call__(self, method: str, params: dict[str, Any], seconds: float) -> dict[str, Any]:
        self.asked.append((method, params))
        answer = self.answers.get(method, {})
        if isinstance(answer, Exception):
            raise answer
        return answer


def tools_of(
    root: Path, index: Index | None = None, unsaved: Mapping[str, str | None] | None = None
) -> ProjectTools:
    return ProjectTools(Project(root, unsaved or {}, index))


def at(path: str, line: int, text: str) -> Found:
    return Found(f"{path}, from line {line}", text, path)


def test_every_tool_can_be_described_and_held_to(root: Path) -> None:
    names = [one.name for one in tools_of(root).tools()]
    assert names == ["search_project", "read_symbol", "read_file", "list_references"]
    assert "where are prices rounded" in described(tools_of(root).tools())
    assert len(schema(tools_of(root).tools())["oneOf"]) == 5


async def test_tests_are_a_tool_only_where_they_may_be_run(root: Path) -> None:
    async def says() -> str:
        return "1 of 2 failed"

    tools = ProjectTools(Project(root, {}), says).tools()
    assert tools[-1].name == "run_tests"
    assert await tools[-1].run() == [Found("what the tests say", "1 of 2 failed")]


async def test_a_search_asks_the_index_and_leaves_out_what_nobody_may_see(root: Path) -> None:
    hits = [
        {"path": "shop/tax.py", "line": 1, "text": "def rate()"},
        {"path": ".env", "line": 1, "text": "PASSWORD"},
        {"path": "shop/cart.py", "line": 4, "text": "secret", "private": True},
        {"path": "built/cart.py", "line": 1, "text": "built"},
        {"path": "../outside.py", "line": 1, "text": "outside"},
    ]
    index = Index(search={"hits": hits})
    found = await tools_of(root, index).search_project("tax rates")
    assert found == [at("shop/tax.py", 1, "def rate()")]
    assert index.asked == [("search", {"query": "tax rates", "limit": 6})]


@pytest.mark.parametrize("index", [None, Index(search=NearsideError("late"))], ids=["no index", "late"])
async def test_without_an_index_files_are_looked_through(root: Path, index: Index | None) -> None:
    found = await tools_of(root, index).search_project("Rate of the tax")
    assert {one.path for one in found} == {"shop/cart.py", "shop/tax.py"}
    assert any("def rate" in one.text for one in found)
    assert await tools_of(root).search_project("zebra") == []


async def test_a_search_without_an_index_looks_at_so_many_files_and_no_more(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 1)
    assert {one.path for one in await tools_of(root).search_project("note rate")} <= {"notes.txt"}


async def test_a_definition_is_read_whole_where_the_index_says_it_is(root: Path) -> None:
    known = {"path": "shop/cart.py", "line": 5, "end_line": 6, "name": "total", "owner": "Cart"}
    other = {"path": "shop/tax.py", "line": 1, "end_line": 2, "name": "total", "owner": "Basket"}
    index = Index(symbol={"symbols": [known, other]})
    for name in ("Cart.total", "cart.Cart.total", "Cart::total"):
        found = await tools_of(root, index).read_symbol(name)
        assert found == [at("shop/cart.py", 5, "    def total(self):\n        return rate() * 2")]
    assert ("symbol", {"name": "total"}) in index.asked  # an index knows the last part
    assert len(await tools_of(root, index).read_symbol("total")) == 2


async def test_without_an_index_a_definition_is_found_all_the_same(root: Path) -> None:
    found = await tools_of(root).read_symbol("Cart.total")
    assert found == [at("shop/cart.py", 5, "    def total(self):\n        return rate() * 2")]
    with pytest.raises(ToolError, match="nothing is called Basket.total"):
        await tools_of(root).read_symbol("Basket.total")


async def test_an_unknown_name_is_told_with_names_like_it(root: Path) -> None:
    index = Index(symbol={"symbols": []}, symbols={"symbols": [{"name": "total"}, {"name": "rate"}]})
    with pytest.raises(ToolError, match="nothing is called totl; there is total, rate"):
        await tools_of(root, index).read_symbol("totl")


async def test_lines_of_a_file_are_read_as_the_editor_has_them(root: Path) -> None:
    assert await tools_of(root).read_file("./shop/tax.py", 2) == [at("shop/tax.py", 2, "    return 1")]
    unsaved = {"shop/tax.py": "def rate():\n    return 2\n"}
    assert await tools_of(root, unsaved=unsaved).read_file("shop/tax.py", 2, 2) == [
        at("shop/tax.py", 2, "    return 2")
    ]


async def test_so_many_lines_are_read_at_once(root: Path) -> None:
    [found] = await tools_of(root).read_file("notes.txt", 100, 400)
    lines = found.text.split("\n")
    assert (len(lines), lines[0], lines[-1]) == (MOST_LINES, "note 100", "note 299")
    with pytest.raises(ToolError, match="notes.txt has 500 lines"):
        await tools_of(root).read_file("notes.txt", 501)


@pytest.mark.parametrize(
    "path",
    [
        ".env", "innocent.txt", "link.py", "../outside.py", "shop/../../outside.py", "/etc/passwd",
        "built/cart.py", ".git/config", "data.bin", "shop", "", ".", "no/such.py", "a\0b", "x" * 5000,
    ],
)  # fmt: skip
async def test_what_is_private_ignored_binary_or_outside_is_not_there(root: Path, path: str) -> None:
    with pytest.raises(ToolError, match="there is no file"):
        await tools_of(root).read_file(path)


def test_a_file_that_may_be_seen_may_be_seen_through_a_link_too(root: Path) -> None:
    (root / "again.py").symlink_to(root / "shop" / "cart.py")
    assert may_see(root, "again.py") and may_see(root, "shop/cart.py") and not may_see(root, "innocent.txt")


@pytest.mark.parametrize("index", [None, Index(references={"paths": ["shop/cart.py", ".env"]})])
async def test_uses_of_a_name_are_listed_with_their_lines(root: Path, index: Index | None) -> None:
    found = await tools_of(root, index).list_references("tax.rate")
    first = Found(
        "shop/cart.py, lines that use rate",
        "shop/cart.py:1: from shop.tax import rate\nshop/cart.py:6: return rate() * 2",
        "shop/cart.py",
    )
    assert first in found
    assert {one.path for one in found} <= {"shop/cart.py", "shop/tax.py"}


async def test_so_many_uses_are_listed_and_no_more(root: Path) -> None:
    (root / "many.py").write_text("rate()\n" * 500)
    found = await tools_of(root).list_references("rate")
    assert sum(len(one.text.split("\n")) for one in found) == MOST_REFERENCES
    assert await tools_of(root).list_references("zebra") == []
