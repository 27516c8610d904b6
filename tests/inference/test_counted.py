"""What requests cost is told as it comes, and nothing else changes on the way."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from inference.counted import Counted
from inference.events import read_openai
from inference.types import CompletionRequest, EngineInfo, FimPrompt, Piece, Usage
from inference.wire_answers import usage_fields

REQUEST = CompletionRequest(FimPrompt("a", "b"))


class Scripted:
    """An engine that hands out the same pieces every time."""

    def __init__(self, *pieces: Piece) -> None:
        self._pieces = pieces
        self.closed = 0

    async def info(self) -> EngineInfo:
        return EngineInfo("scripted", "m")

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        try:
            for piece in self._pieces:
                yield piece
        finally:
            self.closed += 1

    async def close(self) -> None:
        self.closed = -1


async def test_pieces_pass_and_the_usage_is_told() -> None:
    usage = Usage(generated_tokens=2, decode_ms=5, joules=0.5)
    told: list[Usage] = []
    pieces = (Piece("x"), Piece("y", finish="stop"), Piece(usage=usage))
    engine = Counted(Scripted(*pieces), told.append)
    assert [piece async for piece in engine.complete(REQUEST)] == [*pieces]
    assert told == [usage]
    assert (await engine.info()).model == "m"


async def test_a_server_that_does_not_say_how_long_it_worked_did_all_the_time() -> None:
    told: list[Usage] = []
    engine = Counted(Scripted(Piece(usage=Usage(generated_tokens=2))), told.append)
    _ = [piece async for piece in engine.complete(REQUEST)]
    assert told[0].decode_ms > 0 and told[0].generated_tokens == 2


async def test_closing_withdraws_the_request_at_the_engine() -> None:
    told: list[Usage] = []
    engine = Scripted(Piece("x"), Piece(usage=Usage(decode_ms=1)))
    async with aclosing(Counted(engine, told.append).complete(REQUEST)) as pieces:
        await anext(pieces)
    assert engine.closed == 1 and told == []


@pytest.mark.parametrize("joules", [None, 0.0, 12.345])
def test_energy_survives_the_wire(joules: float | None) -> None:
    event: dict[str, Any] = {"choices": [], **usage_fields(Usage(decode_ms=3, joules=joules))}
    [piece] = [piece for piece in read_openai(event) if piece.usage]
    assert piece.usage and piece.usage.joules == joules
