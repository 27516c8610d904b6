from __future__ import annotations

import pytest

from retrieval.graph import Found, render
from retrieval.graph.render import OVERHEAD, characters, signature
from syntax.extract import facts
from tests.retrieval.graph.workspace import language_of

STORE = '''
LIMIT = 3

@decorated(with_something)
class Store(Base):
    """Where things are."""

    size: int = 0

    @property
    def name(self) -> str:
        return ""

    async def fetch_everything(
        self,
        path: str,
        *,
        limit: int = 3,
    ) -> list[str]:
        return []

def open_store(path: str) -> Store:
    return Store(path)
'''


def found(text: str, path: str, *wanted: str) -> list[Found]:
    symbols = {symbol.qualified: symbol for symbol in facts(text, language_of(path)).symbols}
    return [Found(path, symbols[name], 1.0, "") for name in wanted]


def test_a_signature_is_one_line_without_body_docstring_and_decorators() -> None:
    symbols = {symbol.qualified: signature(symbol) for symbol in facts(STORE, "python").symbols}
    assert symbols["Store"] == "class Store(Base):"
    assert symbols["Store.name"] == "def name(self) -> str:"
    assert symbols["Store.fetch_everything"] == (
        "async def fetch_everything(self, path: str, *, limit: int = 3) -> list[str]:"
    )
    assert symbols["LIMIT"] == "LIMIT = 3"


def test_a_long_signature_loses_its_end_and_says_so() -> None:
    (symbol,) = facts(f"def f({', '.join(f'argument_{n}' for n in range(50))}): ...\n", "python").symbols
    text = signature(symbol, 60)
    assert text.startswith("def f(argument_0, argument_1")
    assert text.endswith("…")
    assert len(text) <= 60


def test_what_is_shown_of_a_file_stands_in_its_order_under_its_class() -> None:
    likely = found(STORE, "a/store.py", "open_store", "Store.fetch_everything", "LIMIT")
    ((path, text),) = render(likely, 1000)
    assert path == "a/store.py"
    assert text.split("\n") == [
        "LIMIT = 3",
        "Store:",
        "    async def fetch_everything(self, path: str, *, limit: int = 3) -> list[str]:",
        "def open_store(path: str) -> Store:",
    ]


def test_a_class_that_is_shown_is_not_named_twice() -> None:
    ((_, text),) = render(found(STORE, "a.py", "Store.name", "Store"), 1000)
    assert text.split("\n") == ["class Store(Base):", "    def name(self) -> str:"]


@pytest.mark.parametrize("budget", range(0, 400, 7))
def test_the_budget_holds_with_paths(budget: int) -> None:
    likely = [
        *found(STORE, "a/store.py", "open_store", "Store.name", "Store", "LIMIT"),
        *found("def other(): ...\n", "a/rather/long/path.py", "other"),
    ]
    pieces = render(likely, budget)
    assert characters(pieces) <= budget
    assert sum(len(path) + len(text) + OVERHEAD for path, text in pieces) <= budget


def test_what_does_not_fit_makes_room_for_what_does() -> None:
    likely = [
        *found(
            "def a_function_with_a_name(of_course, arguments, many): ...\n",
            "long.py",
            "a_function_with_a_name",
        ),
        *found("def f(): ...\n", "f.py", "f"),
    ]
    assert render(likely, 24) == [("f.py", "def f(): ...")]


def test_members_fill_what_is_left() -> None:
    (store,) = found(STORE, "a.py", "Store")
    members = tuple(one.symbol for one in found(STORE, "a.py", "Store.name"))
    likely = [Found("a.py", store.symbol, 1.0, "", members=members), *found("X = 1\n", "x.py", "X")]
    assert render(likely, 200) == [
        ("a.py", "class Store(Base):\n    def name(self) -> str:"),
        ("x.py", "X = 1"),
    ]


def test_the_same_is_rendered_the_same() -> None:
    likely = found(STORE, "a/store.py", "open_store", "Store.name", "Store", "LIMIT")
    assert render(likely, 150) == render(list(likely), 150)
    assert render([], 100) == []
