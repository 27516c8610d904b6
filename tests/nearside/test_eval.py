"""`nearside eval` with a scripted server: the loop is worth more than the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actions.target import target
from nearside.cli import run
from nearside.evaluation.tasks import EvalTask, load_all
from settings import paths
from syntax.languages import language_of
from tests.scripted_chat import Chats, serving

WRONG = {"invoice-rounding": ("sorted(nets.items())", "nets.items()")}
"""For each task what makes a wrong answer of its solution: one that parses, and that visible tests notice."""


def part_of(task: EvalTask) -> str:
    """Return what a model that knows the solution would answer."""
    if task.file not in task.reference:
        [text] = task.reference.values()
        return text
    old, new = task.texts[task.file].splitlines(), task.reference[task.file].splitlines()
    part = target(task.texts[task.file], language_of(task.file), task.first, task.last)
    after = len(old) - part.last - 1
    assert new[: part.first] == old[: part.first] and new[len(new) - after :] == old[part.last + 1 :]
    return "\n".join(new[part.first : len(new) - after]) + "\n"


class Strong:
    """Answers as a model does that needs to see what failed."""

    def __init__(self) -> None:
        self.tasks = {task.name: task for task in load_all()}

    def __call__(self, body: Any) -> str:
        if "response_format" in body:
            return '{"tool": "answer"}'
        turns = body["messages"]
        asked = next(turn["content"] for turn in turns if turn["role"] == "user")
        task = next(task for task in self.tasks.values() if self.asks(task, asked))
        text = part_of(task)
        if not any(turn["role"] == "assistant" for turn in turns):
            find, put = WRONG[task.name]
            assert find in text
            text = text.replace(find, put)
        return f"```\n{text}```"

    def asks(self, task: EvalTask, text: str) -> bool:
        part = target(task.texts[task.file], language_of(task.file), task.first, task.last)
        return part.text.rstrip() in text


@pytest.fixture
def server(home: Path) -> Iterator[Chats]:
    config = paths.config_file()
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[retrieval]\nenabled = false\n")
    with serving(Chats(script=Strong(), usage=True)) as chats:
        yield chats


def evaluated(server: Chats, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Run an evaluation of the scripted model and return what it saved."""
    there = ["--base-url", server.url, "--served-model", "strong"]
    assert run(["eval", *there, "--json", *options]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_what_fails_at_first_is_solved_in_the_loop_and_not_raw(
    server: Chats, capsys: pytest.CaptureFixture[str]
) -> None:
    told = evaluated(server, capsys, "--runs", "1")
    assert [(one["task"], one["solved"], one["raw"]) for one in told["seen"]] == [
        ("invoice-rounding", True, False)
    ]
    assert [(one["passed"], one["step"]) for one in told["seen"][0]["tries"]] == [
        (False, "tests"),
        (True, "tests"),
    ]
