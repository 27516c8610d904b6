"""Recorded answers at places where something should be shown, and where not: no change may make this worse.

Show and quiet rate may fall by RATE below the committed baseline, the mean gain by POINTS of chrF; past that
either the change is wrong, or `python -m benchmarks.scenarios baseline` says what is expected from now on.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from benchmarks import scenarios
from inference.gate import Gate
from inference.types import CompletionRequest, FimPrompt
from settings.schema import Completion

RATE, POINTS = 0.02, 1.0
"""About one scenario; a rounding in a filter's threshold moves no more than that."""


@pytest.fixture(scope="module")
def cases() -> list[scenarios.Scenario]:
    return scenarios.read()


@pytest.fixture(scope="module")
def seen(cases: list[scenarios.Scenario]) -> list[scenarios.Outcome]:
    return asyncio.run(scenarios.outcomes(cases, scenarios.load_cassettes()))


@pytest.fixture(scope="module")
def baseline() -> dict[str, Any]:
    return json.loads(scenarios.BASELINE.read_text("utf-8"))


def test_there_are_enough_of_both_kinds_in_eight_languages(cases: list[scenarios.Scenario]) -> None:
    kinds = Counter(case.show for case in cases)
    assert kinds[True] >= 25
    assert kinds[False] >= 25
    for show in (True, False):
        assert len({case.context.language for case in cases if case.show is show}) == 8
    assert len({case.name for case in cases}) == len(cases)


def test_nothing_got_worse(
    cases: list[scenarios.Scenario], seen: list[scenarios.Outcome], baseline: dict[str, Any]
) -> None:
    figures = scenarios.summary(cases, seen)
    told = baseline["scenarios"]
    changed = [
        f"{one.name}: {told[one.name]['shown']!r} -> {one.shown!r} {one.why}"
        for one in seen
        if one.name in told and told[one.name]["shown"] != one.shown
    ]
    assert figures["show_rate"] >= baseline["show_rate"] - RATE, changed
    assert figures["quiet_rate"] >= baseline["quiet_rate"] - RATE, changed
    assert figures["delta_chrf"] >= baseline["delta_chrf"] - POINTS, changed


def test_the_goals_are_met(baseline: dict[str, Any]) -> None:
    assert baseline["show_rate"] >= 0.75
    assert baseline["quiet_rate"] >= 0.90
    assert baseline["scenarios"].keys() == {case.name for case in scenarios.read()}


def test_thirty_rejects_halve_what_is_shown_and_an_hour_brings_it_back(
    seen: list[scenarios.Outcome],
) -> None:
    now = [0.0]
    gate = Gate(Completion().show_above, lambda: now[0])
    confidences = [one.confidence for one in seen if one.confidence is not None]

    def shown() -> int:
        return sum(gate.shows(confidence) for confidence in confidences)

    before = shown()
    for _ in range(30):
        gate.rejected()
        now[0] += 4
    assert before >= 25
    assert shown() <= before / 2
    now[0] += 3600
    assert shown() >= before - 2


def test_replaying_twice_gives_the_same(
    cases: list[scenarios.Scenario], seen: list[scenarios.Outcome]
) -> None:
    again = asyncio.run(scenarios.outcomes(cases, scenarios.load_cassettes()))
    assert again == seen


async def test_another_prompt_than_was_recorded_is_an_error_that_says_what_to_do() -> None:
    engine = scenarios.Replay(scenarios.load_cassettes())
    name = next(iter(scenarios.load_cassettes()))
    request = CompletionRequest(FimPrompt("something", "else"), document=name)
    with pytest.raises(scenarios.StaleCassette, match="benchmarks.scenarios record"):
        [piece async for piece in engine.complete(request)]


async def test_a_cassette_is_cut_to_the_lines_asked_for(cases: list[scenarios.Scenario]) -> None:
    request = CompletionRequest(FimPrompt("x = ", ""), document="one")
    engine = scenarios.Replay(
        {
            "one": {
                "prompt": scenarios.digest(request),
                "pieces": [["a\nb", [-0.1, -0.2], [0.5, 0.6], None], ["c\nd", [-0.3], [0.7], "length"]],
            }
        }
    )
    lines = {}
    for most in (1, 2, 0):
        pieces = [piece async for piece in engine.complete(replace(request, max_lines=most))]
        lines[most] = "".join(piece.text for piece in pieces)
    assert lines == {1: "a", 2: "a\nbc", 0: "a\nbc\nd"}
