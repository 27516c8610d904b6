"""Draft, verify, say what failed, try again: and what passes no check changes nothing."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from actions.draft import Draft, Task, Tried
from actions.kinds import KINDS
from actions.loop import LONGEST_ANSWER, TRIES, Answered, Attempt, Progress, Verdict, perform
from inference.routing.action import ActionDecision
from inference.types import EngineUnavailable, Piece, Usage
from tests.actions.test_draft import TEXT, fenced, task

GOOD, BAD = fenced("def add(a, b):\n    return a + b\n"), fenced("def add(a, b):\n    return a * b\n")
WORSE = fenced("def add(a, b):\n    return b\n")


@dataclass
class Says:
    """A model with its answers written down; an exception is raised in place of one."""

    answers: list[str | Exception]
    name: str = "local-model"
    heard: list[Sequence[tuple[str, str]]] = field(default_factory=list)

    async def chat(
        self, turns: Sequence[tuple[str, str]], schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[Piece, None]:
        self.heard.append(turns)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        for at in range(0, len(answer), 7):
            yield Piece(answer[at : at + 7])
        yield Piece(usage=Usage(generated_tokens=len(answer), decode_ms=1.0))


@dataclass
class Cloud:
    """A hosted model that gives one draft, or fails."""

    given: Draft | Exception
    closed: str = ""
    name: str = "hosted-model"
    heard: list[Sequence[Tried]] = field(default_factory=list)

    async def decide(self, task: Task, attempts: Sequence[Attempt]) -> ActionDecision:
        return ActionDecision("closed" if self.closed else "failed", not self.closed, note=self.closed)

    async def draft(self, task: Task, tried: Sequence[Tried]) -> Answered:
        self.heard.append(tried)
        if isinstance(self.given, Exception):
            raise self.given
        return Answered("answer", self.given, 9, Decimal("0.01"))


@dataclass
class Adds:
    """Passes what adds."""

    seen: list[Draft] = field(default_factory=list)

    async def verify(self, task: Task, draft: Draft, progress: Progress) -> Verdict:
        self.seen.append(draft)
        right = any("a + b" in text for text in draft.texts.values())
        return Verdict(right, "tests", "" if right else "1 of 3 tests failed: test_add\ndetails")


FIXED = Draft({"src/shop/sums.py": TEXT.replace("a - b", "a + b")})


async def test_what_passes_at_once_is_the_result() -> None:
    model, said = Says([GOOD]), []
    result = await perform(task(), model, None, Adds(), said.append)
    assert result.passed and result.draft == FIXED and len(model.heard) == 1
    assert said == ["Drafting", "Checking"]


async def test_what_failed_is_fed_back_and_the_second_try_passes() -> None:
    model = Says([BAD, GOOD])
    result = await perform(task(), model, None, Adds())
    assert result.passed and [one.verdict.passed for one in result.attempts] == [False, True]
    assert "test_add" in model.heard[1][-1][1]


async def test_prose_is_a_failed_try_and_is_not_verified() -> None:
    verifier = Adds()
    result = await perform(task(), Says(["I would add.", GOOD]), None, verifier)
    assert result.passed and len(verifier.seen) == 1 and result.attempts[0].verdict.step == "answer"


async def test_three_tries_and_then_nothing_is_changed_and_it_says_why() -> None:
    model = Says([BAD, WORSE, BAD, GOOD])
    result = await perform(task(), model, None, Adds())
    assert not result.passed and result.draft == Draft() and len(model.heard) == TRIES
    assert "local-model tried 3 times" in result.reason and "test_add" in result.reason
    assert "\n" not in result.reason


async def test_the_same_answer_twice_is_not_asked_for_a_third_time() -> None:
    model = Says([BAD, BAD, GOOD])
    result = await perform(task(), model, None, Adds())
    assert len(model.heard) == 2 and "the same answer again" in result.reason


async def test_a_check_that_cannot_be_made_is_not_tried_again_nor_by_the_hosted_model() -> None:
    class Cannot:
        async def verify(self, task: Task, draft: Draft, progress: Progress) -> Verdict:
            return Verdict(False, "tests", "no tests were found", blocked=True)

    model = Says([BAD, GOOD])
    result = await perform(task(), model, None, Cannot())
    assert not result.passed and len(model.heard) == 1 and "no tests were found" in result.reason


async def test_how_sure_the_model_was_goes_with_the_draft() -> None:
    class Sure(Says):
        async def chat(
            self, turns: Sequence[tuple[str, str]], schema: Mapping[str, object] | None = None
        ) -> AsyncGenerator[Piece, None]:
            yield Piece(GOOD, logprobs=(math.log(0.9), math.log(0.4)))

    verifier = Adds()
    await perform(task(), Sure([]), None, verifier)
    assert verifier.seen[0].confidence == pytest.approx(0.6)
    await perform(task(), Says([GOOD]), None, verifier)
    assert verifier.seen[1].confidence is None


async def test_an_attempt_says_what_it_took() -> None:
    result = await perform(task(), Says([BAD, WORSE, BAD]), Cloud(FIXED), Adds())
    assert [(one.tokens, one.decode_ms > 0, one.cost) for one in result.attempts] == [
        (len(BAD), True, None), (len(WORSE), True, None), (len(BAD), True, None), (9, False, Decimal("0.01")),
    ]  # fmt: skip


async def test_the_hosted_model_is_asked_after_the_local_one_and_told_what_was_tried() -> None:
    cloud = Cloud(FIXED)
    result = await perform(task(), Says([BAD, WORSE, BAD]), cloud, Adds())
    assert result.passed and result.draft == FIXED
    assert [one.hosted for one in result.attempts] == [False] * TRIES + [True]
    assert len(cloud.heard[0]) == TRIES


async def test_a_hosted_model_that_may_not_be_asked_is_not() -> None:
    cloud = Cloud(FIXED, closed="routing.mode is local-only")
    result = await perform(task(), Says([BAD, WORSE, BAD]), cloud, Adds())
    assert not result.passed and not cloud.heard and "routing.mode is local-only" in result.reason


async def test_a_hosted_draft_that_fails_changes_nothing_either() -> None:
    wrong = Draft({"src/shop/sums.py": TEXT})
    result = await perform(task(), Says([BAD, WORSE, BAD]), Cloud(wrong), Adds())
    assert not result.passed and "hosted-model failed at tests" in result.reason


@pytest.mark.parametrize("broken", [EngineUnavailable("No answer: the engine is gone.")])
async def test_a_model_that_is_gone_is_a_reason_and_the_other_is_asked(broken: Exception) -> None:
    assert (await perform(task(), Says([broken]), Cloud(FIXED), Adds())).passed
    result = await perform(task(), Says([broken]), Cloud(broken), Adds())
    assert not result.passed and "the engine is gone" in result.reason


async def test_without_a_local_model_the_hosted_one_is_asked_at_once() -> None:
    assert (await perform(task(), None, Cloud(FIXED), Adds())).passed


async def test_an_endless_answer_ends() -> None:
    class Endless(Says):
        async def chat(
            self, turns: Sequence[tuple[str, str]], schema: Mapping[str, object] | None = None
        ) -> AsyncGenerator[Piece, None]:
            self.heard.append(turns)
            while True:
                yield Piece("x = 1\n" * 1000)

    model = Endless([])
    result = await perform(task(), model, None, Adds())
    assert not result.passed and len(model.heard) <= TRIES and LONGEST_ANSWER < 1_000_000


async def test_an_explanation_needs_no_check() -> None:
    verifier = Adds()
    result = await perform(task("explain"), Says(["It adds."]), None, verifier)
    assert result.passed and result.draft.explanation == "It adds.\n" and not verifier.seen
    assert KINDS["explain"].checked == "nothing"
