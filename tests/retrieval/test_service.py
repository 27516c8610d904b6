"""The retrieval process as a server sees it: asked, told, withdrawn from, left alone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retrieval
from retrieval import answers, watch, workspace
from retrieval.client import RetrievalClient, RetrievalLate, RetrievalUnavailable, start
from retrieval.graph import Graph
from retrieval.lock import WriterLock
from retrieval.protocol import Answer, Cancel, Notification, Request, decode, encode
from retrieval.service import serve
from retrieval.store import Store, StoreDamaged
from retrieval.workspace import folder_of
from settings.schema import Retrieval
from tests.retrieval.conftest import FILES, Project

WORDS = Retrieval(embedder="none")
SOON = 20.0


class Told:
    """What a process told, and a way to wait for it."""

    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, Any]]] = []
        self._came = asyncio.Event()

    def __call__(self, method: str, params: dict[str, Any]) -> None:
        self.all.append((method, params))
        self._came.set()

    async def until(self, wanted: Callable[[str, dict[str, Any]], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not any(wanted(*one) for one in self.all):
                self._came.clear()
                await self._came.wait()

    async def ready(self) -> None:
        await self.until(lambda method, params: method == "ready" and params["stage"] == "ready")


class InHere:
    """A service in this process that looks like a process to its client."""

    pid = 0

    def __init__(self, root: Path, settings: Retrieval) -> None:
        self._root, self._settings = root, settings

    async def begin(self) -> InHere:
        loop = asyncio.get_running_loop()
        theirs, ours = os.pipe()
        read, write = os.pipe()
        self.stdout = asyncio.StreamReader(limit=1 << 26)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self.stdout), os.fdopen(read, "rb"))
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(ours, "wb")
        )
        self.stdin = asyncio.StreamWriter(transport, protocol, None, loop)
        lines, output = os.fdopen(theirs, "rb"), os.fdopen(write, "wb")

        async def run() -> None:
            try:
                await serve(self._root, self._settings, lines, output)
            finally:
                output.close()
                lines.close()

        self.running = asyncio.create_task(run())
        return self

    async def wait(self) -> int:
        await self.running
        return 0

    def kill(self) -> None:
        self.running.cancel()


@asynccontextmanager
async def service(
    project: Project, settings: Retrieval = WORDS
) -> AsyncIterator[tuple[RetrievalClient, Told]]:
    told = Told()
    process = await InHere(project.root, settings).begin()
    client = RetrievalClient(cast(asyncio.subprocess.Process, process), told)
    try:
        yield client, told
    finally:
        await client.close()


async def names(client: RetrievalClient, name: str) -> list[str]:
    answer = await client.request("symbol", {"name": name}, SOON)
    return [f"{one['path']}:{one['line']}" for one in answer["symbols"]]


async def comes(question: Callable[[], Any], wanted: object) -> None:
    """Ask until the answer is `wanted`: what is told is taken in a little later."""
    async with asyncio.timeout(SOON):
        while (found := await question()) != wanted:
            await asyncio.sleep(0.02)
    assert found == wanted


async def test_a_cursor_gets_signatures_of_what_it_may_use_and_code_like_it(project: Project) -> None:
    async with service(project) as (client, told):
        await told.ready()
        prefix = "from shop.cart import Cart\n\n\ndef show(cart: Cart):\n    print(cart."
        cursor = {"path": "shop/page.py", "language": "python", "prefix": prefix, "suffix": "\n"}
        client.notify("edited", {"path": "shop/page.py", "language": "python", "text": prefix})
        await comes(lambda: names(client, "show"), ["shop/page.py:4"])
        answer = await client.request("context", {**cursor, "budget": 1_000}, SOON)
    assert any("total_price" in one["text"] for one in answer["signatures"])
    assert answer["signatures"][0].keys() >= {"path", "text", "line", "symbol", "score", "why"}
    assert [name.split("(")[0] for name in answer["members"]["cart"]] == ["total_price"]


async def test_places_are_found_by_words_and_lines_count_from_one(project: Project) -> None:
    async with service(project) as (client, told):
        await told.ready()
        answer = await client.request("search", {"query": "send a receipt to an address", "limit": 3}, SOON)
    hit = answer["hits"][0]
    assert (hit["path"], hit["line"], hit["symbol"]) == ("shop/mail.py", 1, "send_receipt")
    assert answer["words_only"]


async def test_an_unsaved_rename_is_known_and_a_closed_buffer_forgotten(project: Project) -> None:
    async with service(project) as (client, told):
        await told.ready()
        text = FILES["shop/mail.py"].replace("send_receipt", "post_receipt")
        client.notify("edited", {"path": "shop/mail.py", "text": text, "language": "python"})
        await comes(lambda: names(client, "post_receipt"), ["shop/mail.py:1"])
        assert await names(client, "send_receipt") == []
        answer = await client.request("search", {"query": "send_receipt"}, SOON)
        assert not any(hit["symbol"] == "send_receipt" for hit in answer["hits"]), (
            "it is gone from the buffer"
        )
        client.notify("closed", {"path": "shop/mail.py"})
        await comes(lambda: names(client, "send_receipt"), ["shop/mail.py:1"])


async def test_saved_and_deleted_files_are_seen_when_told_of(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "changes", nothing_changes)
    async with service(project) as (client, told):
        await told.ready()
        project.write("shop/refund.py", "def refund():\n    pass\n")
        client.notify("saved", {"path": "shop/refund.py"})
        await comes(lambda: names(client, "refund"), ["shop/refund.py:1"])
        (project.root / "shop/refund.py").unlink()
        client.notify("changed_files", {"paths": ["shop/refund.py"]})
        await comes(lambda: names(client, "refund"), [])


async def nothing_changes(root: Path, stop: asyncio.Event) -> AsyncIterator[None]:
    await stop.wait()
    yield None


async def test_a_change_nobody_tells_of_is_seen(project: Project) -> None:
    async with service(project) as (client, told):
        await told.ready()
        number = 0

        async def found() -> bool:
            nonlocal number
            number += 1  # the system may begin to watch after the first
            project.write("shop/refund.py", f"def refund():\n    return {number}\n")
            await asyncio.sleep(0.3)
            return await names(client, "refund") == ["shop/refund.py:1"]

        await comes(found, True)


async def test_where_the_system_does_not_tell_of_changes_the_user_hears_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cannot(root: Path, stop: asyncio.Event) -> AsyncIterator[None]:
        raise watch.CannotWatch("OS file watch limit reached")
        yield None

    monkeypatch.setattr(answers, "changes", cannot)
    monkeypatch.setattr(answers, "POLL_SECONDS", 0.1)
    async with service(project) as (client, told):
        await told.until(lambda method, params: method == "note" and "watch limit" in params["message"])
        project.write("shop/refund.py", "def refund():\n    pass\n")
        await comes(lambda: names(client, "refund"), ["shop/refund.py:1"])


async def test_progress_is_told_with_counts(project: Project) -> None:
    async with service(project) as (_, told):
        await told.ready()
    stages = [params["stage"] for method, params in told.all if method == "ready"]
    assert stages == ["known", "ready"]
    progress = [params for method, params in told.all if method == "progress"]
    assert progress and progress[0]["total"] == len(FILES)


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("nonsense", {}, "There is no method nonsense."),
        ("search", {}, "search was not asked: query is not a text."),
        ("search", {"query": "x", "limit": -1}, "search was not asked: limit is not a number."),
        (
            "context",
            {"path": "../x", "prefix": ""},
            "context was not asked: path is not one inside the workspace.",
        ),
        ("context", {"path": "/etc/passwd", "prefix": ""}, "context was not asked: path is not one inside"),
    ],
)
async def test_a_wrong_question_is_answered_with_what_is_wrong(
    method: str, params: dict, message: str, project: Project
) -> None:
    async with service(project) as (client, _):
        with pytest.raises(RetrievalUnavailable, match=message):
            await client.request(method, params, SOON)


async def test_a_question_that_takes_too_long_is_late_and_the_next_is_answered(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Graph.definitions_of

    def definitions_of(graph: Graph, name: str) -> list:
        if name == "slow":
            time.sleep(0.5)
        return slow(graph, name)

    monkeypatch.setattr(Graph, "definitions_of", definitions_of)
    async with service(project) as (client, told):
        await told.ready()
        with pytest.raises(RetrievalLate):
            await client.request("symbol", {"name": "slow"}, 0.05)
        assert await names(client, "Money") == ["shop/money.py:1"]


async def test_a_damaged_store_is_made_again_while_names_are_answered(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching, broken = Store.matching, [True]

    def query(store: Store, terms: str, k: int) -> list[str]:
        if broken:
            broken.clear()
            raise StoreDamaged("The index cannot be read.")
        return matching(store, terms, k)

    async with service(project) as (client, told):
        await told.ready()
        monkeypatch.setattr(Store, "matching", query)
        answer = await client.request("search", {"query": "send_receipt"}, SOON)
        assert [hit["why"] for hit in answer["hits"]] == ["name"], "what is left answers"

        async def by_words() -> bool:
            hits = (await client.request("search", {"query": "send a receipt"}, SOON))["hits"]
            return bool(hits) and "words" in hits[0]["why"]

        await comes(by_words, True)


async def test_the_next_process_takes_over_when_the_writer_ends(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.background.RETRY_SECONDS", 0.05)
    folder_of(project.root).mkdir(parents=True)
    other = WriterLock(folder_of(project.root) / "writer.lock")
    assert other.take()

    async def is_writer(client: RetrievalClient) -> bool:
        status = await client.request("status", {}, SOON)
        return status["writer"] and status["chunks"] > 0

    async with service(project) as (client, told):
        await told.ready()
        assert await names(client, "Money") == ["shop/money.py:1"], "who only reads knows names too"
        assert not await is_writer(client)
        other.release()
        await comes(lambda: is_writer(client), True)


async def test_a_real_process_answers_ends_with_its_parent_and_prints_nothing(project: Project) -> None:
    told = Told()
    client = await start(project.root, WORDS, told)
    try:
        await told.ready()
        assert await names(client, "Money") == ["shop/money.py:1"]
        os.kill(client.pid, signal.SIGKILL)
        async with asyncio.timeout(SOON):
            await client.ended.wait()
        with pytest.raises(RetrievalUnavailable):
            await client.request("status", {}, SOON)
    finally:
        await client.close()


def test_standard_output_holds_messages_only_and_the_end_of_input_is_the_end(project: Project) -> None:
    home = str(Path(retrieval.__file__).parents[1])
    command = [sys.executable, "-P", "-m", "nearside", "index", "--stdio", str(project.root)]
    done = subprocess.run(
        [*command, "--settings", '{"embedder": "none"}'],
        input=encode(Request(1, "status")) + b"nonsense\n" + encode(Request(2, "status")),
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": home},
        cwd="/",
    )
    assert done.returncode == 0, done.stderr.decode()
    messages = [decode(line) for line in done.stdout.splitlines()]
    assert all(isinstance(message, Answer | Notification) for message in messages)


texts = st.text(st.characters(exclude_categories=()), max_size=40)


@given(texts, st.dictionaries(texts, st.one_of(texts, st.integers(), st.none(), st.lists(texts)), max_size=4))
def test_any_message_survives_its_line(method: str, params: dict) -> None:
    for message in (
        Request(7, method, params, 500),
        Notification(method, params),
        Cancel(7),
        Answer(7, params),
        Answer(7, code="late", message=method),
    ):
        line = encode(message)
        assert line.count(b"\n") == 1 and line.endswith(b"\n") and line.isascii()
        assert decode(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"nonsense", b'{"id": 1}', b'{"method": "x", "params": 3}']
)
def test_what_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode(line)


def test_two_projects_of_one_name_have_two_indexes(home: Path) -> None:
    assert workspace.folder_of(home / "a/project") != workspace.folder_of(home / "b/project")
    assert workspace.uri_of(home, Retrieval(uri="s3://bucket/x/")).startswith("s3://bucket/x/")
