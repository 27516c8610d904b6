"""One suggestion per cursor by its deadline, from memory, from a running call, or from a new one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from inference import completer as module
from inference.completer import Completer
from inference.generation import clean
from inference.prompts import CursorContext
from inference.types import Cancelled, EngineRefused, EngineUnavailable, Priority
from settings.schema import Completion
from tests.scripted_engine import Script, ScriptedEngine

HERE = CursorContext("file:///a.py", "def add(a, b):\n    ", "\n", client="editor", path="a.py")


def after(typed: str) -> CursorContext:
    return replace(HERE, prefix=HERE.prefix + typed)


def completer(
    script: Script | None = None, settings: Completion | None = None
) -> tuple[Completer, ScriptedEngine]:
    engine = ScriptedEngine(script)
    return Completer(engine, settings or Completion()), engine


async def test_the_engine_is_asked_for_what_stands_around_the_cursor() -> None:
    ours, engine = completer(settings=Completion(max_tokens=9, max_lines=4))
    suggestion = await ours.complete(HERE, alternatives=2)
    assert (suggestion.text, suggestion.source, suggestion.partial) == ("return a + b", "engine", False)
    (request,) = engine.requests
    assert (request.prompt.prefix, request.prompt.suffix) == (HERE.prefix, HERE.suffix)
    assert (request.client, request.document) == ("editor", "file:///a.py")
    assert (request.max_tokens, request.max_lines, request.alternatives) == (9, 4, 2)
    assert request.priority is Priority.FOREGROUND


async def test_what_it_cost_and_how_sure_it_was_comes_along() -> None:
    ours, _ = completer(Script(logprobs=[-0.1], margins=[0.8]))
    ours.model = "small"
    suggestion = await ours.complete(HERE)
    assert suggestion.model == "small"
    assert suggestion.usage.evaluated_tokens == len(HERE.prefix + HERE.suffix)
    assert suggestion.usage.generated_tokens == 4
    assert suggestion.confidence is not None
    assert 0.3 < suggestion.confidence < 0.95
    assert suggestion.latency_ms > 0


async def test_the_same_again_and_typing_along_come_from_memory() -> None:
    ours, engine = completer()
    await ours.complete(HERE)
    for typed in ("", "r", "return", "return a + ", "ret"):
        suggestion = await ours.complete(after(typed))
        assert suggestion.text == "return a + b"[len(typed) :]
        assert suggestion.source == "cache"
    assert engine.counters.calls == 1


async def test_a_newer_request_ends_the_older_one_and_its_call() -> None:
    ours, engine = completer(Script(token_delay=0.01))
    older = asyncio.create_task(ours.complete(HERE))
    while not engine.counters.calls:
        await asyncio.sleep(0)
    suggestion = await ours.complete(after("x"))
    assert suggestion.text
    with pytest.raises(Cancelled):
        await older
    assert (engine.counters.calls, engine.counters.cancelled, engine.counters.ended) == (2, 1, 1)


async def test_a_newer_request_that_types_along_joins_the_running_call() -> None:
    ours, engine = completer(Script(token_delay=0.02))
    older = asyncio.create_task(ours.complete(HERE))
    while not engine.counters.generated:
        await asyncio.sleep(0.001)
    suggestion = await ours.complete(after("re"))
    assert suggestion.text == "turn a + b"
    with pytest.raises(Cancelled):
        await older
    assert (engine.counters.calls, engine.counters.ended) == (1, 1)


async def test_by_the_deadline_there_is_what_is_ready_and_the_rest_becomes_memory() -> None:
    ours, engine = completer(Script(tokens=["a", "b", "c", "d"], token_delay=0.05))
    suggestion = await ours.complete(HERE, deadline_ms=130)
    assert (suggestion.text, suggestion.partial) == ("ab", True)
    while not engine.counters.ended:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0)
    suggestion = await ours.complete(HERE, deadline_ms=10)
    assert (suggestion.text, suggestion.source) == ("abcd", "cache")
    assert engine.counters.calls == 1


async def test_the_same_request_while_the_rest_is_on_its_way_waits_for_it() -> None:
    ours, engine = completer(Script(tokens=["a", "b", "c", "d"], token_delay=0.02))
    assert (await ours.complete(HERE, deadline_ms=30)).partial
    suggestion = await ours.complete(HERE)
    assert (suggestion.text, suggestion.partial) == ("abcd", False)
    assert engine.counters.calls == 1


async def test_a_withdrawn_request_takes_its_call_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ORPHAN_SECONDS", 0.01)
    ours, engine = completer(Script(token_delay=1))
    task = asyncio.create_task(ours.complete(HERE))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while not engine.counters.cancelled:
        await asyncio.sleep(0.005)


async def test_documents_are_independent() -> None:
    ours, engine = completer(Script(token_delay=0.01))
    one, two = await asyncio.gather(ours.complete(HERE), ours.complete(replace(HERE, document="b")))
    assert one.text == two.text == "return a + b"
    assert engine.counters.cancelled == 0


async def test_a_superseded_document_ends_its_wait_and_its_call() -> None:
    ours, engine = completer(Script(token_delay=1))
    task = asyncio.create_task(ours.complete(HERE))
    await asyncio.sleep(0.01)
    ours.supersede(HERE.document)
    with pytest.raises(Cancelled):
        await task
    await asyncio.sleep(0)
    assert engine.counters.cancelled == 1


async def test_a_failure_is_raised_and_the_engine_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    ours, engine = completer(Script(fail="unavailable", fail_calls=1))
    for _ in range(5):
        with pytest.raises(EngineUnavailable):
            await ours.complete(HERE)
    assert engine.counters.calls == 1
    await asyncio.sleep(0.06)
    assert (await ours.complete(HERE)).text == "return a + b"


async def test_the_pause_doubles_with_every_failure_and_starts_over_after_a_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    ours, engine = completer(Script(fail="unavailable", fail_calls=3))
    pauses = []
    for _ in range(3):
        with pytest.raises(EngineUnavailable):
            await ours.complete(HERE)
        pauses.append(ours._pause)
        await asyncio.sleep(pauses[-1])
    assert pauses == [0.002, 0.004, 0.008]
    await ours.complete(HERE)
    assert ours._pause == 0.001
    assert engine.counters.failed == 3


async def test_a_refusal_makes_no_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    ours, _ = completer(Script(fail="refused"))
    for _ in range(3):
        with pytest.raises(EngineRefused):
            await ours.complete(HERE)
        await asyncio.sleep(0.002)
    assert ours._pause == 0.001


async def test_warming_up_generates_nothing_and_its_failure_is_no_news() -> None:
    ours, engine = completer()
    await ours.warm(HERE)
    assert (engine.counters.warmups, engine.counters.calls) == (1, 0)
    ours, _ = completer(Script(fail="unavailable"))
    await ours.warm(HERE)


async def test_closing_ends_everything() -> None:
    ours, engine = completer(Script(token_delay=1))
    tasks = [asyncio.create_task(ours.complete(replace(HERE, document=name))) for name in "ab"]
    await asyncio.sleep(0.01)
    await ours.close()
    assert [type(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == [Cancelled] * 2
    assert engine.counters.cancelled == 2


@pytest.mark.parametrize(
    ("text", "lines", "cleaned"),
    [
        ("return a  \n", 0, "return a"),
        ("a\nb\nc", 2, "a\nb"),
        ("\n    a\n    b\n    c", 2, "\n    a\n    b"),
        ("  \n\t", 0, ""),
        ("  a", 1, "  a"),
    ],
)
def test_what_no_reader_wants_is_cut_off(text: str, lines: int, cleaned: str) -> None:
    assert clean(text, lines) == cleaned
    assert clean(cleaned, lines) == cleaned
