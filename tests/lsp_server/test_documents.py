"""The mirror equals the client's buffer after every edit, whatever the characters, line ends and encoding."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.lines import split_lines
from lsp_server.documents import Document
from lsp_server.positions import ENCODINGS, Encoding, to_index, to_units

ALPHABET = "ab \té日😀👩‍💻e\u0301\u2028\x0c\x0b\x1c\x85\ufeff"
PIECES = [*ALPHABET, "\n", "\r\n", "\r", "\n\n", "\r\r\n", "word", "😀\r\n", ""]
LINE_END = re.compile(r"\r\n|\n|\r")


def document(text: str) -> Document:
    return Document("file:///a.py", "python", 1, text)


def lsp_position(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    """Translate an offset as a client does that knows nothing but the specification."""
    start, line = 0, 0
    for end in LINE_END.finditer(text):
        if end.end() > offset:
            break
        start, line = end.end(), line + 1
    unit = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    return line, len(text[start:offset].encode(codec)) // unit


def between_cr_and_lf(text: str, offset: int) -> bool:
    return text[offset - 1 : offset + 1] == "\r\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_mirror_equals_the_clients_buffer_after_each_of_5000_random_edits(encoding: Encoding) -> None:
    rng = random.Random(encoding)
    buffer = "".join(rng.choices(PIECES, k=60))
    mirror = document(buffer)
    for _ in range(5000):
        start = rng.randint(0, len(buffer))
        end = min(len(buffer), start + rng.choice([0, 0, 0, 1, 2, 5, 40]))
        if between_cr_and_lf(buffer, start) or between_cr_and_lf(buffer, end):
            continue  # no position names the middle of a line end
        text = "".join(rng.choices(PIECES, k=rng.choice([0, 1, 1, 1, 2, 6])))
        places = [mirror.place(*lsp_position(buffer, at, encoding), encoding) for at in (start, end)]
        mirror.replace(places[0], places[1], text)
        buffer = buffer[:start] + text + buffer[end:]
        assert mirror.text == buffer
        assert mirror.lines == split_lines(buffer)
        if len(buffer) > 600:
            buffer = buffer[:100].rstrip("\r")
            mirror.replace_all(buffer)


@given(st.text(ALPHABET + "\r\n"))
def test_lines_end_where_lsp_says_and_nowhere_else(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert len(lines) == len(LINE_END.findall(text)) + 1
    assert all(LINE_END.search(line) is None for line in lines[-1:])
    assert not any(line.endswith("\r") and following.startswith("\n") for line, following in pairwise(lines))


@given(st.text(ALPHABET), st.sampled_from(ENCODINGS))
def test_columns_round_trip(line: str, encoding: Encoding) -> None:
    for index in range(len(line) + 1):
        assert to_index(line, to_units(line, index, encoding), encoding) == index


@given(st.text(ALPHABET), st.integers(-3, 200), st.sampled_from(ENCODINGS))
def test_a_column_inside_a_character_or_past_the_line_becomes_the_nearest_before_it(
    line: str, units: int, encoding: Encoding
) -> None:
    index = to_index(line, units, encoding)
    assert 0 <= index <= len(line)
    assert to_units(line, index, encoding) <= max(0, units)
    if index < len(line):
        assert to_units(line, index + 1, encoding) > units


def test_half_a_surrogate_pair_is_a_character_of_its_own() -> None:
    line = "a\ud83db"
    assert [to_index(line, units, "utf-16") for units in range(5)] == [0, 1, 2, 3, 3]


def test_carriage_return_and_line_feed_inserted_one_by_one_are_one_line_end() -> None:
    mirror = document("ab")
    mirror.replace((0, 1), (0, 1), "\r")
    assert mirror.lines == ["a\r", "b"]
    mirror.replace((1, 0), (1, 0), "\n")
    assert mirror.lines == ["a\r\n", "b"]


def test_deleting_what_separates_them_joins_carriage_return_and_line_feed() -> None:
    mirror = document("a\rb\nc")
    mirror.replace((1, 0), (1, 1), "")
    assert mirror.lines == ["a\r\n", "c"]


@pytest.mark.parametrize(
    ("line", "units", "place"),
    [(-1, 5, (0, 0)), (0, -5, (0, 0)), (0, 99, (0, 2)), (1, 0, (1, 0)), (99, 99, (1, 3))],
)
def test_positions_out_of_range_are_clamped(line: int, units: int, place: tuple[int, int]) -> None:
    assert document("ab\r\ncde").place(line, units, "utf-16") == place


class TestTypedSince:
    """What was typed at a place, however the client reports it."""

    def typed(self, text: str, at: tuple[int, int], *edits: tuple[tuple[int, int], tuple[int, int], str]):
        mirror = document(text)
        revision = mirror.revision
        for start, end, new in edits:
            mirror.replace(start, end, new)
        return mirror.typed_since(revision, at)

    def test_nothing(self) -> None:
        assert self.typed("ab", (0, 1)) == ("", (0, 1))

    def test_characters_in_a_row(self) -> None:
        edits = [((0, 1), (0, 1), "x"), ((0, 2), (0, 2), "y")]
        assert self.typed("ab", (0, 1), *edits) == ("xy", (0, 3))

    def test_a_new_line_with_its_indentation(self) -> None:
        assert self.typed("ab", (0, 1), ((0, 1), (0, 1), "\n  ")) == ("\n  ", (1, 2))

    def test_a_new_line_reported_as_its_line_end_doubled(self) -> None:
        assert self.typed("ab\ncd", (0, 2), ((0, 2), (1, 0), "\n  \n")) == ("\n  ", (1, 2))

    def test_a_line_joined_with_the_next(self) -> None:
        assert self.typed("ab\ncd", (0, 2), ((0, 2), (1, 0), "")) is None

    def test_a_character_taken_back(self) -> None:
        edits = [((0, 1), (0, 1), "xy"), ((0, 2), (0, 3), "")]
        assert self.typed("ab", (0, 1), *edits) == ("x", (0, 2))

    def test_more_taken_back_than_was_typed(self) -> None:
        assert self.typed("ab", (0, 1), ((0, 0), (0, 1), "")) is None

    def test_an_insertion_reported_behind_an_equal_character(self) -> None:
        assert self.typed("hello", (0, 3), ((0, 4), (0, 4), "l")) == ("l", (0, 4))

    def test_an_insertion_reported_before_equal_text(self) -> None:
        assert self.typed("abab", (0, 2), ((0, 0), (0, 0), "ab")) == ("ab", (0, 4))

    def test_an_insertion_reported_before_text_that_looks_like_its_beginning(self) -> None:
        assert self.typed("ab", (0, 2), ((0, 1), (0, 1), "bx")) == ("xb", (0, 4))

    def test_a_word_replaced_by_a_longer_one(self) -> None:
        assert self.typed("x = le", (0, 6), ((0, 4), (0, 6), "length")) == ("ngth", (0, 10))

    def test_an_edit_elsewhere(self) -> None:
        assert self.typed("ab\ncd", (0, 1), ((1, 0), (1, 0), "x")) is None

    def test_a_paste_over_a_selection(self) -> None:
        assert self.typed("abcd", (0, 2), ((0, 1), (0, 3), "x")) is None

    def test_a_whole_new_text(self) -> None:
        mirror = document("ab")
        mirror.replace_all("axb")
        assert mirror.typed_since(0, (0, 1)) is None
