"""The engine's HTTP: OpenAI completions and chat, llama.cpp's /infill, health and metrics. Translates,
decides nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from inference import wire, wire_answers
from inference.engine_state import EngineState
from inference.metrics import render
from inference.refusals import kind_of
from inference.types import Cancelled, EngineRefused, NearsideError, Piece, Usage

T = TypeVar("T")
SUPERSEDED = Cancelled("The request was superseded by a newer one.")


def create_app(state: EngineState) -> Starlette:
    """The routes over one engine."""

    def route(
        read: Callable[[dict[str, Any]], wire.Asked], answer: Callable[[str], wire_answers.Answer]
    ) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                asked = read(await _body(request))
                return await _respond(state, asked, answer(state.model_name), request)
            except NearsideError as error:
                return _refusal(error)
            except Cancelled:
                return _refusal(SUPERSEDED)

        return endpoint

    async def models(_: Request) -> Response:
        entry = {
            "id": state.model_name,
            "object": "model",
            "created": state.started_unix,
            "owned_by": "nearside",
        }
        return JSONResponse({"object": "list", "data": [entry]})

    async def health(_: Request) -> Response:
        return JSONResponse(state.health(), status_code=503 if state.error else 200)

    async def metrics(_: Request) -> Response:
        return PlainTextResponse(render(state), media_type="text/plain; version=0.0.4")

    return Starlette(
        routes=[
            Route(
                "/v1/completions",
                route(wire.read_completion, wire_answers.CompletionAnswer),
                methods=["POST"],
            ),
            Route("/v1/chat/completions", route(wire.read_chat, wire_answers.ChatAnswer), methods=["POST"]),
            Route("/infill", route(wire.read_infill, wire_answers.InfillAnswer), methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
            Route("/metrics", metrics),
        ]
    )


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise EngineRefused("The request was not answered: its body is not JSON.") from None
    if not isinstance(body, dict):
        raise EngineRefused("The request was not answered: its body is not a JSON object.")
    return body


async def _respond(
    state: EngineState, asked: wire.Asked, answer: wire_answers.Answer, request: Request
) -> Response:
    """Stream the answer, or collect it. A failure before the first piece is an HTTP error, a later one an
    event.
    """
    pieces = state.answer(asked)
    try:
        if not asked.stream:
            return await _unless_gone(request, _collect(pieces, answer))
        first = await _unless_gone(request, anext(pieces, None))
    except ClientGone:
        return Response(status_code=499)

    async def events() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            try:
                piece = first
                while piece is not None:
                    yield wire_answers.event(answer.last(piece.usage) if piece.usage else answer.part(piece))
                    piece = await anext(pieces, None)
            except Cancelled:
                yield wire_answers.event(_error(SUPERSEDED))
            except NearsideError as error:
                yield wire_answers.event(_error(error))
            else:
                yield b"data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


async def _collect(pieces: AsyncGenerator[Piece, None], answer: wire_answers.Answer) -> Response:
    """The whole answer at once, or what is there when a time limit ends it."""
    collected: list[Piece] = []
    usage = Usage()
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                if piece.usage:
                    usage = piece.usage
                else:
                    collected.append(piece)
        except Cancelled:
            if not collected:
                raise
    return JSONResponse(answer.whole(collected, usage))


class ClientGone(Exception):
    """The connection closed while the answer was computed."""


async def _unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await work, and cancel it at once when the client hangs up: that is how a request is withdrawn."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(
        request.receive()
    )  # the body has been read: the next message is the disconnect
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _refusal(error: Exception) -> Response:
    return JSONResponse(_error(error), kind_of(error)[1])


def _error(error: Exception) -> dict[str, Any]:
    kind = kind_of(error)[0]
    return {"error": {"message": str(error), "type": kind, "code": kind}}
