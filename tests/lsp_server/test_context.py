"""What prompts show of other files is ready before a key is pressed, and stays while the user types."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from lsprotocol import types as lsp

from inference.completer import Completer
from lsp_server import hints, sync
from lsp_server.context import IDLE_AFTER, Context
from lsp_server.documents import Document
from lsp_server.server import create_server
from lsp_server.session import NearsideServer
from lsp_server.suggestions import suggest
from retrieval.context import Candidate, Gatherer, Query
from settings.schema import Completion, Settings
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script, ScriptedEngine

SHAPES = """class Shape:
    sides: int

    def area(self, scale: float) -> float:
        return 0.0


def enlarge(shape: Shape, factor: float) -> Shape:
    return shape
"""
MAIN = """from shapes import Shape, enlarge


def first(shape: Shape) -> float:
    grown = enlarge(shape, 2)
    return grown


def second() -> None:
    pass
"""


class Bench:
    """A server in this process, with a clock that stands still and without its idle loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, script: Script | None = None) -> None:
        self.engine = ScriptedEngine(script)
        self.ls = create_server(lambda model, on_status: self.engine)
        self.ls.completer = Completer(self.engine, Completion())
        self.now = 100.0
        self.said: list[str] = []
        self.ls.context = Context(self.ls, lambda: self.now)
        self.context = self.ls.context
        monkeypatch.setattr(self.context, "_stir", lambda: None)
        monkeypatch.setattr(self.ls.status, "log", self.said.append)

    def open(self, name: str, text: str, language: str = "python") -> Document:
        item = lsp.TextDocumentItem(f"file:///project/{name}", language, 1, text)
        sync.did_open(self.ls, lsp.DidOpenTextDocumentParams(item))
        return self.ls.documents[item.uri]

    def type(self, document: Document, line: int, character: int, text: str) -> None:
        place = lsp.Position(line, character)
        change = lsp.TextDocumentContentChangePartial(lsp.Range(place, place), text)
        identifier = lsp.VersionedTextDocumentIdentifier(document.revision + 2, document.uri)
        sync.did_change(self.ls, lsp.DidChangeTextDocumentParams(identifier, [change]))

    async def choose(self, document: Document, line: int, column: int) -> list[str]:
        """Return what is ready at a place once its function has been seen."""
        self.context.ready(document, (line, column))
        while self.context._gathering or any(not t.done() for t in self.ls._background if _choosing(t)):
            await asyncio.sleep(0)
        return self.texts(document, line, column)

    def texts(self, document: Document, line: int, column: int) -> list[str]:
        return [snippet.text for snippet in self.context.ready(document, (line, column))]

    async def rest(self) -> None:
        """Let idle moments do all there is to do."""
        while await self.context.tick():
            pass


def _choosing(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), "__name__", "") == "_choose"


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


async def test_definitions_of_an_open_file_are_ready_where_their_names_are_used(bench: Bench) -> None:
    bench.open("shapes.py", SHAPES)
    main = bench.open("main.py", MAIN)
    await bench.rest()
    texts = await bench.choose(main, 4, 12)
    assert any("def enlarge(shape: Shape, factor: float) -> Shape:" in text for text in texts)
    assert any(text.startswith("class Shape:\n    sides: int") for text in texts)


async def test_the_file_being_completed_is_not_among_them(bench: Bench) -> None:
    bench.open("shapes.py", SHAPES)
    main = bench.open("main.py", MAIN)
    bench.context.yanked(main, 0, 8)
    await bench.rest()
    await bench.choose(main, 4, 12)
    paths = {snippet.path for snippet in bench.context.ready(main, (4, 12))}
    assert paths == {"shapes.py"}


@pytest.mark.parametrize("name", [".env", "server.pem", "id_ed25519", "prod.tfvars"])
async def test_secret_files_are_shown_nowhere(bench: Bench, name: str) -> None:
    secret = bench.open(name, "TOKEN = 'hunter2'\nOTHER = 'hunter3'\nTHIRD = 'hunter4'\n")
    bench.context.yanked(secret, 0, 2)
    main = bench.open("main.py", MAIN + "TOKEN\n")
    await bench.rest()
    assert not any("hunter" in text for text in await bench.choose(main, 10, 5))
    assert not any("hunter" in entry.chunk.text for entry in bench.context.trail.ring.entries)


