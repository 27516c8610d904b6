"""Some edits, files and leftovers ask for quiet whatever the model thinks; ordinary typing never does."""

from __future__ import annotations

import pytest

from inference.prompts import CursorContext
from inference.quiet import (
    PASTED_CHARACTERS,
    Change,
    after_change,
    before_asking,
    in_file,
    kind_of,
    too_little,
)


@pytest.mark.parametrize(
    ("edits", "kind"),
    [
        ([(0, "a")], "typed"),
        ([(0, "\n    ")], "typed"),
        ([(3, "n")], "typed"),  # typed over a selection
        ([(0, "("), (0, ")")], "typed"),  # the bracket closed itself
        ([(1, "")], "deleted"),
        ([(40, "")], "deleted"),
        ([(4, " ")], "deleted"),
        ([(0, "x" * (PASTED_CHARACTERS + 1))], "pasted"),
        ([(0, "a\n" * 8)], "pasted"),
        ([(0, "a\n" * 7)], "typed"),
        ([(3, "new"), (3, "new")], "elsewhere"),
    ],
)
def test_what_an_edit_was(edits: list[tuple[int, str]], kind: str) -> None:
    assert kind_of(edits) == kind


@pytest.mark.parametrize(
    ("edits", "kind"),
    [
        ([(12, "")], "restored"),
        ([(0, "total = 3")], "restored"),
        ([(0, "a\n" * 20)], "restored"),
        ([(1, "")], "deleted"),  # backspacing goes through texts that were there before
        ([(0, "a")], "typed"),
    ],
)
def test_a_text_that_was_there_before_is_an_undo_unless_it_is_one_key(
    edits: list[tuple[int, str]], kind: str
) -> None:
    assert kind_of(edits, seen_before=True) == kind


@pytest.mark.parametrize(
    ("change", "before", "after", "quiet"),
    [
        (Change("deleted"), "total = comp", "", True),
        (Change("deleted", 60.0), "total = comp", "", True),  # until something is typed
        (Change("deleted"), "total = ", "", False),
        (Change("deleted"), "call(", ")", False),
        (Change("deleted"), "x.", "name", True),
        (Change("typed"), "total = comp", "", False),
        (Change("typed"), "tot", "al = 1", True),
        (None, "tot", "al = 1", True),
        (None, "total = ", "", False),
        (Change("pasted", 0.3), "}", "", True),
        (Change("pasted", 2.5), "}", "", False),
        (Change("restored", 0.3), "total = ", "", True),
        (Change("elsewhere", 0.3), "total = ", "", True),
        (Change("elsewhere", 3.0), "total = ", "", False),
    ],
)
def test_quiet_after_an_edit(change: Change | None, before: str, after: str, quiet: bool) -> None:
    assert bool(after_change(change, before, after)) is quiet


def test_each_reason_reads_after_because() -> None:
    reasons = {
        after_change(Change("pasted"), "}", ""),
        after_change(Change("restored"), "}", ""),
        after_change(Change("elsewhere"), "}", ""),
        after_change(Change("deleted"), "a", ""),
        after_change(None, "a", "b"),
        in_file(".env"),
        too_little(" "),
        too_little(")"),
    }
    assert len(reasons) == 8
    assert all(reason and reason[0].islower() and not reason.endswith(".") for reason in reasons)


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "app/.env.production",
        "keys/server.PEM",
        "C:\\work\\.env",
        ".ssh/id_rsa",
        "secrets.yaml",
        ".npmrc",
    ],
)
def test_files_of_secrets(path: str) -> None:
    assert in_file(path)


@pytest.mark.parametrize(
    "path",
    [
        "environment.py",
        "secrets.py",
        ".env.example",
        "id_rsa.pub",
        "key.py",
        "secrets/notes.md",
        "envelope.js",
        "",
    ],
)
def test_other_files(path: str) -> None:
    assert not in_file(path)


@pytest.mark.parametrize(
    ("text", "little"), [("", True), (" \n", True), (")", True), ("  ;\n", True), ("):", False)]
)
def test_leftovers(text: str, little: bool) -> None:
    assert bool(too_little(text)) is little


@pytest.mark.parametrize(
    ("prefix", "suffix", "path", "quiet"),
    [
        ("total = ", "\n", "a.py", False),
        ("call(", ")\n", "a.py", False),
        ("total = ", "price + tax\n", "a.py", True),
        ("KEY=", "\n", "app/.env", True),
    ],
)
def test_quiet_before_the_engine_is_asked(prefix: str, suffix: str, path: str, quiet: bool) -> None:
    assert bool(before_asking(CursorContext("d", prefix, suffix, path=path, language="python"))) is quiet


def test_the_last_edit_counts_on_the_cursors_line_alone() -> None:
    context = CursorContext("d", "word\n", "\nword", language="python")
    assert not before_asking(context, Change("deleted"))
