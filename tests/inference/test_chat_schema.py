"""Conversations with a schema, at servers that take one, refuse one, or refuse everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from inference.client import HttpEngine
from inference.types import ChatRequest, EngineRefused
from tests.inference.servers import Fake, serving
from tests.inference.test_client import DONE, delta
from tests.inference.test_dialects import text

SCHEMA = {"type": "object", "properties": {"tool": {"const": "answer"}}, "required": ["tool"]}


@dataclass
class ChatServer:
    """Answers conversations; what it does with a schema is written down beforehand."""

    refuses: int = 0
    """The status for a request with a schema; 0 takes it."""
    refuses_all: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> Starlette:
        async def answer(request: Request) -> Response:
            body = await request.json()
            self.heard.append(body)
            if status := self.refuses_all or (self.refuses if "response_format" in body else 0):
                return JSONResponse({"error": {"message": "what is that?"}}, status)
            return Response(delta("{}") + delta(finish="stop") + DONE, media_type="text/event-stream")

        return Starlette(routes=[Route("/v1/chat/completions", answer, methods=["POST"])])


async def chats(server: ChatServer, count: int) -> list[str]:
    with serving(fake := Fake(), server.app()):
        engine = HttpEngine(fake.url, "m")
        try:
            return [
                text([piece async for piece in engine.chat(ChatRequest((("user", "?"),), schema=SCHEMA))])
                for _ in range(count)
            ]
        finally:
            await engine.close()


async def test_a_schema_goes_as_openais_response_format():
    assert await chats(server := ChatServer(), 1) == ["{}"]
    form = {"name": "answer", "schema": SCHEMA, "strict": True}
    assert server.heard[0]["response_format"] == {"type": "json_schema", "json_schema": form}


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_schemas_is_asked_without_and_that_is_remembered(status: int):
    assert await chats(server := ChatServer(refuses=status), 3) == ["{}"] * 3
    assert ["response_format" in body for body in server.heard] == [True, False, False, False]


async def test_a_refusal_for_another_reason_is_not_put_down_to_the_schema():
    server = ChatServer(refuses_all=400)
    with serving(fake := Fake(), server.app()):
        engine = HttpEngine(fake.url, "m")
        request = ChatRequest((("user", "?"),), schema=SCHEMA)
        with pytest.raises(EngineRefused, match="what is that"):
            [piece async for piece in engine.chat(request)]
        server.refuses_all = 0
        [piece async for piece in engine.chat(request)]
        await engine.close()
    assert "response_format" in server.heard[-1]


async def test_an_overloaded_server_is_not_asked_twice():
    server = ChatServer(refuses_all=429)
    with serving(fake := Fake(), server.app()), pytest.raises(EngineRefused, match="overloaded"):
        engine = HttpEngine(fake.url, "m")
        try:
            [piece async for piece in engine.chat(ChatRequest((("user", "?"),), schema=SCHEMA))]
        finally:
            await engine.close()
    assert len(server.heard) == 1
