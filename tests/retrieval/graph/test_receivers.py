"""Which names guided decoding may raise after which receiver."""

from __future__ import annotations

import re

import pytest

from retrieval.graph import Cursor, Graph
from syntax.extract import facts

STORE = """
class Base:
    def close(self): ...

class Store(Base):
    limit: int = 3

    def __init__(self, path: str):
        self.path = path
        self._open = False

    def fetch_row(self, key): ...
"""
FOREIGN = """
from elsewhere import Widget

class Panel(Widget):
    def draw_panel(self): ...
"""
APP = """from app.store import Store
from app.panel import Panel
from app import tools

class App:
    def __init__(self, store: Store, other):
        self.store = store
        self._secret = 1
        self.other = other

    def run(self, panel: Panel):
        backup = Store("b")
        """


def members(text: str = APP, **files: str) -> dict[str, tuple[str, ...]]:
    graph = Graph()
    known = {"app/__init__.py": "", "app/store.py": STORE, "app/panel.py": FOREIGN} | {
        f"app/{name}.py": source for name, source in files.items()
    }
    for path, source in {**known, "app/main.py": text}.items():
        graph.put(path, facts(source, "python"))
    return graph.receivers(Cursor("app/main.py", "python", text, "\n", text))


def names(text: str = APP, **files: str) -> dict[str, list[str]]:
    """The same without signatures."""
    found = members(text, **files).items()
    return {receiver: [re.split(r"[(:]", one)[0] for one in its] for receiver, its in found}


@pytest.mark.parametrize("receiver", ["backup", "self.store", "Store"])
def test_a_receiver_of_a_known_class_has_its_members_and_the_inherited_ones(receiver: str) -> None:
    assert {"fetch_row", "close", "limit", "path"} <= set(names()[receiver])


def test_private_names_follow_only_the_object_itself() -> None:
    found = names()
    assert "_open" not in found["backup"]
    assert {"_secret", "store", "run"} <= set(found["self"])
    assert not [name for names in found.values() for name in names if name.startswith("__")]


def test_a_receiver_nothing_is_known_of_is_left_alone() -> None:
    assert "self.other" not in names()


def test_a_class_with_a_foreign_ancestor_counts_only_with_what_the_text_uses_of_it() -> None:
    assert "panel" not in names()
    used = APP.replace("        backup", "        panel.resize(panel.draw_panel())\n        backup")
    assert sorted(names(used)["panel"]) == ["draw_panel", "resize"]  # each once


def test_a_module_has_its_definitions() -> None:
    assert set(names(tools="def hammer(): ...\nNAILS = 3\n")["tools"]) == {"hammer", "NAILS"}


def test_a_module_that_takes_in_all_of_another_is_left_alone() -> None:
    assert "tools" not in names(tools="from elsewhere import *\ndef hammer(): ...\n")


def test_what_stands_next_to_the_cursor_comes_first() -> None:
    assert next(iter(names())) == "backup"


def test_a_member_stands_with_its_signature() -> None:
    source = """from dataclasses import dataclass

class Pool:
    size: int = 3

    def take(
        self, key: Pair[str, int], *, wait=(1, 2)
    ) -> Row | None: ...

    def drain(self): ...

    @property
    def free(self) -> int: ...

    @classmethod
    def made(cls, of: str) -> "Pool": ...

def open_pool(path): ...
"""
    found = members("from app import pool\n\n" + APP, pool=source)["pool"]
    assert set(found) == {"Pool(…)", "open_pool(path)"}
    text = APP.replace("from app import tools", "from app.pool import Pool")
    made = dict.fromkeys(members(text, pool=source)["Pool"])
    assert {"size: int", "take(key: Pair[str, int], *, wait=(1, 2)) -> Row | None", "drain()"} <= set(made)
    assert {"free: int", 'made(of: str) -> "Pool"'} <= set(made)


def test_a_long_signature_loses_its_last_parameters() -> None:
    given = ", ".join(f"parameter_{i}: int" for i in range(20))
    [one] = members(tools=f"def hammer({given}) -> Nail: ...\n")["tools"]
    assert one.startswith("hammer(parameter_0: int, ") and one.endswith("…) -> Nail") and len(one) <= 100
