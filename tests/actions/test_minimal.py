"""Edits make exactly the new text, and touch no more of the old one than they must."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actions.minimal import Edit, applied, minimal

TEXTS = st.lists(
    st.sampled_from(["a = 1\n", "b = 2\r\n", "    c()\n", "\n", "\r\n", "d", "é😀\n", "a\n", "\r"])
).map("".join)


@given(TEXTS, TEXTS)
def test_the_edits_make_the_new_text(before: str, after: str) -> None:
    assert applied(before, minimal(before, after)) == after


@given(TEXTS, TEXTS)
def test_edits_ascend_and_never_part_a_carriage_return_from_its_line_feed(before: str, after: str) -> None:
    edits = minimal(before, after)
    for left, right in zip(edits, edits[1:], strict=False):
        assert left.end < right.start
    for edit in edits:
        for place in (edit.start, edit.end):
            assert not (before[place - 1 : place] == "\r" and before[place : place + 1] == "\n")


def test_the_same_text_needs_no_edit() -> None:
    assert minimal("a\nb\n", "a\nb\n") == ()


def test_a_changed_word_is_all_that_changes() -> None:
    assert minimal("x = 1\nprice = 20\n", "x = 1\nprice = 30\n") == (Edit(14, 15, "3"),)


def test_two_far_changes_are_two_edits() -> None:
    before = "def a(): return 1\n" + "# same\n" * 5 + "def b(): return 2\n"
    after = before.replace("return 1", "return 10").replace("return 2", "return 20")
    assert [edit.text for edit in minimal(before, after)] == ["0", "0"]


def test_a_new_line_is_inserted_and_nothing_replaced() -> None:
    (edit,) = minimal("a\nc\n", "a\nb\nc\n")
    assert edit.start == edit.end and edit.text == "b\n"


def test_a_line_end_that_changes_is_replaced_as_a_whole() -> None:
    assert minimal("a\r\n", "a\rb") == (Edit(1, 3, "\rb"),)
    assert minimal("a\r\n", "a\n") == (Edit(1, 3, "\n"),)
