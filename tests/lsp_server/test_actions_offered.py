"""What a menu offers: only what applies, of the kinds asked for, in forms the client takes, and no model is
asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_client import insertion
from tests.lsp_server.acting import (
    AUTOMATIC,
    CAPABILITIES,
    CART_TESTS,
    SUMS,
    SUMS_TESTS,
    Acting,
    opened,
    span,
    without,
)
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

Begin = Callable[..., Awaitable[Acting]]
WRITTEN = [
    "Write tests for add", "Refactor add …", "Add to add …", "Find and fix a security problem in add",
    "Make add faster", "Document add", "Explain add",
]  # fmt: skip


@pytest.fixture
def begin(start: Start, tmp_path: Path) -> Begin:
    """Return a function that opens a text in a server whose model chats, unless told otherwise."""

    async def begin(
        text: str = SUMS, name: str = "sums.py", chats: tuple[str, ...] = ("…",), **more: Any
    ) -> Acting:
        root = tmp_path / "project"
        root.mkdir(exist_ok=True)
        client = await start(Script(chats=list(chats)), opened(root, **more))
        return Acting(client, root / name).open(text)

    return begin


async def test_a_function_by_hand_can_be_implemented_too_and_by_itself_only_if_it_is_not_written(
    begin: Begin,
) -> None:
    acting = await begin()
    assert await acting.titles(span(1)) == ["Implement add", *WRITTEN]
    assert await acting.titles(span(1), trigger=AUTOMATIC) == WRITTEN
    stub = [
        title.replace("add", "half") for title in WRITTEN if "tests" not in title and "faster" not in title
    ]
    stub[1] = "Add to half …"
    assert await acting.titles(span(9), trigger=AUTOMATIC) == ["Implement half", *stub]
    counters = await acting.client.counters()
    assert (counters["chats"], counters["calls"]) == (0, 0)


async def test_between_definitions_only_a_selection_has_actions(begin: Begin) -> None:
    acting = await begin("import os\n\n" + SUMS)
    assert await acting.titles(span(0)) == []
    assert await acting.titles(span(0, 1)) == [
        "Refactor these lines …", "Add to these lines …", "Explain these lines"
    ]  # fmt: skip


async def test_each_diagnostic_of_other_servers_is_offered_to_be_fixed_up_to_a_few(begin: Begin) -> None:
    acting = await begin()
    acting.diagnostics = [
        {"range": span(1), "message": f"wrong {number}\nmore", "source": "ruff", "code": f"E{number}"}
        for number in range(9)
    ]
    offered = await acting.offered(span(1), only=["quickfix"])
    assert [one["title"] for one in offered] == [f"Fix: wrong {number}" for number in range(5)]
    assert [one["diagnostics"] for one in offered] == [[one] for one in acting.diagnostics[:5]]
    assert offered[1]["data"]["problem"] == "wrong 1\nmore [E1] (ruff)"


async def test_a_test_is_offered_to_be_made_pass_and_neither_to_be_sped_up_nor_tested(begin: Begin) -> None:
    acting = await begin(SUMS_TESTS, "tests/test_sums.py")
    titles = await acting.titles(span(4))
    assert titles[0] == "Fix the code until test_add passes"
    assert not [title for title in titles if "faster" in title or title.startswith(("Write", "Implement"))]
    script = Acting(acting.client, acting.file.parent.parent / "cart.test.js").open(CART_TESTS)
    assert "Fix the code until adds up passes" in await script.titles(span(5))
    assert await script.titles(span(1)) == []


async def test_a_function_named_like_a_test_elsewhere_is_none(begin: Begin) -> None:
    acting = await begin("def test_bench(a):\n    return a\n", "bench.py")
    assert not [title for title in await acting.titles(span(1)) if title.startswith("Fix")]


async def test_a_failing_test_that_is_reported_as_a_diagnostic_is_made_pass(begin: Begin) -> None:
    acting = await begin()
    acting.diagnostics = [{"range": span(1), "message": "assert 1 == 2", "source": "neotest-python"}]
    [action] = await acting.offered(span(1), only=["quickfix"])
    assert action["data"]["kind"] == "fix-test" and "assert 1 == 2" in action["data"]["problem"]


@pytest.mark.parametrize(
    ("only", "titles"),
    [
        (["source.fixAll"], []),
        (["source"], []),
        (["refactor.extract"], []),
        (["refact"], []),
        (["quickfix"], ["Fix: bad"]),
        (["refactor.rewrite"], ["Implement add", *WRITTEN[1:6]]),
        (["refactor"], ["Implement add", *WRITTEN]),
        ([""], ["Fix: bad", "Implement add", *WRITTEN]),
    ],
)
async def test_only_kinds_that_were_asked_for_are_offered(
    begin: Begin, only: list[str], titles: list[str]
) -> None:
    acting = await begin()
    acting.diagnostics = [{"range": span(1), "message": "bad"}]
    assert await acting.titles(span(1), only=only) == titles


async def test_the_cursor_may_move_much_and_the_text_is_read_once(begin: Begin) -> None:
    acting = await begin(SUMS * 200)
    first = await acting.offered(span(1))
    for line in range(2, 200):
        await acting.offered(span(line), trigger=AUTOMATIC)
    assert (await acting.client.counters())["outlines"] == 1 and first
    acting.client.change(2, {"text": SUMS}, uri=acting.uri)
    assert (await acting.offered(span(1)))[0]["data"]["version"] == 2
    assert (await acting.client.counters())["outlines"] == 2


async def test_while_one_types_nothing_is_read_and_in_the_pause_once(begin: Begin) -> None:
    acting = await begin()
    assert await acting.offered(span(1))
    menus = []
    for version in range(2, 12):
        acting.client.change(version, insertion(3, 0, "\n"), uri=acting.uri)
        menus.append(asyncio.create_task(acting.offered(span(1), trigger=AUTOMATIC)))
        await acting.client.counters()
    assert (await acting.client.counters())["outlines"] == 1
    assert [bool(menu) for menu in await asyncio.gather(*menus)] == [False] * 9 + [True]
    assert await acting.offered(span(1)) and (await acting.client.counters())["outlines"] == 2


async def test_a_model_that_cannot_chat_is_told_by_hand_where_the_client_shows_it(begin: Begin) -> None:
    acting = await begin(chats=())
    [action] = await acting.offered(span(1))
    assert (
        "scripted cannot chat" in action["disabled"]["reason"]
        and "model.chat" in action["disabled"]["reason"]
    )
    assert await acting.offered(span(1), trigger=AUTOMATIC) == []
    assert await acting.offered(span(1), only=["source"]) == []
    silent = await begin(chats=(), capabilities=without("textDocument", "codeAction", "disabledSupport"))
    assert await silent.offered(span(1)) == []


async def test_an_engine_that_is_late_is_asked_again(start: Start, tmp_path: Path) -> None:
    script = Script(chats=["…"], fail="unavailable", fail_calls=1)
    client = await start(script, opened(tmp_path), ready=False)
    await client.heard("window/showMessage")
    acting = Acting(client, tmp_path / "sums.py").open(SUMS)
    [action] = await acting.offered(span(1))
    assert "the model is not loaded yet" in action["disabled"]["reason"]
    while not (await client.counters())["ready"]:
        await asyncio.sleep(0.005)
    assert await acting.titles(span(1), trigger=AUTOMATIC) == WRITTEN


async def test_files_that_no_model_may_see_have_no_actions(begin: Begin) -> None:
    acting = await begin("KEY = 1\n\n\ndef f():\n    return KEY\n", "credentials.json")
    assert await acting.offered(span(0, 4)) == []
    binary = Acting(acting.client, acting.file.with_name("a.py")).open("def f():\n    return '\0'\n")
    assert await binary.offered(span(1)) == []
    unknown = Acting(acting.client, acting.file.with_name("never_opened.py"))
    assert await unknown.offered(span(1)) == []


async def test_who_cannot_ask_for_an_instruction_is_not_offered_what_needs_one(begin: Begin) -> None:
    acting = await begin(capabilities=without("experimental"))
    assert not [title for title in await acting.titles(span(1)) if title.endswith("…")]


@pytest.mark.parametrize(
    "missing",
    [
        ("textDocument", "codeAction", "resolveSupport"),
        ("textDocument", "codeAction", "dataSupport"),
    ],
)
async def test_who_cannot_resolve_gets_commands(begin: Begin, missing: tuple[str, ...]) -> None:
    acting = await begin(capabilities=without(*missing))
    action = await acting.one("Make add faster", span(1))
    assert action["command"]["command"] == "nearside.act" and "data" not in action
    [argument] = action["command"]["arguments"]
    assert (argument["kind"], argument["range"], argument["version"]) == ("optimise", span(1), 1)


async def test_who_would_not_wait_for_an_answer_gets_commands(begin: Begin) -> None:
    for name in ("Eglot", "helix"):
        acting = await begin(client_name=name)
        assert (await acting.one("Make add faster", span(1)))["command"]["command"] == "nearside.act"


async def test_who_knows_no_literals_gets_bare_commands(begin: Begin) -> None:
    capabilities = {"workspace": CAPABILITIES["workspace"]}
    acting = await begin(capabilities=capabilities)
    action = await acting.one("Make add faster", span(1))
    assert action["command"] == "nearside.act" and action["arguments"][0]["kind"] == "optimise"


async def test_who_can_neither_resolve_nor_apply_is_offered_explanations(begin: Begin) -> None:
    acting = await begin(capabilities={})
    assert await acting.titles(span(1)) == ["Explain add"]


async def test_who_cannot_create_files_is_not_offered_tests(begin: Begin) -> None:
    acting = await begin(capabilities=without("workspace", "workspaceEdit", "resourceOperations"))
    assert not [title for title in await acting.titles(span(1)) if title.startswith("Write")]


async def test_menus_of_many_cursors_at_once_are_all_answered(begin: Begin) -> None:
    acting = await begin()
    answers = await asyncio.gather(*(acting.titles(span(line % 10)) for line in range(40)))
    assert answers[1] == ["Implement add", *WRITTEN] and len(answers) == 40
