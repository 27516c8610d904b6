"""What is asked for before anybody waits for it, what was generated beyond what was shown, and calls that
go on serving while the user types."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from inference.completer import Completer, Mechanisms, Suggestion
from inference.prompts import CursorContext
from inference.types import Cancelled, EngineUnavailable, Priority
from settings.schema import Completion
from tests.scripted_engine import Script, ScriptedEngine

HERE = CursorContext("file:///a.py", "def add(a, b):\n    ", "\n", client="editor", path="a.py")
LONG = "return first(a) + second(b) + third(c)\nreturn_to_sender = deliver(parcel, address)\n"


def after(typed: str) -> CursorContext:
    return replace(HERE, prefix=HERE.prefix + typed)


def following(delay: float = 0.0) -> Script:
    """An engine that goes on with LONG wherever the prompt's last line is found in it."""
    return Script(follow="    " + LONG, token_delay=delay)


def completer(script: Script, mechanisms: Mechanisms | None = None) -> tuple[Completer, ScriptedEngine]:
    engine = ScriptedEngine(script)
    return Completer(engine, Completion(), mechanisms), engine


async def shown_and_speculated(ours: Completer) -> Suggestion:
    """Ask, show, and let the server speculate on it, as it does for every suggestion it shows."""
    suggestion = await ours.complete(HERE)
    ours.speculate(HERE, suggestion.text)
    return suggestion


