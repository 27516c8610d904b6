"""Bad outputs are repaired or not shown; good ones are left alone; repairing twice changes nothing."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.filters import repair
from inference.filters.pipeline import whole_lines
from inference.prompts import CursorContext
from tests.inference.filters.cases import FORMS, SPOTS, Case, written
from tests.inference.filters.holes import LANGUAGES, punched, source

RECORDED = Path(__file__).parent / "recorded.jsonl.gz"
"""What the bundled model wrote at holes in the sources, where it was bad, and what is shown of it."""
WRITTEN = list(written())


def recorded() -> list[Case]:
    cases = []
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            text = source(row["language"])
            prefix, suffix = text[: row["start"]], text[row["end"] :]
            context = CursorContext("file:///hole", prefix, suffix, language=row["language"])
            cases.append(Case(row["fault"], context, row["output"], row["expected"]))
    return cases


def name(case: Case) -> str:
    return f"{case.fault} in {case.context.language}"


@pytest.mark.parametrize("case", WRITTEN, ids=name)
def test_what_users_complain_of_is_repaired(case: Case) -> None:
    assert repair(case.output, case.context).text == case.expected


def test_what_the_bundled_model_did_wrong_is_repaired() -> None:
    wrong = [
        (name(case), case.output, shown, case.expected)
        for case in recorded()
        if (shown := repair(case.output, case.context).text) != case.expected
    ]
    assert wrong == []


def test_the_corpus_of_bad_outputs_is_wide() -> None:
    cases = [*WRITTEN, *recorded()]
    assert len(cases) >= 200
    assert all(case.output.rstrip() != case.expected for case in cases if case.fault != "no text")
    languages = defaultdict(set)
    for case in WRITTEN:
        languages[case.fault].add(case.context.language)
    assert min(Counter(case.fault for case in WRITTEN).values()) >= 12
    assert min(map(len, languages.values())) >= 4
    assert {case.context.language for case in recorded()} == LANGUAGES.keys()


def test_what_really_stood_in_the_holes_is_left_alone() -> None:
    holes = [hole for language in LANGUAGES for hole in punched(language, 35, seed=3)]
    changed = [
        (hole.language, hole.removed, shown)
        for hole in holes
        if (shown := repair(hole.removed, hole.context).text) != hole.removed
    ]
    assert len(holes) >= 200
    assert len(changed) <= len(holes) // 100, changed


def test_a_changed_text_says_why() -> None:
    for case in WRITTEN:
        filtered = repair(case.output, case.context)
        assert filtered.reason or filtered.text.rstrip() == case.output.rstrip()


def test_repairing_twice_changes_nothing() -> None:
    for case in [*WRITTEN, *recorded()]:
        once = repair(case.output, case.context).text
        assert repair(once, case.context).text == once
        part = repair(case.output, case.context, complete=False).text
        assert repair(part, case.context).text == part


PIECES = st.sampled_from(
    [
        "\n",
        "\n    ",
        "  ",
        "\t",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "`",
        ":",
        ";",
        "#",
        "//",
        "--",
        "x",
        "foo(a)",
    ]
    + [
        "return value",
        "end",
        "else",
        "if x:",
        "<think>",
        "</think>",
        "```",
        "<|endoftext|>",
        "Here is the code:",
    ]
    + ["Copyright (c) 2020", "src/a/b.py", "\ufffd", "diff --git ", "self.total = 0", "é"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join), st.sampled_from(SPOTS), st.booleans())
def test_repairing_anything_twice_changes_nothing(text: str, spot: object, complete: bool) -> None:
    assert spot in SPOTS
    place = next(s for s in SPOTS if s is spot)
    context = CursorContext("file:///a", place.prefix, place.suffix, language=place.language)
    once = repair(text, context, complete=complete).text
    assert repair(once, context).text == once


@settings(max_examples=100, deadline=None)
@given(
    st.lists(PIECES, max_size=10).map("".join),
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(PIECES, max_size=8).map("".join),
    st.sampled_from(["", "python", "zig", "lua", "no such", "html", "\x00", "javascriptreact"]),
)
def test_no_text_place_or_language_makes_it_fail(text: str, prefix: str, suffix: str, language: str) -> None:
    context = CursorContext("file:///a", prefix, suffix, language=language)
    once = repair(text, context).text
    assert repair(once, context).text == once


def test_an_unfinished_last_line_is_left_out() -> None:
    assert whole_lines("one\ntwo\nthr") == "one\ntwo"
    assert whole_lines("one\ntwo\n") == "one\ntwo\n"
    assert whole_lines("\n    on") == "\n    on"
    assert whole_lines("on") == "on"


@pytest.mark.parametrize("fault", FORMS)
def test_without_a_grammar_a_model_s_manners_are_cut_all_the_same(fault: str) -> None:
    if fault == "prose":
        return  # in a language nobody knows, a sentence may be code
    context = CursorContext("file:///a.zig", "fn f() void {\n    ", "\n}\n", language="zig")
    for form in FORMS[fault]:
        if "Here" in form or "missing" in form or "src/" in form or "lib/" in form:
            continue
        text = form.replace("MARK", "//").replace("LANGUAGE", "zig").replace("GOOD", "const a = 1;")
        assert repair(text, context).text == "const a = 1;"


def test_a_document_that_is_about_such_things_keeps_them() -> None:
    context = CursorContext(
        "file:///a",
        'START = "<|fim_prefix|>"\nEND = "<|endoftext|>"\nALL = (\n    ',
        "\n)\n",
        language="python",
    )
    text = '"<|fim_prefix|>",\n    "<|endoftext|>",'
    assert repair(text, context).text == text
