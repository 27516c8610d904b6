"""What was read once is not read again as long as the file stays the same, whatever becomes of the index."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.tools.documentation.conftest import Project
from tools.documentation import python_reader
from tools.documentation.index import Entry, Index, NotRead, Read

LARGE = 3000


@pytest.fixture
def one(project: Project) -> Project:
    project.write({"one/__init__.py": "from .two import f\n", "one/two.py": "def f(): 'First.'\n"})
    return project


def test_a_second_look_reads_no_file(one: Project) -> None:
    assert one.look("one.f").text == "First."
    assert one.library.index.misses == 2
    assert one.renewed().look("one.f", "python").text == "First."
    assert one.library.index.misses == 0


def test_a_changed_file_is_read_again_and_only_that(one: Project) -> None:
    one.look("one.f")
    one.write({"one/two.py": "def f(): 'Second, longer.'\n"})
    assert one.renewed().look("one.f", "python").text == "Second, longer."
    assert one.library.index.misses == 1
    old = os.stat(one.site / "one" / "two.py")
    one.write({"one/two.py": "def f(): 'Third , longer.'\n"})
    os.utime(one.site / "one" / "two.py", ns=(old.st_atime_ns, old.st_mtime_ns + 1))
    assert one.look("one.f").text == "Third , longer."


def test_another_version_of_a_reader_reads_again(one: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    one.look("one.f")
    monkeypatch.setattr(python_reader, "NAME", "python 999")
    one.renewed().look("one.f", "python")
    assert one.library.index.misses == 2


@pytest.mark.parametrize("damage", ["garbage", "cut", "empty", "folder", "version", "no table"])
def test_a_damaged_index_is_made_again(one: Project, damage: str) -> None:
    one.look("one.f")
    one.library.close()
    file = one.index_file
    if damage == "garbage":
        file.write_bytes(b"not a database" * 1000)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "folder":
        file.unlink()
        file.mkdir()
    else:
        database = sqlite3.connect(file)
        statement = "PRAGMA user_version = 99" if damage == "version" else "DROP TABLE files"
        database.execute(statement)
        database.close()
    library = one.renewed()
    assert library.look("one.f", "python").text == "First."
    again = one.renewed()
    assert again.look("one.f", "python").text == "First."


def test_an_index_damaged_while_it_is_open_costs_no_answer(one: Project) -> None:
    one.look("one.f")
    database = sqlite3.connect(one.index_file)
    database.execute("DROP TABLE entries")
    database.commit()
    database.close()
    one.write({"one/two.py": "def f(): 'After it.'\n"})
    assert one.look("one.f").text == "After it."


def test_where_nothing_can_be_written_the_answers_are_the_same(one: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    index = Index(tmp_path / "file" / "index.db")
    path = one.site / "one" / "two.py"
    entries = index.entries(path, "python", python_reader.read)
    assert [entry.name for entry in entries.below("")] == ["f"]
    index.entries(path, "python", python_reader.read)
    assert index.misses == 1
    index.close()


def test_an_index_that_only_looks_says_what_it_does_not_hold(one: Project) -> None:
    path = one.site / "one" / "two.py"
    index = Index(one.index_file, reading=False)
    with pytest.raises(NotRead):
        index.entries(path, python_reader.NAME, python_reader.read)
    one.look("one.f")
    assert index.entries(path, python_reader.NAME, python_reader.read).get("f")
    index.close()


def test_two_libraries_share_one_index(one: Project) -> None:
    other = Index(one.index_file)
    path = one.site / "one" / "two.py"
    other.entries(path, python_reader.NAME, python_reader.read)
    one.look("one.f")
    assert (other.misses, one.library.index.misses) == (1, 1)
    other.close()


def test_entries_come_back_as_they_were_made(tmp_path: Path) -> None:
    made = (
        Entry("", "file", "", "About \ud800 it."),
        Entry("A", "class", "class A(B, C)", "Text\nof it", 3, "", ("B", "C")),
        Entry("A.f", "function", "def f()", "", 4),
        Entry("Ab", "attribute", "Ab = 1", "", 2, "=x"),
        Entry("*m", "star", "", "", 9, "m"),
    )
    (tmp_path / "f").write_text("x")
    index = Index(tmp_path / "i.db")
    entries = index.entries(tmp_path / "f", "r", lambda path: Read(made, "half of it"))
    assert entries.problem == "half of it"
    assert entries.get("A") == made[1]
    assert [entry.name for entry in entries.below("")] == ["Ab", "A"]
    assert [entry.name for entry in entries.below("A")] == ["A.f"]
    assert [entry.target for entry in entries.of_kind("star")] == ["m"]
    own = entries.get("")
    assert own and own.text == "About ? it."
    index.close()