async def test_a_file_that_settings_exclude_is_shown_nowhere_from_then_on(bench: Bench) -> None:
    bench.open("shapes.py", SHAPES)
    main = bench.open("main.py", MAIN)
    await bench.rest()
    assert await bench.choose(main, 4, 12)
    bench.ls.settings = Settings(completion=Completion(disable_in=("shapes.py",)))
    await bench.rest()
    assert await bench.choose(main, 4, 12) == []


async def test_context_stays_while_the_user_types_in_one_function(bench: Bench) -> None:
    bench.open("shapes.py", SHAPES)
    main = bench.open("main.py", MAIN)
    await bench.rest()
    before = await bench.choose(main, 4, 12)
    for count in range(20):
        bench.type(main, 5, 4 + count, "x")
        assert await bench.choose(main, 5, 5 + count) == before
    bench.type(main, 5, 0, "\n\n\n\n\n")
    assert await bench.choose(main, 9, 4) == before, "lines that moved are still in the same function"


async def test_an_idle_moment_changes_one_snippet_at_most_and_has_the_engine_read_it(bench: Bench) -> None:
    main = bench.open("main.py", MAIN)
    await bench.rest()
    shown = await bench.choose(main, 4, 12)
    bench.type(main, 4, 29, " ")  # from now on the KV cache holds what was typed here
    for number in range(4):
        text = "\n".join(f"word_{number}_{line} = other_{number}_{line}()" for line in range(10))
        bench.open(f"other{number}.py", text)
    moments, warmups = 0, bench.engine.counters.warmups
    more = True
    while more:
        more = await bench.context.tick()
        now = bench.texts(main, 4, 12)
        assert len(set(now) ^ set(shown)) <= 1
        moments += now != shown
        shown = now
        if bench.ls.warming:
            await bench.ls.warming
    assert moments == 4
    assert bench.engine.counters.warmups - warmups >= 4


async def test_nothing_is_prepared_while_somebody_types(bench: Bench) -> None:
    main = bench.open("main.py", MAIN)
    assert bench.context.idle
    bench.type(main, 0, 0, "x")
    bench.now += IDLE_AFTER - 0.01
    assert not bench.context.idle
    bench.now += 0.02
    assert bench.context.idle
    bench.type(main, 0, 0, "x")
    bench.context.rested(main, (0, 1))
    assert bench.context.idle, "an editor that says where the cursor rests need not wait"


async def test_a_request_ends_the_reading_ahead(bench: Bench) -> None:
    bench.open("shapes.py", SHAPES)
    main = bench.open("main.py", MAIN)
    await bench.rest()
    warming = bench.ls.warming
    assert warming is not None and not warming.done()
    await suggest(bench.ls, main, (4, 12), 1)
    assert warming.cancelling()


class Hung:
    """A source that answers when it is let go."""

    deadline = 0.05

    def __init__(self, name: str) -> None:
        self.name = name
        self.go = asyncio.Event()
        self.asked = 0

    async def candidates(self, query: Query) -> Sequence[Candidate]:
        self.asked += 1
        async with asyncio.timeout(10):
            await self.go.wait()
        return ()


async def test_sources_that_hang_cost_no_completion_its_time_and_are_named_once(bench: Bench) -> None:
    hung = [Hung("one"), Hung("two")]
    bench.context.gatherer = Gatherer(hung)
    main = bench.open("main.py", "def add(a, b):\n    \n")
    started = time.perf_counter()
    placed = await suggest(bench.ls, main, (1, 4), 1)
    assert placed is not None and placed.suggestion.texts
    assert time.perf_counter() - started < Completion().deadline_ms / 1000
    await bench.choose(main, 1, 4)
    for _ in range(3):
        assert await bench.context.tick(), "a source that is out is asked again"
    assert bench.context.gathered(main).skipped == ("one", "two")
    assert [hung.asked for hung in hung] == [1, 1], "and not while it still hangs"
    assert [line.split(":")[0] for line in bench.said] == [
        "Completions go on without one",
        "Completions go on without two",
    ]
    for source in hung:
        source.go.set()
    await asyncio.sleep(0)
    await bench.rest()
    assert bench.said[2:] == ["Completions have one again.", "Completions have two again."]
    assert bench.context.gathered(main).skipped == ()


