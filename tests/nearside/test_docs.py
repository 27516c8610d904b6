"""`nearside docs`: an answer or one line, as text and as JSON; forty names of what is installed here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks.docs_lookups import lookups
from nearside import cli
from settings.schema import Docs
from tools.documentation import Library
from tools.toolbox import ToolError, tool


def test_an_answer_has_the_name_the_signature_the_text_and_the_place(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["docs", "json.dumps"]) == 0
    first, signature, *text, place = capsys.readouterr().out.strip().split("\n\n")
    assert first.startswith("json.dumps 3.") and signature.startswith("def dumps(obj, *,")
    assert text[0].startswith("Serialize ``obj``")
    assert place.startswith("standard library: /") and place.rpartition(":")[2].isdigit()


def test_an_answer_as_json_has_every_field(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["docs", "dumps", "--json", "--language", "python"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"title", "signature", "text", "version", "where", "source"}
    assert answer["title"] == "json.dumps"


def test_what_is_not_found_is_one_line_and_status_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("json.dmps", "..", "", "no such thing"):
        assert cli.run(["docs", name]) == 1
        said = capsys.readouterr()
        assert said.out == "" and said.err.count("\n") == 1
    assert cli.run(["docs", "x", "--project", "/nowhere"]) == 2


def test_forty_installed_names_are_found_right_and_then_without_reading(tmp_path: Path) -> None:
    first, later = lookups(tmp_path / "index.db", rounds=1)
    assert [answer.asked.name for answer in first if not answer.right] == []
    assert [answer.asked.name for answer in later if not answer.right] == []
    assert len(first) == len(later) == 40
    assert sum(answer.read for answer in first) > 40
    assert sum(answer.read for answer in later) == 0


def test_the_tool_answers_a_model_in_capped_text(home: Path) -> None:
    library = Library(Path(__file__).parents[2], Docs())
    [found] = asyncio.run(library.documentation("numpy.linalg.norm"))
    assert found.text.startswith("**numpy.linalg.norm** 2.") and "```" in found.text
    assert found.title == "numpy.linalg.norm" and len(found.text) < 8000
    with pytest.raises(ToolError, match="did you mean json.dumps"):
        asyncio.run(library.documentation("json.dmps"))
    library.close()
    assert tool(library.documentation, "look_up_docs").example().startswith('{"tool": "look_up_docs", "name"')
