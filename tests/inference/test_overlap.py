"""A completion inside a line does not repeat what stands right of the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.overlap import until_suffix


@pytest.mark.parametrize(
    ("text", "suffix", "kept"),
    [
        ("value)", ")\n", "value"),
        ("value)", "", "value)"),
        ("value)", "\n)", "value)"),
        ("f(x)", ")", "f(x)"),
        ("f(x))", ")", "f(x)"),
        ("f(x)):", "):\n    pass", "f(x)"),
        ("a[0], b]", "]", "a[0], b"),
        ("')')", ")", "')'"),
        ("name'", "')", "name"),
        ('it\'s"', '")', "it's"),
        ("a, b) -> int:", ") -> int:", "a, b"),
        ("x + 1  # done", "  # done\n", "x + 1"),
        ("first\nsecond)", ")", "first\nsecond"),
        ("]", ")", "]"),
        ("total", ")", "total"),
        ("", ")", ""),
    ],
)
def test_what_stands_there_is_not_written_again(text: str, suffix: str, kept: str) -> None:
    assert until_suffix(text, suffix).rstrip() == kept


@given(st.text("ab()[]{}'\" ,\n"), st.text("ab()[]{}'\" ,\n"))
def test_what_is_kept_is_a_beginning_and_cutting_again_changes_nothing(text: str, suffix: str) -> None:
    kept = until_suffix(text, suffix)
    assert text.startswith(kept)
    assert until_suffix(kept, suffix) == kept
