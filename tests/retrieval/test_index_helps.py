"""The index helps: names that exist nowhere but in the project are completed more often with it."""

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

HOLES = 30


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    """Holes of one invented project, each asked with and without what the index knows."""
    project = invent(16)
    holes, index = Random(16).sample(invented(project), HOLES), Index(project.texts)
    bench = Bench(bundled(), threads=1)
    room = budget(bench.context, 64)
    yield [measure(bench, hole, index.shown(hole, room), BONUS) for hole in holes]
    bench.close()


def test_twice_as_many_invented_names_are_right_with_the_index(rows: list[Row]) -> None:
    without = sum(row.outcomes[0].name for row in rows)
    with_index = sum(row.outcomes[-1].name for row in rows)
    assert with_index >= max(2 * without, HOLES // 5), f"{with_index} with the index, {without} without"


def test_the_index_knows_nearly_every_invented_name(rows: list[Row]) -> None:
    assert sum(row.listed for row in rows) >= 0.9 * HOLES


def test_what_is_right_without_the_index_stays_right(rows: list[Row]) -> None:
    lost = [row.hole.expected for row in rows if row.outcomes[0].line and not row.outcomes[-1].line]
    assert not lost
