"""`nearside search`: what is found, how it is shown, and what is said when something is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nearside import cli
from tests.nearside.test_index import embedder, project  # noqa: F401  # fixtures
from tests.retrieval.hashing import Hashing


def test_a_question_finds_places_and_the_index_is_made_on_the_way(
    project: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["search", "send a receipt to an address", "--path", str(project), "--json"]) == 0
    printed = capsys.readouterr()
    hit = json.loads(printed.out)[0]
    assert (hit["path"], hit["line"], hit["symbol"]) == ("mail.py", 1, "send_receipt")
    assert "words 1" in hit["why"] and "meaning" in hit["why"]
    assert "Reading: 0 of " in printed.err


def test_a_name_comes_first_and_lines_are_shown(
    project: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["search", "Money", "--path", str(project), "-k", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("money.py:1  Money  [name") and lines[1] == "    class Money:"


def test_without_vectors_words_answer_and_it_is_said(
    project: Path,  # noqa: F811
    embedder: Hashing,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    embedder.fails = True
    assert cli.run(["search", "receipt", "--path", str(project), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)[0]["path"] == "mail.py"
    assert "Search goes by words only. No vectors, because the test says so." in printed.err


def test_nothing_found_is_said_and_is_no_error(
    project: Path,  # noqa: F811
    embedder: Hashing,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    embedder.fails = True
    assert cli.run(["search", "xylophone", "--path", str(project)]) == 0
    printed = capsys.readouterr()
    assert printed.out == "" and "Nothing was found." in printed.err


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (["search", "x", "--path", "/no/such/folder"], 1, "does not exist"),
        (["index", "/no/such/folder"], 1, "does not exist"),
        (["search", " "], 2, "the query is empty"),
        (["search", "x", "--path", "/"], 1, "whole disk or home folder"),
        (["index", "~"], 1, "whole disk or home folder"),
    ],
)
def test_what_is_no_project_is_not_read(
    arguments: list[str], status: int, why: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([argument.replace("~", str(home)) for argument in arguments]) == status
    assert why in capsys.readouterr().err
    assert not list((home / "cache").rglob("*.lance"))