async def until(condition: object, *_: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_what_follows_an_accepted_suggestion_is_there_already() -> None:
    ours, engine = completer(Script())
    suggestion = await shown_and_speculated(ours)
    await until(lambda: engine.speculations.ended == 1)
    assert engine.requests[1].priority is Priority.SPECULATIVE
    assert engine.requests[1].prompt.prefix == HERE.prefix + suggestion.text
    await asyncio.sleep(0)
    following = await ours.complete(after(suggestion.text))
    assert following.source == "speculation"
    assert following.text
    assert (engine.counters.calls, engine.speculations.calls) == (1, 1)


async def test_typing_along_never_speculates_twice() -> None:
    ours, engine = completer(Script(token_delay=0.002))
    text = (await shown_and_speculated(ours)).text
    for count in range(1, len(text)):
        suggestion = await ours.complete(after(text[:count]))
        assert suggestion.source == "cache"
        ours.speculate(after(text[:count]), suggestion.text)
    await until(lambda: engine.speculations.ended == 1)
    assert (engine.counters.calls, engine.speculations.calls, engine.speculations.cancelled) == (1, 1, 0)


async def test_an_accept_while_the_speculation_runs_waits_for_that_call() -> None:
    ours, engine = completer(Script(token_delay=0.01))
    text = (await shown_and_speculated(ours)).text
    await until(lambda: engine.speculations.calls == 1)
    suggestion = await ours.complete(after(text))
    assert (suggestion.source, suggestion.partial) == ("speculation", False)
    assert (engine.counters.calls, engine.speculations.calls, engine.speculations.cancelled) == (1, 1, 0)


async def test_anything_else_typed_ends_the_speculation() -> None:
    ours, engine = completer(Script(token_delay=0.01))
    await shown_and_speculated(ours)
    await until(lambda: engine.speculations.calls == 1)
    suggestion = await ours.complete(after("x"))
    assert suggestion.source == "engine"
    assert (engine.counters.calls, engine.speculations.calls, engine.speculations.cancelled) == (2, 1, 1)


async def test_closing_a_document_ends_its_speculation() -> None:
    ours, engine = completer(Script(token_delay=0.01))
    await shown_and_speculated(ours)
    await until(lambda: engine.speculations.calls == 1)
    ours.supersede(HERE.document)
    await until(lambda: engine.speculations.cancelled == 1)


async def test_nothing_is_speculated_beside_a_call_somebody_waits_for() -> None:
    ours, engine = completer(Script(token_delay=0.02))
    partial = await ours.complete(HERE, deadline_ms=50)
    assert partial.partial
    ours.speculate(HERE, partial.text)
    await until(lambda: engine.counters.ended == 1)
    assert (engine.counters.calls, engine.speculations.calls) == (1, 0)


async def test_a_failed_speculation_is_no_news_and_makes_no_second_attempt() -> None:
    ours, engine = completer(Script())
    text = (await ours.complete(HERE)).text
    engine.script.fail = "unavailable"
    for _ in range(3):
        ours.speculate(HERE, text)
        await asyncio.sleep(0.001)
    assert engine.speculations.failed == 1
    with pytest.raises(EngineUnavailable):
        await ours.complete(after("x"))


async def test_what_was_generated_beyond_the_shown_text_is_kept_for_after_the_accept() -> None:
    ours, engine = completer(Script(tokens=["a = 1", "\n", "    b = 2"]), Mechanisms(speculation=False))
    ours.settings = Completion(max_lines=1)
    first = await ours.complete(HERE)
    assert first.text == "a = 1"
    second = await ours.complete(after("a = 1"))
    assert (second.text, second.source) == ("\n    b = 2", "speculation")
    assert engine.counters.calls == 1


async def test_a_call_that_is_behind_the_user_serves_once_it_has_caught_up() -> None:
    ours, engine = completer(following(delay=0.02))
    older = asyncio.create_task(ours.complete(HERE))
    await until(lambda: engine.counters.generated == 1)
    typed = LONG[:11]
    suggestion = await ours.complete(after(typed))
    assert typed + suggestion.text == LONG[: len(typed) + len(suggestion.text)]
    with pytest.raises(Cancelled):
        await older
    assert engine.counters.calls == 1


async def test_a_call_that_turns_out_to_say_something_else_is_replaced_at_once() -> None:
    ours, engine = completer(
        Script(
            tokens=["re", "tu", "rn", " a"] + [f" + b{number**2}" for number in range(60)], token_delay=0.01
        )
    )
    older = asyncio.create_task(ours.complete(HERE))
    await until(lambda: engine.counters.generated == 1)
    suggestion = await ours.complete(after("rec"), deadline_ms=5000)
    assert suggestion.text
    with pytest.raises(Cancelled):
        await older
    assert (engine.counters.calls, engine.counters.cancelled) == (2, 1)


async def test_a_deadline_holds_for_a_call_that_never_catches_up() -> None:
    ours, engine = completer(Script(tokens=["re", "turn a + b"], token_delay=0.1))
    older = asyncio.create_task(ours.complete(HERE))
    await until(lambda: engine.counters.generated == 1)
    suggestion = await ours.complete(after("return"), deadline_ms=20)
    assert (suggestion.text, suggestion.partial) == ("", True)
    with pytest.raises(Cancelled):
        await older
    suggestion = await ours.complete(after("return"))
    assert suggestion.text == " a + b"
    assert engine.counters.calls == 1


async def test_before_a_new_call_a_newer_request_is_waited_for_where_the_client_does_not() -> None:
    ours, engine = completer(Script())
    older = asyncio.create_task(ours.complete(HERE, debounce_ms=5000))
    await asyncio.sleep(0.01)
    assert engine.counters.calls == 0
    assert (await ours.complete(after("r"), debounce_ms=1)).text
    with pytest.raises(Cancelled):
        await older
    assert engine.counters.calls == 1


async def test_what_is_known_is_answered_without_waiting() -> None:
    ours, _ = completer(Script())
    await ours.complete(HERE)
    async with asyncio.timeout(1):
        assert (await ours.complete(after("ret"), debounce_ms=60_000)).source == "cache"


@pytest.mark.parametrize(
    ("off", "calls"),
    [("cache", 3), ("speculation", 2), ("recycling", 2), ("later_blocks", 2), ("warm_up", 2)],
)
async def test_every_mechanism_has_a_switch(off: str, calls: int) -> None:
    ours, engine = completer(Script(), replace(Mechanisms(), **{off: False}))
    text = (await shown_and_speculated(ours)).text
    await asyncio.sleep(0.01)
    await ours.complete(after(text))
    await ours.warm(HERE)
    assert engine.counters.calls + engine.speculations.calls == calls
    assert engine.counters.warmups == (0 if off == "warm_up" else 1)
