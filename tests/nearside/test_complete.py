"""`nearside complete` reads a place from its argument, and says in one line what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.types import CannotInfill, NearsideError
from nearside import complete
from nearside.complete import Location, WrongLocation, as_json, cursor, parse_location, read_lines
from settings.schema import Completion
from tests.scripted_engine import Script, ScriptedEngine


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.py:1:2", Location(Path("a.py"), 1, 2)),
        ("src/a b.py:10:20", Location(Path("src/a b.py"), 10, 20)),
        (r"C:\src\a.py:3:4", Location(Path(r"C:\src\a.py"), 3, 4)),
        ("a:1:2:3:4", Location(Path("a:1:2"), 3, 4)),
        ("a\nb.py:3:4", Location(Path("a\nb.py"), 3, 4)),
        ("./-x:007:1", Location(Path("-x"), 7, 1)),
    ],
)
def test_a_location_is_read_from_the_right(text: str, expected: Location) -> None:
    assert parse_location(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ":", "::", "a.py", "a.py:3", "a.py:3:", "a.py::3", ":3:4", "a.py:x:1", "a.py:1:y", "a.py:-1:1",
     "a.py:1:2:", "a.py:1.5:2", "a.py:\N{ARABIC-INDIC DIGIT ONE}:1", "a.py:" + "9" * 5000 + ":1", r"C:\a.py",
     r"C:\a.py:3"],
)  # fmt: skip
def test_what_is_no_location_is_said_in_one_line(text: str) -> None:
    with pytest.raises(WrongLocation, match="is not FILE:LINE:COL") as error:
        parse_location(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["a.py:0:1", "a.py:1:0"])
def test_lines_and_columns_count_from_one(text: str) -> None:
    with pytest.raises(WrongLocation, match="LINE and COL count from 1"):
        parse_location(text)


def write(home: Path, content: bytes) -> Path:
    file = home / "a.py"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", [""]),
        (b"a\nb", ["a\n", "b"]),
        (b"a\r\nb\r\n", ["a\r\n", "b\r\n", ""]),
        (b"a\x0cb\xe2\x80\xa8c\n", ["a\x0cb\u2028c\n", ""]),
        (b"\xef\xbb\xbfa\n", ["a\n", ""]),
    ],
)
def test_lines_end_where_an_editor_ends_them(content: bytes, lines: list[str], home: Path) -> None:
    assert read_lines(write(home, content)) == lines


def test_bytes_that_are_not_utf8_are_replaced_and_said(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read_lines(write(home, b"caf\xe9 = 1\n")) == ["caf\N{REPLACEMENT CHARACTER} = 1\n", ""]
    assert "is not all UTF-8" in capsys.readouterr().err


def test_a_file_that_cannot_be_completed_in_is_said_in_one_line(home: Path) -> None:
    (home / "folder").mkdir()
    for path, why in (
        (home / "missing.py", "does not exist"),
        (home / "folder", "is not a file"),
        (Path("/dev/zero"), "is not a file"),
        (write(home, b"\x7fELF\0\0"), "is not text"),
        (Path("a\0b"), "a\0b"),
    ):
        with pytest.raises(NearsideError, match=why) as error:
            read_lines(path)
        assert str(error.value).startswith("Nothing was completed, because ")


def test_the_cursor_sees_what_stands_around_it(home: Path) -> None:
    path = write(home, "x = 1\r\n\N{PILE OF POO}é = [1, 2]\r\ny = 3\r\n".encode())
    seen = cursor(Location(path, 2, 4), Completion(), home)
    assert (seen.prefix, seen.suffix) == ("x = 1\n\N{PILE OF POO}é ", "= [1, 2]\ny = 3\n")
    assert (seen.path, seen.repository) == ("a.py", home.name)


@pytest.mark.parametrize(("line", "column"), [(1, 1), (1, 6), (2, 1), (3, 1)])
def test_every_place_of_a_file_can_be_asked_for(line: int, column: int, home: Path) -> None:
    cursor(Location(write(home, b"x = 1\r\n\r\n"), line, column), Completion(), home)


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        (4, 1, "has 3 lines, not 4; name one it has"),
        (1, 7, "line 1 of .* has 5 characters; name a column from 1 to 6"),
        (3, 2, "line 3 of .* has 0 characters; name a column from 1 to 1"),
        (999_999_999, 1, "has 3 lines"),
    ],
)
def test_a_place_outside_the_file_is_said_in_one_line(line: int, column: int, why: str, home: Path) -> None:
    with pytest.raises(NearsideError, match=why):
        cursor(Location(write(home, b"x = 1\r\n\r\n"), line, column), Completion(), home)


@pytest.mark.parametrize("content", [b"x = 1\n" * 100_000, b"x" * 1_000_000])
def test_a_huge_file_is_cut_to_what_the_model_reads(content: bytes, home: Path) -> None:
    seen = cursor(Location(write(home, content), 1 + content.count(b"\n") // 2, 1), Completion(), home)
    assert len(seen.prefix) + len(seen.suffix) <= 10_000


def test_a_terminal_is_sent_no_commands() -> None:
    assert (
        complete.printable("a\tb\n\x1b[2Jc\r")
        == "a\tb\n\N{REPLACEMENT CHARACTER}[2Jc\N{REPLACEMENT CHARACTER}"
    )


async def test_what_the_engine_says_is_printed_with_what_it_cost(home: Path) -> None:
    engine = ScriptedEngine(Script(tokens=["a", " + b"], logprobs=[-0.1]))
    context = cursor(Location(write(home, b"return \n"), 1, 8), Completion(), home)
    printed = as_json(await complete.complete(engine, context, Completion(), 10_000))
    assert printed["text"] == "a + b"
    assert printed["model"] == "scripted"
    assert isinstance(printed["evaluated_tokens"], int) and isinstance(printed["latency_ms"], float)
    assert isinstance(printed["confidence"], float)
    assert printed.keys() >= {"reused_tokens"}
    assert engine.counters.closed == 1


async def test_the_engines_refusal_is_passed_on_and_the_engine_let_go(home: Path) -> None:
    engine = ScriptedEngine(Script(fail="cannot_infill"))
    context = cursor(Location(write(home, b"return \n"), 1, 8), Completion(), home)
    with pytest.raises(CannotInfill):
        await complete.complete(engine, context, Completion(), 10_000)
    assert engine.counters.closed == 1
