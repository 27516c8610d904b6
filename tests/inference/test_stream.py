"""However a stream is cut into packets and pieces, the same text comes out; garbage raises one error only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from inference.stream import DONE, AnswerStream, events
from inference.types import EngineRefused, Piece


def packets(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in zip(edges, edges[1:], strict=False)]


def read(chunks: list[bytes]) -> list[object]:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def collect() -> list[object]:
        return [event async for event in events(source(), "x")]

    return asyncio.run(collect())


def assembled(pieces: list[Piece], answer: AnswerStream) -> str:
    return "".join(kept.text for piece in pieces for kept in answer.take(piece))


@given(st.lists(st.text()), st.lists(st.integers(0)), st.sampled_from(["\n\n", "\r\n\r\n", "\n"]))
def test_packets_make_no_difference(texts: list[str], cuts: list[int], end: str):
    for escape in (True, False):
        data = "".join(f"data: {json.dumps({'t': text}, ensure_ascii=escape)}{end}" for text in texts)
        found = read(packets((data + f"data: [DONE]{end}").encode(), cuts))
        assert found == [*({"t": text} for text in texts), DONE]
        assert found[-1] is DONE


@given(st.lists(st.one_of(st.binary(), st.sampled_from([b"data: ", b"\n", b"error:", b"{", b"[" * 9999]))))
def test_garbage_raises_one_error_only(chunks: list[bytes]):
    try:
        assert all(isinstance(event, dict) for event in read(chunks))
    except EngineRefused as error:
        assert "cannot be read" in str(error)


@given(st.text("ab\n\r é🦊", max_size=30), st.lists(st.integers(0, 30)), st.integers(1, 4))
def test_lines_are_cut_at_the_same_place_however_the_text_arrives(text: str, cuts: list[int], most: int):
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    pieces = [Piece(text[start:end]) for start, end in zip(edges, edges[1:], strict=False)]
    kept = assembled(pieces, AnswerStream(1, most))
    assert kept == assembled([Piece(text)], AnswerStream(1, most))
    assert text.startswith(kept)
    assert len(kept.lstrip("\r\n").split("\n")) <= most
    if len(text.lstrip("\r\n").split("\n")) <= most:
        assert kept == text


def test_alternatives_end_each_by_itself_and_the_cost_comes_once():
    answer = AnswerStream(2, 1)
    pieces = [Piece("a", 0), Piece("b\nc", 1), Piece("d", 1), Piece("e", 0, finish="length")]
    kept = [piece for piece in pieces for piece in answer.take(piece)]
    assert [(piece.index, piece.text, piece.finish) for piece in kept] == [
        (0, "a", None),
        (1, "b", "stop"),
        (0, "e", "length"),
    ]
    assert answer.was_cut and not answer.complete
    assert answer.last().usage and all(piece.usage is None for piece in kept)
