"""The measures agree with their definitions, worked out slowly or by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measures import area_under_risk_coverage, auroc, chrf, edit_distance, edit_similarity

SHORT = st.text("abc ", max_size=9)


def slowly(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


@given(SHORT, SHORT)
def test_edit_distance(a: str, b: str) -> None:
    assert edit_distance(a, b) == slowly(a, b)


def test_edit_similarity() -> None:
    assert edit_similarity("", "") == 1
    assert edit_similarity("abc", "") == 0
    assert edit_similarity("kitten", "sitting") == pytest.approx(1 - 3 / 7)


def test_chrf_of_equal_and_of_foreign_texts() -> None:
    assert chrf("return total", "return total") == 100
    assert chrf("abc", "xyz") == 0
    assert chrf("", "") == 100
    assert chrf("a b", "ab") == 100


def test_chrf_by_hand() -> None:
    """'ab' for 'abc': orders 1 to 3; precision 1, 1, 0 and recall 2/3, 1/2, 0."""
    precision, recall = 2 / 3, (2 / 3 + 1 / 2) / 3
    assert chrf("ab", "abc") == pytest.approx(100 * 5 * precision * recall / (4 * precision + recall))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=20))
def test_auroc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    rights = [score for score, right in rows if right]
    wrongs = [score for score, right in rows if not right]
    found = auroc([score for score, _ in rows], [right for _, right in rows])
    if not rights or not wrongs:
        assert math.isnan(found)
        return
    pairs = [(a > b) + (a == b) / 2 for a in rights for b in wrongs]
    assert found == pytest.approx(sum(pairs) / len(pairs))


def test_area_under_the_risk_coverage_curve() -> None:
    right = [True, False, True, False]
    assert area_under_risk_coverage([0.9, 0.1, 0.8, 0.2], right) == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)
    assert area_under_risk_coverage([0.1, 0.9, 0.2, 0.8], right) == pytest.approx((1 + 1 + 2 / 3 + 2 / 4) / 4)
    assert area_under_risk_coverage([0.5] * 4, right) == pytest.approx(0.5)
