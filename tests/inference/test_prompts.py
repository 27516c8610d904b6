"""The window around the cursor: its beginning stays put while the user types, and it is never too large."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from inference.prompts import (
    ANCHOR_CHARACTERS,
    PREFIX_CHARACTERS,
    SUFFIX_CHARACTERS,
    CursorContext,
    fim_prompt,
    max_lines_at,
    prefix_at,
    window,
)
from settings.schema import Completion

GOLDEN = Path(__file__).parent / "data"
SETTINGS = Completion()


def numbered(count: int, width: int = 0) -> list[str]:
    return [f"{number:>4}" + "." * width + "\n" for number in range(count)] + [""]


def first_line(prefix: str) -> int:
    return int(prefix[:4])


def test_a_prompt_is_the_text_around_the_cursor_with_its_place_in_the_project() -> None:
    lines = (GOLDEN / "prompt.py.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    line = next(number for number, text in enumerate(lines) if "<cursor>" in text)
    column = lines[line].index("<cursor>")
    lines[line] = lines[line].replace("<cursor>", "")
    prefix, suffix = window(lines, line, column, Completion(prefix_lines=4, suffix_lines=2))
    prompt = fim_prompt(CursorContext("file:///a.py", prefix, suffix, path="src/a.py", repository="shop"))
    rendered = f"{prompt.repository} {prompt.path}\n---\n{prompt.prefix}<cursor>{prompt.suffix}---\n"
    assert rendered == (GOLDEN / "prompt.golden.txt").read_text(encoding="utf-8")


def test_the_prefix_starts_at_a_multiple_of_64_lines_and_moves_by_whole_steps() -> None:
    lines = numbered(2000)
    starts = [first_line(prefix_at(lines, line, 0, 256)) for line in range(1, 2000)]
    assert {start % 64 for start in starts} == {0}
    assert (
        sum(1 for old, new in zip(starts, starts[1:], strict=False) if old != new) == (2000 - 256) // 64 + 1
    )
    assert all(line - 256 <= start for line, start in enumerate(starts, 1))
    assert all(line - start >= 192 for line, start in enumerate(starts, 1) if line > 256)


def test_typing_25_lines_moves_the_prefix_once_at_most() -> None:
    rng = random.Random(0)
    lines = ["x" * rng.randint(0, 110) + "\n" for _ in range(600)] + [""]
    for start in range(300, 575):
        prefixes = [prefix_at(lines, line, 0, 256) for line in range(start, start + 25)]
        moves = sum(not new.startswith(old) for old, new in zip(prefixes, prefixes[1:], strict=False))
        assert moves <= 2


def test_typing_in_a_line_keeps_the_prefix_unless_the_window_is_full() -> None:
    lines = [*numbered(300, width=40), ""]
    moves = 0
    for count in range(200):
        lines[-1] = "y" * count
        old = prefix_at(lines, len(lines) - 1, count, 256)
        lines[-1] += "y"
        moves += not prefix_at(lines, len(lines) - 1, count + 1, 256).startswith(old)
    assert moves <= 1


@pytest.mark.parametrize("width", [10, 100, 1000, 7000])
def test_long_lines_leave_at_least_half_of_a_full_window(width: int) -> None:
    lines = numbered(300, width)
    for line in range(250, 290):
        prefix = prefix_at(lines, line, 0, 256)
        assert len(prefix) <= PREFIX_CHARACTERS
        assert len(prefix) >= min(192 * (width + 5), PREFIX_CHARACTERS / 2 - width - 5)


def test_in_one_long_line_the_prefix_starts_at_a_multiple_of_its_own_step() -> None:
    line = "".join(chr(97 + number % 26) for number in range(100_000))
    starts = set()
    for column in range(50_000, 54_000, 7):
        prefix = prefix_at([line], 0, column, 256)
        start = column - len(prefix)
        assert line[start:column] == prefix and start % ANCHOR_CHARACTERS == 0
        assert PREFIX_CHARACTERS - ANCHOR_CHARACTERS <= len(prefix) <= PREFIX_CHARACTERS
        starts.add(start)
    assert len(starts) == 3


def test_the_suffix_is_the_rest_of_the_line_and_a_few_more() -> None:
    lines = numbered(100)
    _, suffix = window(lines, 50, 2, SETTINGS)
    assert suffix == "50\n" + "".join(lines[51:67])
    assert window(lines, 50, 2, Completion(suffix_lines=0))[1] == "50\n"


@pytest.mark.parametrize("lines", [["x" * 1_000_000], ["a\n", "x" * 1_000_000 + "\n", "b"]])
def test_the_suffix_has_a_limit_in_characters_too(lines: list[str]) -> None:
    assert len(window(lines, 0, 0, SETTINGS)[1]) == SUFFIX_CHARACTERS


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_the_model_sees_line_feeds_only(end: str) -> None:
    prefix, suffix = window([f"a{end}", f"b{end}", f"c{end}", "d"], 1, 1, SETTINGS)
    assert (prefix, suffix) == ("a\nb", "\nc\nd")


def test_an_empty_document_has_an_empty_window() -> None:
    assert window([""], 0, 0, SETTINGS) == ("", "")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("", "", 8),
        ("x = 1\n", "\n", 8),
        ("x = 1\n    ", "", 8),
        ("def f(a):", "\n", 8),
        ("if (a) {", "  \n}", 8),
        ("call(", "", 8),
        ("for i in a do", "", 8),
        ("x = undo", "", 1),
        ("x = ", "\n", 1),
        ("return a", "", 1),
        ("call(", ")", 1),
        ("    ", "x = 1", 1),
    ],
)
def test_several_lines_are_asked_for_only_where_a_block_may_follow(
    before: str, after: str, lines: int
) -> None:
    assert max_lines_at(before, after, 8) == lines
