"""Actions that end early: cancelled in four ways, overtaken by what the user does, refused while one runs."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.actions.test_ladder import state
from tests.lsp_client import insertion
from tests.lsp_server.acting import SUMS, SUMS_TESTS, Acting, opened, python_project, span, without
from tests.lsp_server.conftest import Start
from tests.lsp_server.test_actions import fenced
from tests.scripted_engine import Script

RIGHT = fenced("def double(a):\n    return a + a")
TITLE = "Make double faster"
CANCELLED = -32800


def processes(marker: str) -> set[int]:
    """Return the processes whose command line holds a word."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if marker.encode() in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not check():
            await asyncio.sleep(0.01)


@pytest.fixture
def marker() -> str:
    return f"nearside-test-{uuid.uuid4().hex}"


@pytest.fixture
def begin(start: Start, tmp_path: Path, marker: str) -> Callable[..., Awaitable[Acting]]:
    """Return a function that opens a file of a project whose tests take minutes."""

    async def begin(slow: bool = True, script: Script | None = None, **more: Any) -> Acting:
        root = tmp_path / "project"
        if not root.exists():
            python_project(root)
        command = f"{sys.executable} -c 'import time; time.sleep(300)' {marker}"
        more.setdefault("actions", {"tests": command} if slow else {})
        client = await start(script or Script(chats=[RIGHT]), opened(root, **more))
        return Acting(client, root / "sums.py").open()

    return begin


Begin = Callable[..., Awaitable[Acting]]


async def running(acting: Acting, marker: str) -> tuple[int, asyncio.Future[Any]]:
    """Choose an action and wait until its tests run; return the request."""
    action = await acting.one(TITLE, span(5))
    number, reply = acting.client.ask("codeAction/resolve", action)
    await until(lambda: processes(marker))
    return number, reply


async def test_cancelling_its_progress_ends_it_with_all_its_processes(begin: Begin, marker: str) -> None:
    acting = await begin()
    before = state(acting.file.parent)
    _, reply = await running(acting, marker)
    shown = acting.progress()
    assert shown[0] == {"kind": "begin", "title": TITLE, "cancellable": True}
    acting.client.notify("window/workDoneProgress/cancel", {"token": acting.token()})
    answer = await reply
    assert answer.error is None and "edit" not in answer.result
    await until(lambda: not processes(marker))
    assert acting.progress()[-1] == {"kind": "end", "message": "Stopped."}
    assert acting.warnings() == [] and state(acting.file.parent) == before
    assert await acting.client.inline(5, 4, uri=acting.uri) is not None


async def test_cancelling_the_request_ends_it_too(begin: Begin, marker: str) -> None:
    acting = await begin()
    number, reply = await running(acting, marker)
    acting.client.cancel(number)
    assert (await reply).error["code"] == CANCELLED
    await until(lambda: not processes(marker))
    assert acting.warnings() == []


async def test_shutdown_ends_it(begin: Begin, marker: str) -> None:
    acting = await begin()
    await running(acting, marker)
    assert await acting.client.stop() == 0
    await until(lambda: not processes(marker))


async def test_a_client_that_just_goes_away_ends_it(begin: Begin, marker: str) -> None:
    acting = await begin()
    await running(acting, marker)
    await acting.client.leave()
    await until(lambda: not processes(marker))


async def test_closing_the_document_ends_it_and_says_so(begin: Begin, marker: str) -> None:
    acting = await begin()
    _, reply = await running(acting, marker)
    acting.client.notify("textDocument/didClose", {"textDocument": {"uri": acting.uri}})
    assert "edit" not in (await reply).result
    assert await acting.warned() == "Nothing was changed, because sums.py was closed."
    await until(lambda: not processes(marker))


async def test_a_second_action_in_a_document_is_refused_and_completions_go_on(
    begin: Begin, marker: str
) -> None:
    acting = await begin()
    number, reply = await running(acting, marker)
    assert await acting.resolved("Document add", span(1)) is None
    assert "“Make double faster” still runs in sums.py" in await acting.warned()
    items = await acting.client.inline(5, 4, uri=acting.uri)
    assert items is not None and not reply.done() and processes(marker)
    acting.client.cancel(number)
    await reply


async def test_after_one_has_ended_the_next_may_begin(begin: Begin) -> None:
    acting = await begin(slow=False)
    assert await acting.resolved(TITLE, span(5)) and await acting.resolved(TITLE, span(5))


CHATTING = Script(chats=[RIGHT], token_delay=0.02)
"""Takes long enough for a user to do something meanwhile."""


async def drafting(acting: Acting) -> asyncio.Future[Any]:
    action = await acting.one(TITLE, span(5))
    _, reply = acting.client.ask("codeAction/resolve", action)
    while (await acting.client.counters())["chats"] == 0:
        await asyncio.sleep(0.005)
    return reply


async def test_text_that_changed_meanwhile_is_not_overwritten(begin: Begin) -> None:
    acting = await begin(slow=False, script=CHATTING, checks=("parse",))
    reply = await drafting(acting)
    acting.client.change(2, insertion(0, 0, "# mine\n"), uri=acting.uri)
    assert "edit" not in (await reply).result
    assert "sums.py was changed meanwhile; ask again" in await acting.warned()


