"""What a prompt is given of installed packages at a cursor, and what stands at a place is called."""

from __future__ import annotations

import pytest

from tests.tools.documentation.conftest import Project
from tools.documentation.at_cursor import AtCursor, Cursor, at_cursor
from tools.documentation.doc import Deadline
from tools.documentation.index import Index
from tools.documentation.library import Library
from tools.documentation.naming import name_at

BOX = (
    "from box.lid import Lid, Base\n\n"
    "class Box(Base):\n"
    "    size: int = 1\n"
    "    def __init__(self, name: str) -> None: ...\n"
    "    def open(self, force: bool = False) -> Lid: ...\n"
    "    @property\n    def full(self) -> bool: ...\n"
    "    def _hidden(self): ...\n"
    "class Odd(Unknown):\n    def known(self): ...\n"
    "def make(name: str) -> Box: ...\n"
)
LID = "class Base:\n    def close(self): ...\nclass Lid:\n    def turn(self, times: int) -> None: ...\n"
HEAD = "import json\nfrom box.core import Box, Odd, make\nimport box.lid as lids\nfrom app.own import Mine\n"
OPEN = "open(force: bool = False) -> Lid"


@pytest.fixture
def box(project: Project) -> Project:
    project.write({"box/__init__.py": "", "box/core.py": BOX, "box/lid.py": LID})
    project.write(
        {"app/__init__.py": "", "app/own.py": "class Mine:\n    def of_ours(self): ...\n"}, project.root
    )
    (project.site / "app.pth").write_text(str(project.root))
    return project


def look(project: Project, body: str, library: Library | None = None) -> AtCursor:
    """Look at the place of `|` in a text below the imports."""
    text = HEAD + body
    at = text.index("|")
    names = (library or project.library).python.names
    return at_cursor(names, project.root, Cursor(text.replace("|", ""), at), Deadline(10))


@pytest.mark.parametrize(
    ("body", "receiver"),
    [
        ("def f(b: Box):\n    b.|\n", "b"),
        ("def f():\n    b = Box('x')\n    b.|\n", "b"),
        ("def f():\n    b = make('x')\n    b.|\n", "b"),
        ("class A:\n  def __init__(self, b: Box):\n    self.b = b\n  def g(self):\n    self.b.|\n", "self.b"),
        ("class A:\n  def __init__(self):\n    self.b = Box('x')\n  def g(self):\n    self.b.|\n", "self.b"),
    ],
)  # fmt: skip
def test_the_members_of_a_receiver_are_known_with_their_signatures(
    box: Project, body: str, receiver: str
) -> None:
    found = look(box, body)
    assert dict(found.members)[receiver] == ("size: int", OPEN, "full: bool", "close()")
    assert not found.unread


def test_what_a_method_returns_has_members_too(box: Project) -> None:
    found = look(box, "def f(b: Box):\n    lid = b.open()\n    lid.|\n")
    assert dict(found.members)["lid"] == ("turn(times: int) -> None",)


def test_a_receiver_whose_bases_are_not_all_known_is_left_to_the_model(box: Project) -> None:
    found = look(box, "def f(o: Odd):\n    o.|\n")
    assert "o" not in dict(found.members)


def test_modules_have_members_and_the_standard_library_is_left_out(box: Project) -> None:
    members = dict(look(box, "x = lids.|\n").members)
    assert members["lids"] == ("Base(…)", "Lid(…)")
    assert "json" not in members


def test_signatures_come_with_their_file_and_are_worth_more_the_nearer_they_are_used(box: Project) -> None:
    found = look(box, "def f(b: Box):\n    b.|\n")
    first = found.signatures[0]
    assert first.path == "box/core.py"
    assert first.text.split("\n")[0] == "class Box(Base): def __init__(name: str) -> None"
    assert f"    def {OPEN}" in first.text
    assert [one.score for one in found.signatures] == sorted(
        (s.score for s in found.signatures), reverse=True
    )
    assert found.signatures[0].score > found.signatures[-1].score


def test_the_project_s_own_names_are_not_repeated(box: Project) -> None:
    found = look(box, "def f(m: Mine):\n    m.|\n")
    assert "m" not in dict(found.members)
    assert all("own" not in one.path for one in found.signatures)


def test_imports_further_up_than_the_text_count(box: Project) -> None:
    cursor = Cursor("def f(b: Box):\n    b.\n", 21, "python", HEAD)
    found = at_cursor(box.library.python.names, box.root, cursor, Deadline(10))
    assert "b" in dict(found.members)


def test_what_the_index_does_not_hold_is_named_and_not_read(box: Project) -> None:
    only = Library(box.root, box.library.settings, Index(box.index_file, reading=False))
    body = "def f(b: Box):\n    b.|\n"
    before = look(box, body, only)
    assert before.unread and not before.members and only.index.misses == 0
    look(box, body)
    after = look(box, body, only)
    assert not after.unread and dict(after.members)["b"] and only.index.misses == 0
    only.close()


@pytest.mark.parametrize("text", ["", "|", "import\n|", "from box.core import *\n|", "from . import x\nx.|",
                                  "\0|",
                                  "def f(b: Box[\n|", "import box.core.deeper.none as n\nn.|"])  # fmt: skip
def test_any_text_is_looked_at(box: Project, text: str) -> None:
    at = max(text.find("|"), 0)
    found = at_cursor(box.library.python.names, box.root, Cursor(text.replace("|", ""), at), Deadline(10))
    assert found.members == ()


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("python", "import numpy as np\nnp.linalg.no|rm(x)\n", "numpy.linalg.norm"),
        ("python", "import numpy as np\nnp.lin|alg.norm(x)\n", "numpy.linalg"),
        ("python", "import os.path\nos.path.jo|in\n", "os.path.join"),
        ("python", "from a.b import c as d\nd|(1)\n", "a.b.c"),
        ("python", "from a import Thing\ndef f(t: Thing):\n    t.ru|n()\n", "a.Thing.run"),
        ("python", "from a import Thing\ndef f():\n    t = Thing()\n    t.ru|n()\n", "a.Thing.run"),
        ("python", "from a import T\nclass A:\n  def g(self):\n    self.t = T()\n    self.t.g|o\n", "a.T.go"),
        ("python", "le|n(x)\n", "len"),
        ("python", "x = 1 | 2\n", ""),
        ("python", "|", ""),
        ("typescript", "import { useState as s } from 'react'\ns|(1)\n", "react.useState"),
        ("typescript", "import axios from 'axios'\naxios.ge|t(1)\n", "axios.get"),
        ("go", 'package m\nimport "net/http"\nfunc f() { http.Ge|t("") }\n', "net/http.Get"),
        ("rust", "use serde::Deserialize;\nfn f() { Deseria|lize }\n", "serde::Deserialize"),
    ],
)  # fmt: skip
def test_a_place_is_named_by_imports_and_locals(language: str, text: str, name: str) -> None:
    at = text.index("|")
    assert name_at(text.replace("|", "", 1), at, language) == name
