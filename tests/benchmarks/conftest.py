"""Tests of fast-forwarded clocks leave no other test with a clock that is ahead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks import fast_forward


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    fast_forward.take_over()
    yield
    fast_forward.give_back()
