"""The score of calling tools: what it counts, with models whose answers are written down."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from actions.consult import WITHOUT_TOOLS
from benchmarks.tools import Score, scored
from benchmarks.tools_tasks import PROJECT, TASKS
from inference.types import Piece
from tests.scripted_chat import Chats, serving

ANSWER = '{"tool": "answer"}'
CALLS = {
    "read_symbol": '{"tool": "read_symbol", "name": "round_price"}',
    "read_file": '{"tool": "read_file", "path": "docs/style.md"}',
    "list_references": '{"tool": "list_references", "name": "round_price"}',
    "search_project": '{"tool": "search_project", "query": "money"}',
    "run_tests": '{"tool": "run_tests"}',
    "answer": ANSWER,
}


@dataclass
class Knows:
    """A model that makes the right call and then has seen enough; or says the same again and again."""

    says: str = ""
    name: str = "knows"

    async def chat(
        self, turns: Sequence[tuple[str, str]], schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[Piece, None]:
        asked = turns[-1][1]
        task = next((one for one in TASKS if one.instruction in asked), None)
        yield Piece(self.says or (CALLS[task.tools[0]] if task else ANSWER))


def test_there_are_forty_tasks_about_parts_that_are_there() -> None:
    assert len(TASKS) == len({one.instruction for one in TASKS}) == 40
    for one in TASKS:
        assert one.path in PROJECT and f" {one.symbol}(" in PROJECT[one.path]
        assert set(one.tools) <= CALLS.keys()
    assert {one.tools[0] for one in TASKS} == CALLS.keys()


async def test_a_model_that_knows_scores_everything() -> None:
    assert await scored(Knows()) == Score(40, 1.0, 1.0, 1.0, 32 / 40)


async def test_prose_scores_nothing_and_does_not_end_the_measurement() -> None:
    assert await scored(Knows("I would look at the file.")) == Score(40, 0.0, 0.0, 0.0, 0.0)
    assert not WITHOUT_TOOLS


async def test_a_model_that_never_has_enough_is_valid_and_not_finished() -> None:
    score = await scored(Knows(CALLS["search_project"]))
    right = sum("search_project" in one.tools for one in TASKS) / 40
    assert score == Score(40, 1.0, right, 0.0, 6.0)


@pytest.mark.parametrize("prose", [False, True])
def test_a_servers_model_is_scored_from_the_command_line(prose: bool) -> None:
    chats = Chats(lookups=["Hm."] * 200 if prose else [])
    with serving(chats):
        command = [sys.executable, "-m", "benchmarks.tools", "--only", "score", "--json"]
        served = ["--base-url", chats.url, "--served-model", "chatty"]
        done = subprocess.run([*command, *served], capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(done.stdout)
    assert told["model"] == "chatty"
    assert told["score"]["valid"] == (0.0 if prose else 1.0)
    assert told["score"]["right"] == (0.0 if prose else 8 / 40)
    assert len(chats.looked) == (80 if prose else 40)


def test_a_model_that_cannot_chat_has_no_score_and_costs_are_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.tools", "--json", "--model", "auto"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert "cannot chat" in told["score"]
    assert told["cost"]["vocabulary"] > 1000 and told["cost"]["ratio"] > 0
