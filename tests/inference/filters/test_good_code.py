"""Code that people wrote passes the filters as it is: holes in our own files and in the standard library."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import measures
from benchmarks.filters import Hole, Outcome, cut, outcome
from inference.filters import repair
from inference.filters.pipeline import LONGEST
from inference.filters.repeats import edit_distance
from inference.prompts import CursorContext

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = Path(sysconfig.get_path("stdlib"))
FOLDERS = ("inference", "lsp_server", "retrieval", "settings", "syntax", "training", "nearside")
MODULES = ("argparse", "ast", "bisect", "calendar", "cmd", "copy", "csv", "dataclasses", "difflib", "enum",
           "fnmatch", "fractions", "ftplib", "heapq", "inspect", "ipaddress", "locale", "mailbox", "netrc",
           "optparse", "pdb", "pickle", "plistlib", "pprint", "queue", "sched", "shelve", "shlex", "smtplib",
           "statistics", "string", "tarfile", "textwrap", "threading", "trace", "uuid", "zipapp")  # fmt: skip


def ours() -> Iterator[Hole]:
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    files += sorted((ROOT / "editors").rglob("*.lua"))
    for file in files:
        language = "lua" if file.suffix == ".lua" else "python"
        yield from cut(file.read_text("utf-8"), language, file.name, 4, Random(file.name))


def library() -> Iterator[Hole]:
    for name in MODULES:
        file = LIBRARY / f"{name}.py"
        if file.exists():
            yield from cut(file.read_text("utf-8"), "python", file.name, 6, Random(name))


@pytest.mark.parametrize("source", [ours, library])
def test_at_least_99_of_100_texts_people_wrote_are_left_alone(source: object) -> None:
    outcomes = [outcome(hole) for hole in (ours() if source is ours else library())]
    altered = [
        (one.reason, one.hole.removed, one.shown)
        for one in outcomes
        if not one.unchanged and not one.shortened
    ]
    assert len(outcomes) >= 200
    assert {one.hole.kind for one in outcomes} == {"rest", "keystroke", "brackets", "lines", "block"}
    assert len(altered) <= len(outcomes) // 100, altered


# Language, text with the cursor (`|`), and what stood there: each was changed once, and is right.
RIGHT = [
    ("python", "total = add(mul(a, |, c)\n", "b)"),
    ("python", "x = f(g(|)\n", "a)"),
    ("python", "def f(\n    a, b\n|\n    return a\n", "):"),
    ("python", "class Revi|\n    '''Base class.'''\n\n    def go(self):\n        return 1\n", "sion:"),
    ("python", "if a:\n    |\nreturn None\n", "return None"),
    ("python", 'def f():\n    """Return it.\n\n    It |', "is long."),
    ("python", "while True:\n    |", "try:"),
    ("javascript", "if (a) {\n  b();\n|\n  d();\n}\n", "} else if (c) {"),
    ("javascript", "/**\n * Reads|\n * the rest of\n */\nread();\n", " all of"),
    ("typescript", "  a(x: T): void {\n    |\n  }\n\n  c(y: U): void {\n    d(y);\n  }\n", "b(x);"),
    ("java", "    int a() {\n        |\n    }\n\n    int b() {\n        return 2;\n    }\n", "return 1;"),
    ("lua", "function M.f(a)\n  if a |\n    return 1\n  else\n    return 2\n", "then"),
    ("c", "#ifdef A\nint f(void)\n{\n    |\n    return 1;\n}\n", "#ifdef B\n    g();\n#endif"),
    ("c", "typedef struct {\n    int a;\n} A;\n\n|\n\ntypedef struct {\n    int c;\n} C;\n",
     "typedef struct {\n    int b;\n} B;"),
    ("cpp", "FOO_T(A)\nvoid BAR::\n|\n}\n", "go(int a)\n{\n  run(a);"),
    ("rust", "fn f() {\n    let a = x as *const u32;\n    |\n    let a = x as &mut [u32];\n}\n",
     "let a = x as *mut [u32];"),
    ("javascript", "// Copyright 2020 Somebody.\n|\n\nrun();\n", "// All rights reserved."),
    ("javascript", "// See below.\n|\n\nrun();\n", "// Copyright 2020 Somebody."),
    ("python", "# see https://example.org/a\n|\n", "if a:\n    b()"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "removed"), RIGHT)
def test_what_once_was_taken_for_a_fault_is_left_alone(language: str, text: str, removed: str) -> None:
    prefix, _, suffix = text.partition("|")
    assert repair(removed, CursorContext("file:///a", prefix, suffix, language=language)).text == removed


def test_cut_at_the_end_of_its_block_is_told_from_altered() -> None:
    context = CursorContext("file:///a", "def f():\n    ", "\n", language="python")
    hole = Hole(context, "lines", "a()\nb()")
    assert Outcome(hole, "a()", "").shortened and not Outcome(hole, "a", "").shortened
    assert not Outcome(hole, "", "").shortened and not Outcome(hole, "a()\nb()", "").shortened


@given(st.text("ab(", max_size=9), st.text("ab(", max_size=9), st.integers(0, 4))
def test_a_distance_is_exact_up_to_the_most_that_is_asked_for(a: str, b: str, most: int) -> None:
    assert edit_distance(a, b, most) == min(measures.edit_distance(a, b), most + 1)


def test_a_text_without_end_takes_no_time_without_end() -> None:
    context = CursorContext("file:///a", "x = 1\n", "\n", language="python")
    text = "".join(f"y{number} = f({number}, z{number % 7})\n" for number in range(4000))
    assert len(repair(text, context).text) <= LONGEST


def test_five_lines_that_stand_above_are_a_copy_and_three_lines_nearly_as_below_too() -> None:
    lines = [f"{name} = read({name!r})" for name in ("alpha", "beta", "gamma", "delta", "omega")]
    above = CursorContext("file:///a", "\n".join(lines) + "\nother()\n", "\n", language="python")
    assert repair("\n".join(["go()", *lines]), above).text == "go()"
    below = CursorContext("file:///a", "", "\n" + "\n".join(lines) + "\n", language="python")
    near = "\n".join(lines[:3]).replace("read('beta')", "read('bexa')")
    assert repair(f"go()\n{near}", below).text == "go()"


def test_a_list_of_special_tokens_goes_on_with_another() -> None:
    context = CursorContext("file:///a", 'ALL = [\n    "<|fim_prefix|>",\n    ', "\n]\n", language="python")
    assert repair('"<|fim_suffix|>",', context).text == '"<|fim_suffix|>",'
    assert repair("<|fim_suffix|>", context).text == ""
