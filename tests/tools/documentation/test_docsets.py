"""Sets of documentation that the user has fetched: what they list, the text of the page, and broken ones."""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path

import pytest

from tests.tools.documentation.conftest import Project

PAGE = (
    "<html><head><title>no</title><style>no</style></head><body><nav>no</nav><h1>Top</h1><p>Before.</p>"
    '<h2 id="map">map</h2><p>Calls a <code>function</code>\n for each.</p><pre>map(f,\n    xs)</pre>'
    "<ul><li>one</li><li>two &amp; three</li></ul><script>no()</script>"
    '<h2 id="next">next</h2><p>After.</p></body></html>'
)
TEXT = "## map\n\nCalls a `function` for each.\n\n```\nmap(f,\n    xs)\n```\n\n- one\n- two & three"


def dash(folder: Path, rows: list[tuple[str, str, str]]) -> None:
    resources = folder / "Contents" / "Resources"
    (resources / "Documents").mkdir(parents=True)
    (resources / "Documents" / "list.html").write_text(PAGE)
    database = sqlite3.connect(resources / "docSet.dsidx")
    database.execute("CREATE TABLE searchIndex (id INTEGER PRIMARY KEY, name TEXT, type TEXT, path TEXT)")
    database.executemany("INSERT INTO searchIndex (name, type, path) VALUES (?, ?, ?)", rows)
    database.commit()
    database.close()


def inventory(lines: str) -> bytes:
    head = b"# Sphinx inventory version 2\n# Project: Shop\n# Version: 4.2\n# The rest is compressed.\n"
    return head + zlib.compress(lines.encode())


@pytest.fixture
def sets(project: Project, tmp_path: Path) -> Project:
    folder = tmp_path / "sets"
    folder.mkdir()
    dash(
        folder / "Lang.docset",
        [
            ("List.map", "Function", "<dash_entry_name=map>list.html#map"),
            ("escape", "Function", "../" * 20 + "etc/passwd"),
            ("gone", "Function", "gone.html"),
        ],
    )
    devdocs = folder / "ruby~3.4"
    devdocs.mkdir()
    entries = [{"name": "Array#each", "path": "array#map", "type": "Array"}, "odd", {"name": None}]
    (devdocs / "index.json").write_text(json.dumps({"entries": entries}))
    (devdocs / "db.json").write_text(json.dumps({"array": PAGE}))
    sphinx = folder / "shop"
    (sphinx / "api").mkdir(parents=True)
    (sphinx / "api" / "cart.html").write_text(
        '<dl><dt id="shop.Cart">class shop.Cart</dt><dd>Holds.</dd></dl>'
    )
    lines = "shop.Cart py:class 1 api/cart.html#$ -\nshop.pay py:function 1 pay.html#$ pay\nodd line\n"
    (sphinx / "objects.inv").write_bytes(inventory(lines))
    project.renewed((str(folder),))
    return project


@pytest.mark.parametrize("name", ["List.map", "map", "map()"])
def test_a_docset_shows_the_part_of_its_page(sets: Project, name: str) -> None:
    doc = sets.look(name, "ocaml")
    assert (doc.title, doc.text, doc.source) == ("List.map", TEXT, "docset")
    assert doc.where.startswith("file://") and doc.where.endswith("/list.html#map")


def test_devdocs_show_theirs(sets: Project) -> None:
    doc = sets.look("Array#each", "ruby")
    assert (doc.text, doc.version, doc.source) == (TEXT, "3.4", "DevDocs")


def test_an_inventory_leads_to_the_page_beside_it(sets: Project) -> None:
    doc = sets.look("shop.Cart", "x")
    assert (doc.version, doc.source) == ("4.2", "Sphinx")
    assert "Holds." in doc.text and doc.where.endswith("/shop/api/cart.html#shop.Cart")
    assert "its page is not on this machine" in sets.look("shop.pay", "x").text
    assert "did you mean shop.pay or shop.Cart?" in sets.refusal("shop.pat", "x")


def test_an_address_makes_what_is_not_here_clickable(project: Project, tmp_path: Path) -> None:
    (tmp_path / "objects.inv").write_bytes(inventory("shop.pay py:function 1 pay.html#$ pay\n"))
    project.renewed((f"{tmp_path}/objects.inv https://shop.example/docs/",))
    assert project.look("shop.pay", "x").where == "https://shop.example/docs/pay.html#shop.pay"


def test_a_page_outside_of_its_set_is_not_read(sets: Project) -> None:
    doc = sets.look("escape", "x")
    assert "its page is not on this machine" in doc.text and "root:" not in doc.text
    assert "its page is not on this machine" in sets.look("gone", "x").text


@pytest.mark.parametrize(
    ("path", "data", "why"),
    [
        ("a.docset/Contents/Resources/docSet.dsidx", b"SQLite format 3\x00" + b"\xff" * 3000, "is damaged"),
        ("a.docset/Contents/Resources/docSet.dsidx", b"", "is damaged"),
        ("objects.inv", b"# Sphinx inventory version 1\n", "is no inventory of Sphinx"),
        ("objects.inv", b"# Sphinx inventory version 2\n#\n#\n#\nnot compressed", "is damaged"),
        ("objects.inv", b"", "is no inventory of Sphinx"),
        ("d/index.json", b"[" * 100_000, "is no JSON"),
        ("d/index.json", b"[1, 2]", ""),
    ],
)
def test_a_broken_set_costs_one_line_and_not_the_others(
    project: Project, tmp_path: Path, path: str, data: bytes, why: str
) -> None:
    file = tmp_path / "sets" / path
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    (file.parent / "db.json").write_text("{}")
    project.renewed((str(tmp_path / "sets"),))
    assert why in project.refusal("some.name", "x")
    whole = tmp_path / "whole"
    whole.mkdir()
    dash(whole / "z.docset", [("some.name", "Function", "list.html#map")])
    project.renewed((str(tmp_path / "sets"), str(whole)))
    assert project.look("some.name", "x").text == TEXT


def test_an_inventory_that_grows_without_end_is_cut(project: Project, tmp_path: Path) -> None:
    line = b"shop.pay py:function 1 pay.html#$ pay\n"
    (tmp_path / "objects.inv").write_bytes(
        b"# Sphinx inventory version 2\n#\n#\n#\n" + zlib.compress(line + b"\n" * 60_000_000)
    )
    project.renewed((str(tmp_path / "objects.inv"),))
    assert project.look("shop.pay", "x").title == "shop.pay"


def test_folders_that_are_not_there_are_no_trouble(project: Project) -> None:
    project.renewed(("/nowhere", "", "~", "a\0b", "\ud800", "/dev/zero"))
    assert "was not found" in project.refusal("some.name", "x")
