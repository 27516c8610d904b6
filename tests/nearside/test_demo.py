"""`nearside demo` on real files, with the real server, engine and model."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from inference.types import NearsideError
from nearside import demo
from nearside.demo import choose_files, places

SOURCE = Path(demo.__file__)


def test_places_are_spread_over_code_lines_and_leave_something_to_suggest() -> None:
    text = SOURCE.read_text("utf-8")
    found = places(SOURCE, text, 5)
    assert len(found) == 5
    assert sorted({place.line for place in found}) == [place.line for place in found]
    for place in found:
        taken = text[place.start : place.end]
        assert len(taken) > demo.TYPED and "\n" not in taken
        assert not text.splitlines()[place.line - 1].lstrip().startswith(("#", '"', "import ", "from "))


def test_a_folder_without_source_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NearsideError, match="holds no source file"):
        choose_files(tmp_path)


def test_the_demo_shows_at_least_five_suggestions_and_records_them(tmp_path: Path) -> None:
    record = tmp_path / "demo.svg"
    out = io.StringIO()
    console = Console(file=out, record=True, width=100)
    assert demo.run(SOURCE.parent, record, console) == 0
    printed = out.getvalue()
    assert printed.count("tokens evaluated") >= 5
    assert "suggestions at" in printed and "Median" in printed
    assert "<svg" in record.read_text("utf-8")