async def test_what_cannot_be_used_any_more_is_not_tried_again(begin: Begin) -> None:
    script = Script(chats=["```python\ndef double(a:\n```", RIGHT], token_delay=0.1)
    acting = await begin(slow=False, script=script, checks=("parse",))
    reply = await drafting(acting)
    acting.client.change(2, insertion(0, 0, "# mine\n"), uri=acting.uri)
    assert "edit" not in (await reply).result
    assert (await acting.client.counters())["chats"] == 1


async def test_a_change_that_was_taken_back_does_not_matter_and_the_new_version_counts(begin: Begin) -> None:
    acting = await begin(slow=False, script=CHATTING, checks=("parse",))
    reply = await drafting(acting)
    acting.client.change(2, insertion(0, 0, "#"), uri=acting.uri)
    one = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
    acting.client.change(3, {"range": one, "text": ""}, uri=acting.uri)
    edit = (await reply).result["edit"]
    assert edit["documentChanges"][0]["textDocument"]["version"] == 3


async def test_a_menu_that_is_older_than_the_text_is_refused(begin: Begin) -> None:
    acting = await begin(slow=False)
    action = await acting.one(TITLE, span(5))
    acting.client.change(2, insertion(0, 0, "# mine\n"), uri=acting.uri)
    reply = await acting.client.request("codeAction/resolve", action)
    assert "edit" not in reply.result and (await acting.client.counters())["chats"] == 0
    assert await acting.warned() == "Nothing was changed, because sums.py has changed since; ask again."


async def test_a_file_that_was_deleted_meanwhile_is_not_made_again(begin: Begin) -> None:
    acting = await begin(slow=False, script=CHATTING, checks=("parse",))
    reply = await drafting(acting)
    acting.file.rename(acting.file.with_name("renamed.py"))
    assert "edit" not in (await reply).result
    assert "sums.py was deleted or renamed meanwhile" in await acting.warned()


async def test_another_file_that_changed_on_the_disk_is_not_overwritten(begin: Begin) -> None:
    wrong = fenced("def add(a, b):\n    return a + b")
    acting = await begin(slow=False, script=Script(chats=[wrong], token_delay=0.05), checks=("parse",))
    tests = Acting(acting.client, acting.file.parent / "tests/test_sums.py").open(SUMS_TESTS)
    acting.client.notify("textDocument/didClose", {"textDocument": {"uri": acting.uri}})
    action = await tests.one("Fix the code", span(4))
    _, reply = acting.client.ask("codeAction/resolve", action)
    while (await acting.client.counters())["chats"] == 0:
        await asyncio.sleep(0.005)
    acting.file.write_text("# mine\n" + SUMS)
    assert "edit" not in (await reply).result
    assert "sums.py was changed meanwhile" in await acting.warned()


async def test_a_document_closed_and_opened_again_is_another(begin: Begin) -> None:
    acting = await begin(slow=False, script=CHATTING, checks=("parse",))
    reply = await drafting(acting)
    acting.client.notify("textDocument/didClose", {"textDocument": {"uri": acting.uri}})
    acting.open()
    assert "edit" not in (await reply).result
    assert "sums.py was closed" in await acting.warned()


async def test_a_model_that_says_nothing_is_a_reason(begin: Begin) -> None:
    acting = await begin(slow=False, script=Script(chats=[""] * 2), checks=("parse",))
    assert await acting.resolved(TITLE, span(5)) is None
    assert "Nothing was changed. scripted tried" in await acting.warned()


@pytest.mark.parametrize(
    "data", [None, 3, {}, {"kind": "optimise"}, {"kind": "nope", "uri": "file:///a", "range": span(1)},
             {"kind": "optimise", "uri": 4, "range": span(1)}, {"kind": "optimise", "uri": "x", "range": [1]}]
)  # fmt: skip
async def test_an_action_that_is_not_ours_comes_back_as_it_was(begin: Begin, data: Any) -> None:
    acting = await begin(slow=False)
    reply = await acting.client.request("codeAction/resolve", {"title": "theirs", "data": data})
    assert reply.error is None and reply.result["title"] == "theirs" and "edit" not in reply.result
    params = {"command": "nearside.act", "arguments": [data]}
    assert (await acting.client.request("workspace/executeCommand", params)).result is False
    assert "Nothing was begun" in await acting.warned()


async def test_what_needs_an_instruction_is_not_begun_without(begin: Begin) -> None:
    acting = await begin(slow=False)
    assert await acting.acts("refactor", span(5), instruction=" ") is False
    assert await acting.warned() == "Nothing was begun, because refactor needs an instruction; give it one."


async def test_an_editor_that_refuses_the_edit_is_heard(begin: Begin) -> None:
    acting = await begin(slow=False, checks=("parse",))
    acting.client.answers["workspace/applyEdit"] = {"applied": False, "failureReason": "read-only"}
    assert await acting.acts("optimise", span(5))
    assert "the editor refused it (read-only)" in await acting.warned()


async def test_a_client_without_progress_reads_in_its_log_what_is_done(begin: Begin) -> None:
    acting = await begin(slow=False, capabilities=without("window", "workDoneProgress"))
    assert await acting.resolved(TITLE, span(5))
    logged = [
        params["message"] for name, params in acting.client.notifications if name == "window/logMessage"
    ]
    assert TITLE in logged and "Drafting" in logged and not acting.progress()