async def test_what_a_source_said_stands_while_it_hangs(bench: Bench) -> None:
    bench.open("shapes.py", SHAPES)
    main = bench.open("main.py", MAIN)
    await bench.rest()
    before = await bench.choose(main, 4, 12)
    bench.context.gatherer = Gatherer([Hung("all")])
    await bench.context.tick()
    assert bench.texts(main, 4, 12) == before != []


async def test_a_file_left_by_the_cursor_is_shown_in_the_next_one(bench: Bench) -> None:
    text = "\n".join(f"def part{n}(left, right):\n    return left.value{n} + right\n\n" for n in range(60))
    long = bench.open("long.txt", text, "plaintext")
    bench.context.rested(long, (150, 0))
    main = bench.open("main.py", MAIN)
    bench.context.rested(main, (4, 12))
    await bench.rest()
    texts = await bench.choose(main, 4, 12)
    assert any("def part37" in text for text in texts)


async def test_yanked_lines_are_shown_elsewhere(bench: Bench) -> None:
    other = bench.open("other.txt", "\n".join(f"line number {n} of it" for n in range(200)), "plaintext")
    hints.yanked(bench.ls, yank(other, 100, 105))
    main = bench.open("main.py", MAIN)
    await bench.rest()
    texts = await bench.choose(main, 4, 12)
    assert "\n".join(f"line number {n} of it" for n in range(100, 105)) in texts


async def test_a_name_in_a_diagnostic_near_the_cursor_brings_its_definition(bench: Bench) -> None:
    above = "".join(f"def part{n}():\n    return part\n\n\n" for n in range(20))
    bench.open("far.py", above + "def unheard_of(first: int, second: str) -> None:\n    pass\n")
    main = bench.open("main.py", MAIN)
    await bench.rest()
    assert not any("unheard_of(first" in text for text in await bench.choose(main, 9, 4))
    start, end = {"line": 9, "character": 4}, {"line": 9, "character": 8}
    trouble = {"range": {"start": start, "end": end}, "message": "argument missing for unheard_of"}
    hints.diagnosed(bench.ls, {"textDocument": {"uri": main.uri}, "diagnostics": [trouble]})
    await bench.rest()
    assert "def unheard_of(first: int, second: str) -> None:" in bench.texts(main, 9, 4)


def yank(document: Document, first: int, last: int) -> dict[str, Any]:
    area = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
    return {"textDocument": {"uri": document.uri}, "range": area}


@pytest.mark.parametrize("method", ["nearside/yanked", "nearside/diagnostics", "nearside/cursor"])
async def test_nonsense_from_a_client_is_ignored(start: Start, method: str) -> None:
    client = await start()
    client.open("def f(a, b):\n    \n")
    uri = {"uri": "file:///project/a.py"}
    for params in (
        None, [], 3, {}, {"textDocument": 3}, {"textDocument": {"uri": "file:///no"}}, {"textDocument": uri},
        {"textDocument": uri, "range": 3, "diagnostics": 3, "position": 3},
        {"textDocument": uri, "range": {"start": {}, "end": []}, "diagnostics": [3, {}], "position": {}},
        {"textDocument": uri, "diagnostics": [{"range": None, "message": 3}], "position": {"line": "x"}},
        {"textDocument": uri, "range": {"start": {"line": -5}, "end": {"line": 1e9, "character": None}}},
        {"textDocument": uri, "range": {"start": {"line": -5}, "end": {"line": 10**9, "character": 0}}},
    ):  # fmt: skip
        client.notify(method, params)
    assert await client.inline(1, 4) != []


async def test_a_saved_file_is_taken_note_of(start: Start) -> None:
    client = await start()
    client.open("def f(a, b):\n    \n")
    client.notify("textDocument/didSave", {"textDocument": {"uri": "file:///project/a.py"}})
    assert await client.inline(1, 4) != []
    sync = (await client.request("nearside/testCounters", {})).result
    assert sync["failed"] == 0


def test_a_server_without_documents_prepares_nothing() -> None:
    server: NearsideServer = create_server(lambda model, on_status: ScriptedEngine())
    assert server.context._running is None
