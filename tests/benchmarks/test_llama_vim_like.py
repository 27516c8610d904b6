"""The peer's client: its window, its cache, its one request at a time, its ring."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks import fast_forward
from benchmarks.fast_forward import FastForwardLoop
from benchmarks.infill_engine import infill
from benchmarks.llama_vim_like import LlamaVimLike
from benchmarks.llama_vim_ring import CHUNK_LINES, Ring, similarity
from benchmarks.llama_vim_text import around, rendered, under_indented
from benchmarks.metered import MeteredEngine
from benchmarks.typist import View
from inference.types import Priority
from tests.scripted_engine import Script, ScriptedEngine


@dataclass
class Screen:
    shown: list[tuple[str, str]] = field(default_factory=list)

    def show(self, text: str, source: str) -> None:
        self.shown.append((text, source))


class Desk:
    """A client, what it shows, and a buffer to type into."""

    def __init__(self, loop: FastForwardLoop, script: Script, text: str = "", context: int = 4096) -> None:
        self.engine = ScriptedEngine(script)
        self.client = LlamaVimLike(MeteredEngine(self.engine, loop), context)
        self.screen = Screen()
        self.view = View("a.py", "python", text, len(text))

    async def type(self, text: str, back: int = 0) -> None:
        """One key, and time for the engine to answer, but not for a further request."""
        view = self.view
        start = view.cursor - back
        view.text = view.text[:start] + text + view.text[view.cursor :]
        view.cursor = start + len(text)
        self.client.typed(view)
        await asyncio.sleep(0.05)

    @property
    def asked(self) -> list[str]:
        return [request.prompt.prefix for request in self.engine.requests]


def at_desk(
    work: Callable[[Desk], Awaitable[None]], script: Script | None = None, text: str = "", context: int = 4096
) -> None:
    async def main(loop: FastForwardLoop) -> None:
        desk = Desk(loop, script or Script(tokens=["wer", "t"]), text, context)
        await desk.client.start(desk.screen)
        desk.client.opened(desk.view)
        await work(desk)
        await desk.client.stop()

    fast_forward.run(main)


def test_an_answer_is_shown_and_what_follows_it_is_asked_for_after_100_ms() -> None:
    async def work(desk: Desk) -> None:
        await desk.type("x")
        assert desk.screen.shown == [("wert", "engine")]
        assert desk.asked == ["\nx"]
        await asyncio.sleep(0.1)
        assert desk.asked == ["\nx", "\nxwert"]
        assert [request.priority for request in desk.engine.requests][1] is Priority.SPECULATIVE

    at_desk(work)


def test_typing_along_shows_the_rest_without_a_call_and_asks_all_the_same() -> None:
    async def work(desk: Desk) -> None:
        await desk.type("x")
        await asyncio.sleep(1)
        asked = len(desk.asked)
        await desk.type("w")
        assert desk.screen.shown[-1] == ("ert", "cache")
        assert desk.asked[asked:] == ["\nxw"]  # as there: only an answer to this very text spares a request

    at_desk(work)


def test_the_speculative_answer_is_there_once_the_suggestion_is_typed() -> None:
    async def work(desk: Desk) -> None:
        await desk.type("x")
        await asyncio.sleep(1)
        await desk.type("wert")
        assert desk.screen.shown[-1] == ("wert", "speculation")

    at_desk(work)


def test_one_request_runs_at_a_time_and_a_later_one_tries_again() -> None:
    async def work(desk: Desk) -> None:
        desk.engine.script.token_delay = 0.06
        for key in "abc":
            await desk.type(key)
        assert desk.asked == ["\na"]
        await asyncio.sleep(0.3)
        assert desk.asked[:2] == ["\na", "\nabc"]
        assert desk.engine.counters.cancelled == 0

    at_desk(work)


def test_more_than_eight_characters_right_of_the_cursor_are_no_place_to_complete() -> None:
    async def work(desk: Desk) -> None:
        desk.view.cursor = len("f(")
        await desk.type("x")
        assert desk.asked == []
        desk.view.text = "f(x, 45678)"
        desk.client.typed(desk.view)
        await asyncio.sleep(0.05)
        assert len(desk.asked) == 1

    at_desk(work, text="f(, 3456789)")


def test_an_answer_is_found_again_when_the_window_has_moved_by_a_line() -> None:
    async def work(desk: Desk) -> None:
        await desk.type("x")
        asked = len(desk.asked)
        lines = desk.view.text.split("\n")
        desk.view.text, desk.view.cursor = "\n".join(lines[1:]), len("\n".join(lines[1:]))
        desk.client.typed(desk.view)
        assert desk.screen.shown[-1] == ("wert", "cache")
        assert len(desk.asked) == asked

    at_desk(work, text="one\ntwo\nthree\n")


def test_an_answer_ends_at_a_line_break_after_its_time() -> None:
    async def work(desk: Desk) -> None:
        desk.engine.script.token_delay = 0.1
        desk.engine.script.tokens = ["a\n", "b\n", "c\n", "d\n", "e\n", "f\n"]
        await desk.type("x")
        await asyncio.sleep(0.45)
        assert desk.screen.shown == [("a\nb\nc\nd", "engine")]

    at_desk(work)


def test_the_ring_takes_a_chunk_a_second_while_nobody_types_and_warms_the_engine_up() -> None:
    text = "".join(f"line {number}\n" for number in range(40))

    async def work(desk: Desk) -> None:
        await asyncio.sleep(0.2)
        assert len(desk.client.ring.queue) == 1
        await asyncio.sleep(1)
        assert [chunk.path for chunk in desk.client.ring.chunks] == ["a.py"]
        assert desk.engine.counters.warmups == 1

    at_desk(work, text=text, context=8192)


def test_the_ring_is_as_large_as_the_context_allows() -> None:
    for context, chunks in ((1024, 0), (4096, 2), (32_768, 16)):
        assert LlamaVimLike(ScriptedEngine(), context).ring.size == chunks


def test_the_cache_forgets_the_least_recently_used() -> None:
    async def work(desk: Desk) -> None:
        for _ in range(80):  # each answer is kept under four texts at most
            await desk.type("\n")
        assert len(desk.client.cache) <= 250

    at_desk(work, Script(tokens=["q"]), text="a\nb\nc\nd\n")


def test_the_window_is_256_lines_before_and_64_after() -> None:
    lines = [f"line {number}" for number in range(1000)]
    local = around(lines, 500, 4)
    assert local.prefix.split("\n")[:1] == ["line 244"]
    assert (local.middle, local.right) == ("line", " 500")
    assert local.suffix.split("\n")[0] == " 500"
    assert local.suffix.split("\n")[-2] == "line 564"
    behind = around(lines, 500, 8, ["!", "new"])
    assert behind.prefix.split("\n")[0] == "line 245"
    assert behind.prefix.endswith("line 500!\n")
    assert (behind.middle, behind.right) == ("new", "")


def test_a_line_of_blanks_is_written_anew() -> None:
    local = around(["def f():", "    ", "x"], 1, 4)
    assert (local.middle, local.suffix, local.indent) == ("", "\nx\n", 0)
    assert rendered("    return 1", ["def f():", "    ", "x"], 1, 4) == ["return 1"]


def test_what_repeats_the_text_below_is_not_shown() -> None:
    lines = ["a = 1", "b =", "b = 2", "c = 3", "d = 4"]
    assert rendered(" 2", lines, 1, 3) == [""]
    assert rendered(" 2\nc = 3\nd = 4", lines, 1, 3) == [""]
    assert rendered("\nb = 2\nc = 3", lines, 1, 3) == [""]
    assert rendered(" 5\nc = 3", lines, 1, 3) == [" 5", "c = 3"]
    assert rendered(")", ["f(x)"], 0, 3) == [""]


def test_an_answer_ends_where_a_line_stands_further_left() -> None:
    assert under_indented("a\n    b\n  c", 4) == len("a\n    b\n  ")
    assert under_indented("a\n    b\n   ", 4) is None
    assert under_indented("a\nb", 0) is None
    assert under_indented("a\n\n    b", 4) == 2


def test_chunks_are_as_alike_as_their_words() -> None:
    assert similarity("a b c", "a b c") == 1.0
    assert similarity("a b c d", "a b x y") == 0.5
    assert similarity("(a)\n[b]", "c d") == 0.0


def test_the_ring_keeps_half_of_a_long_text() -> None:
    ring = Ring()
    ring.pick("a.py", [f"line {number}" for number in range(200)], evict=True)
    [chunk] = ring.queue
    assert chunk.text.count("\n") == CHUNK_LINES // 2 + 1


def test_the_ring_gives_up_what_is_like_a_new_chunk_or_like_the_surroundings() -> None:
    ring = Ring(2)
    for text in ("a b c", "d e f", "g h i"):
        ring.pick("a.py", [text, text, text], evict=True)
    ring.pick("a.py", ["a b c", "a b c", "a b c."], evict=False)
    assert [chunk.text[0] for chunk in ring.queue] == ["a", "d", "g"]
    ring.pick("a.py", ["a b c", "a b c", "a b c."], evict=True)
    assert [chunk.text[0] for chunk in ring.queue] == ["d", "g", "a"]
    assert [ring.advance() for _ in range(4)] == [True, True, True, False]
    assert [chunk.text[0] for chunk in ring.chunks] == ["g", "a"]
    ring.drop_like("a b c\n" * 3)
    assert [chunk.text[0] for chunk in ring.chunks] == ["g"]


def test_the_infill_sampler_ends_where_the_end_is_likely_or_nothing_else_is() -> None:
    pieces = [b"<end>", b"foo", b"bar", b"baz", b"qux", b"quux", b"foobar", b"end"]

    def chosen(*probabilities: float) -> int | None:
        row = np.log(np.array(probabilities) + 1e-9)
        return infill(row, lambda token: token == 0, lambda token: pieces[token])

    assert chosen(0.01, 0.8, 0.19, 0, 0, 0, 0, 0) == 1
    assert chosen(0.25, 0.5, 0.2, 0.05, 0, 0, 0, 0) is None
    assert chosen(0.0, 0.17, 0.17, 0.16, 0.17, 0.16, 0.0, 0.17) is None
    assert chosen(0.0, 0.17, 0.17, 0.16, 0.17, 0.0, 0.16, 0.17) == 1  # foo begins foobar, and counts for both
