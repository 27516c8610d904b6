"""Names of installed Python packages are found where they are defined, by the packages' texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.documentation.conftest import Project

PACKAGE = {
    "shop/__init__.py": (
        '"""Sells things."""\n'
        "from .cart import Cart as Basket, Cart\n"
        "from .prices import *\n"
        "from . import cart as wagons\n"
        "import os.path as paths\n"
        "try:\n    from ._fast import total\nexcept ImportError:\n    from .slow import total\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from .typed import Only\n"
        "default = Basket()\nadd_it = default.add\n"
    ),
    "shop/cart.py": (
        "from shop.base import Base\n\n"
        "class Cart(Base):\n"
        '    """Holds goods."""\n\n'
        "    limit: int = 3\n\n"
        "    def __init__(self, owner: str) -> None:\n        self.owner = owner\n\n"
        "    def add(self, item: str, count: int = 1) -> bool:\n"
        '        """Add an item.\n\n        More of it.\n        """\n'
        "    @property\n    def size(self) -> int:\n        return 1\n\n"
        "    async def pay(self): ...\n"
        "    class Inner:\n        def deep(self): 'Down here.'\n"
    ),
    "shop/base.py": (
        "class Root:\n    def close(self):\n        'Close it.'\n    def add(self, item): ...\n"
        "class Base(Root):\n    def open(self): 'Open it.'\n    def close(self): ...\n"
    ),
    "shop/prices.py": "__all__ = ['price', '_secret']\ndef price(x): 'Its price.'\n"
    "def hidden(): ...\n_secret = 1\n",
    "shop/slow.py": "def total(goods): 'Slowly.'\n",
    "shop/typed.py": "class Only: 'For checkers.'\n",
    "shop-1.2.3.dist-info/METADATA": "Name: shop\nVersion: 1.2.3\n",
}


@pytest.fixture
def shop(project: Project) -> Project:
    project.write(PACKAGE)
    return project


@pytest.mark.parametrize(
    ("name", "signature", "text", "place"),
    [
        ("shop.cart.Cart.add", "def add(item: str, count: int = 1) ->", "Add an item.\n\n", "cart.py:11"),
        ("shop.Cart.add", "def add(item: str", "Add an item.", "cart.py:11"),
        ("shop.Basket.add", "def add(item: str", "Add an item.", "cart.py:11"),
        ("shop.Basket.add()", "def add(item: str", "Add an item.", "cart.py:11"),
        ("shop.wagons.Cart", "class Cart(Base)\n    def __init__(owner", "Holds goods.", "cart.py:3"),
        ("shop.Cart.open", "def open()", "Open it.", "base.py:6"),
        ("shop.Cart.close", "def close()", "Close it.", "base.py:7"),
        ("shop.Cart.size", "size: int", "", "cart.py:17"),
        ("shop.Cart.pay", "async def pay()", "", "cart.py:20"),
        ("shop.Cart.limit", "limit: int = 3", "", "cart.py:6"),
        ("shop.Cart.owner", "owner = owner", "", "cart.py:9"),
        ("shop.Cart.Inner.deep", "def deep()", "Down here.", "cart.py:22"),
        ("shop.price", "def price(x)", "Its price.", "prices.py:2"),
        ("shop.total", "def total(goods)", "Slowly.", "slow.py:1"),
        ("shop.Only", "class Only", "For checkers.", "typed.py:1"),
        ("shop.default.add", "def add(item: str", "Add an item.", "cart.py:11"),
        ("shop.add_it", "def add(item: str", "Add an item.", "cart.py:11"),
        ("shop.paths.join", "def join(a, *p)", "Join two", "posixpath.py:"),
        ("Cart", "class Cart(Base)", "Holds goods.", "cart.py:3"),
        ("Cart.add", "def add(item: str", "Add an item.", "cart.py:11"),
    ],
)  # fmt: skip
def test_a_name_is_found_where_it_is_defined(
    shop: Project, name: str, signature: str, text: str, place: str
) -> None:
    doc = shop.look(name)
    assert doc.signature.startswith(signature)
    assert doc.text.startswith(text)
    assert place in doc.where


def test_an_answer_says_the_version_the_full_name_and_the_kind_of_source(shop: Project) -> None:
    doc = shop.look("Cart")
    assert (doc.title, doc.version, doc.source) == ("shop.Cart", "1.2.3", "package")
    assert doc.where == f"{shop.site}/shop/cart.py:3"
    standard = shop.look("json.dumps")
    assert (standard.version, standard.source) == ("3.11.9", "standard library")


def test_a_module_and_a_class_say_what_they_hold(shop: Project) -> None:
    assert shop.look("shop").text.startswith("Sells things.\n\nNames: ")
    assert "slow" in shop.look("shop").text
    assert "Members: limit, owner, add, size, pay, Inner, open, close" in shop.look("shop.Cart").text


def test_what_a_star_does_not_bring_is_not_found(shop: Project) -> None:
    assert shop.look("shop._secret").signature == "_secret = 1"
    assert "hidden is not known in shop 1.2.3" in shop.refusal("shop.hidden")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("shop.Cart.ad", "did you mean shop.Cart.add?"),
        ("shop.Cart.Close", "did you mean shop.Cart.close?"),
        ("shop.bascet", "did you mean shop.Basket or shop.base?"),
        ("shop.carts", "did you mean shop.Cart or shop.paths?"),
        ("shp.Cart", "did you mean shop.Cart?"),
        ("json.dmps", "did you mean json.dumps"),
    ],
)
def test_a_wrong_name_gets_what_may_have_been_meant(shop: Project, name: str, meant: str) -> None:
    assert meant in shop.refusal(name)


def test_stubs_and_sources_are_told_together(project: Project) -> None:
    project.write(
        {
            "lib/__init__.py": "def run(x, y=None):\n    'Runs it.'\n",
            "lib/__init__.pyi": "def run(x: int, y: str | None = ...) -> bytes: ...\n"
            "def only() -> int: ...\n",
            "lib/fast.cpython-311-x86_64-linux-gnu.so": "\x7fELF",
            "lib/fast.pyi": "from typing import overload\n"
            "@overload\ndef go(x: int) -> int: ...\n@overload\ndef go(x: str) -> str: ...\n",
            "other/__init__.py": "from .part import thing\n",
            "other/part.py": "def thing(a): ...\n",
            "other-stubs/__init__.pyi": "from .part import thing as thing\n",
            "other-stubs/part.pyi": "def thing(a: float) -> None: ...\n",
        }
    )
    run = project.look("lib.run")
    assert run.signature == "def run(x: int, y: str | None = ...) -> bytes"
    assert run.text == "Runs it." and run.where.endswith("__init__.py:1")
    assert project.look("lib.only").where.endswith("__init__.pyi:2")
    assert project.look("lib.fast.go").signature.count("def go(") == 2
    assert project.look("other.thing").signature == "def thing(a: float) -> None"


def test_a_package_elsewhere_is_found_by_its_pointers(project: Project, tmp_path: Path) -> None:
    for name in ("pth", "egg", "mapped"):
        project.write({f"{name}_pkg/__init__.py": f"def {name}(): 'By {name}.'\n"}, tmp_path / name)
    finder = "__editable___mapped_finder"
    project.write(
        {
            "a.pth": f"# note\nimport os; os.system('false')\n{tmp_path / 'pth'}\n/nowhere\n\0\n",
            "egg.egg-link": f"{tmp_path / 'egg'}\n.\n",
            "m.pth": f"import {finder}; {finder}.install()",
            f"{finder}.py": f"MAPPING: dict[str, str] = {{'mapped_pkg': '{tmp_path}/mapped/mapped_pkg'}}\n",
        }
    )
    for name in ("pth", "egg", "mapped"):
        assert project.look(f"{name}_pkg.{name}").text == f"By {name}."


def test_the_version_is_of_the_distribution_that_holds_the_module(project: Project) -> None:
    project.write(
        {
            "yaml_like/__init__.py": "def load(): ...\n",
            "Py_Yaml-6.0.dist-info/RECORD": "yaml_like/__init__.py,,\n",
            "single.py": "def one(): ...\n",
            "Singles-2.5.dist-info/top_level.txt": "single\n",
            "old.py": "def two(): ...\n",
            "old.egg-info/PKG-INFO": "Version: 0.1\n",
        }
    )
    versions = [project.look(name).version for name in ("yaml_like.load", "single.one", "old.two")]
    assert versions == ["6.0", "2.5", "0.1"]


def test_a_configured_interpreter_comes_before_all_else(project: Project, tmp_path: Path) -> None:
    from settings.schema import Docs
    from tools.documentation import Library
    from tools.documentation.index import Index

    project.write({"here/__init__.py": "def a(): 'Mine.'\n"})
    other = tmp_path / "other" / "lib" / "python3.12" / "site-packages"
    project.write({"here/__init__.py": "def a(): 'Another.'\n"}, other)
    (tmp_path / "other" / "bin").mkdir()
    (tmp_path / "other" / "bin" / "python").symlink_to("/bin/false")
    (tmp_path / "other" / "pyvenv.cfg").write_text("home = /nowhere\n")
    assert project.look("here.a").text == "Mine."
    for python in (tmp_path / "other", tmp_path / "other" / "bin" / "python"):
        library = Library(project.root, Docs(python=str(python)), Index(None))
        assert library.look("here.a").text == "Another."
        library.close()


def test_built_in_names_are_asked_of_our_own_python_with_their_page(project: Project) -> None:
    doc = project.look("str.join")
    assert doc.where.endswith("stdtypes.html#str.join") and "iterable" in doc.signature
    assert project.look("len").where.endswith("functions.html#len")
    assert project.look("math.sqrt").where.endswith("math.html#math.sqrt")
    assert "did you mean str.split?" in project.refusal("str.splt").replace(" or str.rsplit", "")
