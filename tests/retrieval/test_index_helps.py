"""The index helps: names that exist nowhere but in the project are completed far more often with it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from benchmarks.context import Row, measure
from benchmarks.context_holes import invented
from benchmarks.context_index import Index
from benchmarks.guide import Bench
from benchmarks.invented import invent
from inference.guide import BONUS
from inference.models import bundled
from retrieval.context import budget

PROJECTS = ((16, "python"), (17, "python"), (16, "typescript"), (17, "typescript"))
HOLES = 6
"""Of each project."""
LEAST = 5
"""Names that are right with the index: about half of what is (benchmarks/context.py)."""


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    """Holes of invented projects, each asked without and with what the index knows."""
    bench = Bench(bundled(), threads=1)
    room = budget(bench.context, 64)
    found: list[Row] = []
    for seed, language in PROJECTS:
        project = invent(seed, language)
        index = Index(project.texts)
        for hole in Random(seed).sample(invented(project), HOLES):
            found.append(measure(bench, hole, index.shown(hole, room), BONUS, ("nothing", "both")))
    yield found
    bench.close()


def test_at_least_twice_as_many_invented_names_are_right_with_the_index(rows: list[Row]) -> None:
    without, with_index = (sum(row.outcomes[at].name for row in rows) for at in (0, 1))
    assert with_index >= max(2 * without, LEAST), f"{with_index} with the index, {without} without"


def test_what_is_written_is_nearly_always_a_name_that_exists(rows: list[Row]) -> None:
    assert sum(row.outcomes[1].known for row in rows) >= 0.85 * len(rows)


def test_the_index_knows_nearly_every_invented_name(rows: list[Row]) -> None:
    assert sum(row.listed for row in rows) >= 0.9 * len(rows)


def test_what_is_right_without_the_index_stays_right(rows: list[Row]) -> None:
    lost = [row.hole.expected for row in rows if row.outcomes[0].line and not row.outcomes[1].line]
    assert not lost
