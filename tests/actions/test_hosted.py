"""A hosted model edits the files it is shown, by search and replace, and is told what was tried before."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from actions.draft import Tried
from actions.hosted import HostedDrafts, outbound
from actions.loop import perform
from inference.cloud.types import Delta
from inference.outbound.request import OutboundTask
from inference.spending import Left
from inference.types import Snippet
from settings.schema import Actions, Routing
from tests.actions.test_draft import TEXT, task
from tests.actions.test_loop import BAD, WORSE, Adds, Says

EDIT = """I fix the sign.

src/shop/sums.py
<<<<<<< SEARCH
    return a - b
=======
    return a + b
>>>>>>> REPLACE
"""


@dataclass
class Cloud:
    text: str
    model: str = "hosted-model"
    heard: list[OutboundTask] = field(default_factory=list)
    closed: str = ""
    money: Decimal = Decimal(1)

    def why_not(self, path: str) -> str:
        return self.closed

    def left(self) -> Left:
        return Left(self.money, self.money)

    async def answer(
        self, task: OutboundTask, *, max_tokens: int, deadline: float = 0.0, suggestion: str = ""
    ) -> AsyncGenerator[Delta, None]:
        self.heard.append(task)
        for at in range(0, len(self.text), 9):
            yield Delta(self.text[at : at + 9])


def hosted(cloud: Cloud, escalate: str = "when checks fail", closed: str = "") -> HostedDrafts:
    cloud.closed = closed
    return HostedDrafts(cloud, Routing(mode="local-first", actions=Actions(escalate=escalate)), "/p", "a1")


async def test_its_edits_become_the_draft_after_the_local_tries() -> None:
    cloud = Cloud(EDIT)
    result = await perform(task(), Says([BAD, WORSE, BAD]), hosted(cloud), Adds())
    assert result.passed and result.draft.texts == {"src/shop/sums.py": TEXT.replace("a - b", "a + b")}
    text = "".join(part.text for part in cloud.heard[0].parts)
    assert "a * b" in text and "test_add" in text


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("It should add.", "the model wrote no edit, only words"),
        (EDIT.replace("a - b", "a % b"), "a block for src/shop/sums.py does not match"),
        (EDIT.replace("sums.py", "nowhere.py"), "there is no src/shop/nowhere.py"),
        (EDIT.replace("a + b", "a - b"), "the model changed nothing"),
    ],
)
async def test_an_answer_that_does_not_apply_changes_nothing(answer: str, reason: str) -> None:
    draft = (await hosted(Cloud(answer)).draft(task(), [])).draft
    assert draft.reason == reason and not draft.texts


async def test_it_may_edit_the_other_files_it_was_shown_and_make_new_ones() -> None:
    more = "src/shop/other.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n"
    new = "tests/test_new.py\n<<<<<<< SEARCH\n=======\nassert True\n>>>>>>> REPLACE\n"
    files = {"src/shop/other.py": "x = 1\n"}
    draft = (await hosted(Cloud(EDIT + more + new)).draft(task(files=files), [])).draft
    assert sorted(draft.texts) == ["src/shop/other.py", "src/shop/sums.py", "tests/test_new.py"]


@pytest.mark.parametrize(
    ("escalate", "closed", "why"),
    [
        ("never", "", "routing.actions.escalate is never"),
        ("when checks fail", "is never sent", "src/shop/sums.py is never sent"),
    ],
)
async def test_it_is_not_asked_where_it_may_not_be(escalate: str, closed: str, why: str) -> None:
    cloud = Cloud(EDIT)
    result = await perform(task(), Says([BAD, WORSE, BAD]), hosted(cloud, escalate, closed), Adds())
    assert not result.passed and why in result.reason and not cloud.heard


def test_every_text_of_a_file_says_which_file_so_that_rules_hold() -> None:
    asked = outbound(
        task(
            problem="1 failed",
            context=(Snippet("util.py", "def up(x): ..."),),
            files={"src/shop/other.py": "x = 1\n"},
        ),
        [Tried("answer", "tests", "failed")],
        "/p",
    )
    assert all(part.path for part in asked.parts)
    assert [part.path for part in asked.parts if part.stable] == [
        "util.py", "src/shop/other.py", "src/shop/sums.py",
    ]  # fmt: skip
    stable = [part.stable for part in asked.parts]
    assert stable == sorted(stable, reverse=True)


async def test_an_explanation_is_words() -> None:
    draft = (await hosted(Cloud("It **adds**.")).draft(task("explain"), [])).draft
    assert draft.explanation == "It **adds**.\n"
