"""An action from where it is asked for: what the local model looked up is there when it drafts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest

from actions import consult
from actions.act import LOOKUP_TOKENS, Asked, Means, act
from actions.kinds import KINDS
from actions.loop import Result
from settings.schema import Settings
from tests.actions.test_ladder import SUMS, TESTS
from tests.scripted_engine import Script, ScriptedEngine
from tools.toolbox import Argument, Found, tool

RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"
READ = '{"tool": "read_symbol", "name": "triple"}'


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    consult.WITHOUT_TOOLS.clear()
    yield
    consult.WITHOUT_TOOLS.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "sums.py").write_text(SUMS)
    (tmp_path / "more.py").write_text("def triple(a):\n    return 3 * a\n")
    (tmp_path / "tests" / "test_sums.py").write_text(TESTS)
    return tmp_path


def settings(*checks: str) -> Settings:
    own = Settings()
    model = replace(own.model, context=8192)
    actions = replace(own.routing.actions, checks=checks)
    return replace(own, model=model, routing=replace(own.routing, actions=actions))


async def acted(
    root: Path,
    engine: ScriptedEngine,
    kind: str = "refactor",
    checks: tuple[str, ...] = ("parse",),
    **more: Any,
) -> tuple[Result, list[str]]:
    said: list[str] = []
    asked = Asked(KINDS[kind], "sums.py", SUMS, 1, 1, "make it add")
    return await act(asked, Means(root, settings(*checks), engine, **more), said.append), said


async def test_what_was_looked_up_is_there_when_the_model_drafts(root: Path) -> None:
    engine = ScriptedEngine(Script(chats=[RIGHT], lookups=[READ]))
    result, said = await acted(root, engine)
    assert result.passed and (engine.counters.lookups, engine.counters.chats) == (2, 1)
    assert [request.max_tokens for request in engine.heard[:2]] == [LOOKUP_TOKENS] * 2
    draft = engine.heard[-1]
    assert draft.schema is None and "return 3 * a" in draft.turns[-1][1]
    assert said[:2] == ["Looking up: read_symbol triple", "Drafting"]


async def test_a_model_that_wants_nothing_is_asked_once(root: Path) -> None:
    engine = ScriptedEngine(Script(chats=[RIGHT]))
    result, said = await acted(root, engine)
    assert result.passed and said[0] == "Drafting"
    assert (engine.counters.lookups, engine.counters.chats) == (1, 1)
    assert '"run_tests"' not in engine.heard[0].turns[-1][1]


async def test_documentation_needs_nothing_looked_up(root: Path) -> None:
    engine = ScriptedEngine(Script(chats=["```python\ndef add(a, b):\n    # adds\n    return a - b\n```"]))
    result, _ = await acted(root, engine, "document")
    assert result.passed and engine.counters.lookups == 0


async def test_tests_are_run_for_a_model_where_they_may_be(root: Path) -> None:
    engine = ScriptedEngine(Script(chats=["It adds."], lookups=['{"tool": "run_tests"}']))
    await acted(root, engine, "explain", ("parse", "tests"))
    assert (
        "test_add" in engine.heard[-1].turns[-1][1] and "what the tests say" in engine.heard[-1].turns[-1][1]
    )
    assert (root / "sums.py").read_text() == SUMS


async def test_a_prompt_that_fills_the_context_leaves_no_room_to_look_things_up(root: Path) -> None:
    (root / "sums.py").write_text(SUMS)
    engine = ScriptedEngine(Script(chats=[RIGHT]))
    small = settings("parse")
    small = replace(small, model=replace(small.model, context=512))
    result = await act(
        Asked(KINDS["refactor"], "sums.py", SUMS, 1, 1, "x"), Means(root, small, engine), lambda text: None
    )
    assert result.passed and engine.counters.lookups == 0


async def test_more_tools_may_be_given(root: Path) -> None:
    async def lookup_docs(
        name: Annotated[str, Argument("of a library's function", "json.dumps")],
    ) -> Sequence[Found]:
        """Read the documentation of a name."""
        return [Found(f"documentation of {name}", "dumps(obj) -> str")]

    engine = ScriptedEngine(Script(chats=[RIGHT], lookups=['{"tool": "lookup_docs", "name": "json.dumps"}']))
    await acted(root, engine, tools=[tool(lookup_docs)])
    assert "documentation of json.dumps" in engine.heard[-1].turns[-1][1]
