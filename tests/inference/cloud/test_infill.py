"""A completion of a model that only chats: what it is asked, and what of its answer belongs at the cursor."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from decimal import Decimal

import pytest

from inference.cloud.escalate import Hosted
from inference.cloud.infill import INSTRUCTIONS, fitting, infill_task, infilled
from inference.cloud.types import Delta
from inference.outbound.rules import Rules
from inference.types import FimPrompt, Snippet
from settings.schema import Settings
from tests.fake_cloud import FakeCloud
from tests.inference.cloud.conftest import ledger

ADD = ("def add(first, second):\n    ", "\n\n\ndef sub(first, second):\n    return first - second\n")


def test_a_task_begins_with_what_stays_the_same() -> None:
    prompt = FimPrompt(*ADD, path="sums.py", snippets=(Snippet("sum.py", "class Sum: ...\n"),))
    task = infill_task(prompt, "/p", "python")
    assert (task.project, task.purpose, task.system) == ("/p", "completion", INSTRUCTIONS)
    excerpt, buffer = task.parts
    assert (excerpt.kind, excerpt.path, excerpt.stable) == ("snippet", "sum.py", True)
    assert excerpt.text == "Excerpt of sum.py:\nclass Sum: ...\n\n"
    assert (buffer.kind, buffer.path, buffer.stable) == ("buffer", "sums.py", False)
    assert f"<before>{ADD[0]}</before>" in buffer.text and f"<after>{ADD[1]}</after>" in buffer.text
    assert buffer.text.index("<after>") < buffer.text.index("<before>")
    assert "sums.py (python)" in buffer.text


@pytest.mark.parametrize("path", ["/home/ada/x/sums.py", "~/x/sums.py", "C:\\Users\\ada\\sums.py"])
def test_a_path_outside_the_project_tells_nothing_of_the_machine(path: str) -> None:
    prompt = FimPrompt(*ADD, path=path, snippets=(Snippet(path, "x"),))
    excerpt, buffer = infill_task(prompt, "/p").parts
    assert "ada" not in excerpt.text + buffer.text and "~" not in excerpt.text + buffer.text
    assert (excerpt.path, buffer.path) == (path, path)
    assert "The file sums.py, after" in buffer.text


CASES = [
    # name, prefix, answer, suffix, what belongs
    ("as asked", ADD[0], "return first + second", ADD[1], "return first + second"),
    ("a line end too many", ADD[0], "return first + second\n\n", ADD[1], "return first + second"),
    ("a fence", ADD[0], "```python\nreturn first + second\n```", ADD[1], "return first + second"),
    ("a fence and words", ADD[0], "Here is the code:\n\n```\nreturn 1\n```\nIt adds.", ADD[1], "return 1"),
    ("a fence without an end", ADD[0], "```python\nreturn 1", ADD[1], "return 1"),
    ("an end without a fence", ADD[0], "return 1\n```\nDone.", ADD[1], "return 1"),
    ("the indentation again", ADD[0], "    return 1", ADD[1], "return 1"),
    ("the line again", "    total = su", "    total = sum(values)", "\n", "m(values)"),
    ("the line again, behind a blank", "    return ", "return first", "\n", "first"),
    ("on into what follows", ADD[0], "return 1\n\n\ndef sub(first, second):\n  x", ADD[1], "return 1"),
    ("on with the rest of the line", "print(", "first)", ")\n", "first"),
    ("on with the rest of the line, quoted", 'open("', 'a.txt", "r")', '")\n', "a.txt"),
    ("a block and its brace", "  if (a) {\n    ", "b();\n    c();\n  }\n}", "\n  }\n}\n", "b();\n    c();"),
    ("a block of its own inside", "f() {\n  ", "if (a) {\n    b();\n  }", "\n}\n", "if (a) {\n    b();\n  }"),
    ("windows line ends", ADD[0], "a = 1\r\n    return a\r\n", ADD[1], "a = 1\n    return a"),
    ("nothing", ADD[0], "", ADD[1], ""),
    ("blanks alone", ADD[0], "  \n\n", ADD[1], ""),
    ("an empty fence", ADD[0], "```\n```", ADD[1], ""),
    ("what follows and nothing else", "", "def sub(first, second):", "def sub(first, second):\n", ""),
    ("at the end of the file", "x = 1\n", "y = 2\nz = 3\n", "", "y = 2\nz = 3"),
    ("a short word again", "x", "x = 1", "\n", "x = 1"),
    (
        "documentation that has a fence",
        "# Use\n\n",
        "Call it;\n\n```python\nadd(1, 2)\n```\n\nDone.",
        "",
        "Call it;\n\n```python\nadd(1, 2)\n```\n\nDone.",
    ),
]


@pytest.mark.parametrize(("name", "prefix", "answer", "suffix", "text"), CASES, ids=[c[0] for c in CASES])
def test_what_belongs_at_the_cursor(name: str, prefix: str, answer: str, suffix: str, text: str) -> None:
    assert fitting(answer, prefix, suffix) == text


async def streamed(answer: str, size: int) -> AsyncGenerator[Delta, None]:
    for at in range(0, len(answer), size):
        yield Delta(answer[at : at + size])
    yield Delta("", "stop", cost=Decimal(1), model="m")


@pytest.mark.parametrize(("name", "prefix", "answer", "suffix", "text"), CASES, ids=[c[0] for c in CASES])
@pytest.mark.parametrize("size", [1, 4, 1000])
async def test_in_pieces_it_is_the_same(
    size: int, name: str, prefix: str, answer: str, suffix: str, text: str
) -> None:
    deltas = [delta async for delta in infilled(streamed(answer, size), FimPrompt(prefix, suffix))]
    assert "".join(delta.text for delta in deltas) == text
    assert (deltas[-1].finish, deltas[-1].cost, deltas[-1].model) == ("stop", Decimal(1), "m")


async def test_a_long_answer_comes_in_lines_before_its_end() -> None:
    answer = "\n".join(f"line{number} = {number}" for number in range(20))
    deltas = [delta async for delta in infilled(streamed(answer, 5), FimPrompt("", ""))]
    assert len([delta for delta in deltas if delta.text]) > 10
    assert "".join(delta.text for delta in deltas) == answer


async def test_a_completion_through_a_hosted_model_is_settled_to_its_end(
    server: FakeCloud, settings: Settings
) -> None:
    """Also where the answer went on into what follows: what was said too much was paid for."""
    server.answer = "```python\nreturn first + second\n\n\ndef sub(first, second):\n    return 0\n```"
    prompt = FimPrompt(*ADD, path="sums.py")
    answer = Hosted(settings, Rules()).answer(infill_task(prompt, "/p", "python"), max_tokens=64)
    deltas = [delta async for delta in infilled(answer, prompt)]
    assert "".join(delta.text for delta in deltas) == "return first + second"
    [row] = ledger()
    assert row.state == "settled" and row.cost == deltas[-1].cost == server.bill
