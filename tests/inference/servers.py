"""Servers on loopback that speak the wires of llama-server, Ollama, vLLM and LM Studio, and one that lies."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass
class Fake:
    """A server's script, and what it saw."""

    tokens: list[tuple[str, float]] = field(default_factory=lambda: [("return", -0.1), (" x", -0.7)])
    alternatives: list[list[tuple[str, float]]] = field(default_factory=list)
    logprobs: bool = True
    infill: bool = True
    slots: int = 1
    loading: bool = False
    capabilities: tuple[str, ...] = ("completion", "insert")
    model: str = "qwen2.5-coder-1.5b"
    endless: bool = False
    chat_only: bool = False
    key: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    cancelled: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def last(self) -> dict[str, Any]:
        return self.asked[-1][1]


@contextmanager
def serving(fake: Fake, app: Starlette) -> Iterator[Fake]:
    """Run an app in a thread on a free loopback port."""

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            fake.paths.append(f"{scope['method']} {scope['path']}")
            fake.peers.add(scope["client"])
            sent = dict(scope["headers"]).get(b"authorization", b"").decode()
            if fake.key and sent != f"Bearer {fake.key}":
                error = {"message": "Invalid API Key", "type": "authentication_error"}
                answer = JSONResponse({"error": error}, 401)
                return await answer(scope, receive, send)
        await app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(guarded, port=0, log_level="error", lifespan="off"))
    started = threading.Event()
    original = server.startup

    async def startup(sockets: Any = None) -> None:
        await original(sockets)
        started.set()

    server.startup = startup
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(10)
    fake.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield fake
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


async def paced(fake: Fake, tokens: list[tuple[str, float]]) -> AsyncIterator[tuple[str, float]]:
    """Yield the tokens; an endless server goes on until its client has gone, and notes that."""
    for token in tokens:
        yield token
    try:
        while fake.endless:
            yield "more ", -0.5
            await asyncio.sleep(0.01)
    finally:
        if fake.endless:
            fake.cancelled.set()


def sse(events: AsyncIterator[dict[str, Any]], done: bool = True) -> Response:
    async def body() -> AsyncIterator[bytes]:
        try:
            async for event in events:
                yield f"data: {json.dumps(event)}\n\n".encode()
            if done:
                yield b"data: [DONE]\n\n"
        finally:
            await events.aclose()  # type: ignore[attr-defined]

    return StreamingResponse(body(), media_type="text/event-stream")


def llama_server(fake: Fake) -> Starlette:
    async def health(_: Request) -> Response:
        if fake.loading:
            error = {"code": 503, "message": "Loading model", "type": "unavailable_error"}
            return JSONResponse({"error": error}, 503)
        return JSONResponse({"status": "ok"})

    async def props(_: Request) -> Response:
        path = f"/models/{fake.model}.gguf"
        settings = {"id": 0, "n_ctx": 8192, "params": {"n_predict": -1}}
        return JSONResponse(
            {"default_generation_settings": settings, "total_slots": fake.slots, "model_path": path}
        )

    async def generate(request: Request) -> Response:
        body = await request.json()
        fake.asked.append((request.url.path, body))
        if request.url.path == "/infill" and not fake.infill:
            message = "Infill is not supported by this model: prefix token is missing. "
            error = {"code": 501, "message": message, "type": "not_supported_error"}
            return JSONResponse({"error": error}, 501)
        if not body.get("stream"):
            return JSONResponse({"content": "", "stop": True, "tokens_evaluated": 3})

        async def one(index: int, tokens: list[tuple[str, float]]) -> AsyncGenerator[dict[str, Any], None]:
            count = 0
            async for text, logprob in paced(fake, tokens):
                count += 1
                event: dict[str, Any] = {"index": index, "content": text, "tokens": [count], "stop": False}
                if fake.logprobs and body.get("n_probs"):
                    top = [{"id": 1, "token": text, "logprob": value} for value in (logprob, -2.0)]
                    event["completion_probabilities"] = [{**top[0], "top_logprobs": top[: body["n_probs"]]}]
                yield event
            timings = {"cache_n": 40, "prompt_n": 10, "prompt_ms": 5.5, "predicted_n": count}
            last = {"index": index, "content": "", "stop": True, "stop_type": "eos"}
            counts = {"tokens_predicted": count, "tokens_evaluated": 50, "tokens_cached": 52}
            yield {**last, **counts, "truncated": False, "timings": timings}

        async def events() -> AsyncIterator[dict[str, Any]]:
            branches = (fake.alternatives or [fake.tokens])[: body.get("n_cmpl", 1)]
            for index, tokens in enumerate(branches):
                async with aclosing(one(index, tokens)) as answer:
                    async for event in answer:
                        yield event

        return sse(events(), done=False)

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/props", props),
            Route("/infill", generate, methods=["POST"]),
            Route("/completion", generate, methods=["POST"]),
        ]
    )


def ollama(fake: Fake) -> Starlette:
    async def version(_: Request) -> Response:
        return JSONResponse({"version": "0.13.1"})

    async def tags(_: Request) -> Response:
        return JSONResponse({"models": [{"name": fake.model, "model": fake.model}]})

    async def show(request: Request) -> Response:
        name = (await request.json())["model"]
        if name != fake.model:
            return JSONResponse({"error": f"model '{name}' not found"}, 404)
        about = {"general.architecture": "qwen2", "qwen2.context_length": 32768}
        return JSONResponse({"details": {}, "model_info": about, "capabilities": list(fake.capabilities)})

    async def generate(request: Request) -> Response:
        body = await request.json()
        fake.asked.append((request.url.path, body))

        async def lines() -> AsyncIterator[bytes]:
            count = 0
            async for text, logprob in paced(fake, fake.tokens):
                count += 1
                line: dict[str, Any] = {"model": fake.model, "response": text, "done": False}
                if fake.logprobs and body.get("logprobs"):
                    top = [{"token": text, "logprob": value} for value in (logprob, -2.0)]
                    line["logprobs"] = [{**top[0], "top_logprobs": top}]
                yield json.dumps(line).encode() + b"\n"
            last = {"model": fake.model, "response": "", "done": True, "done_reason": "length"}
            durations = {"load_duration": 0, "prompt_eval_duration": 4_000_000, "eval_duration": 6_000_000}
            counts = {"prompt_eval_count": 26, "eval_count": count}
            yield json.dumps({**last, **counts, **durations}).encode() + b"\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    return Starlette(
        routes=[
            Route("/api/version", version),
            Route("/api/tags", tags),
            Route("/api/show", show, methods=["POST"]),
            Route("/api/generate", generate, methods=["POST"]),
        ]
    )


def openai_server(fake: Fake, *, vllm: bool = False) -> Starlette:
    """vLLM, or LM Studio, which answers 200 with an error object where it does not know the path."""

    async def models(_: Request) -> Response:
        entry: dict[str, Any] = {"id": fake.model, "object": "model", "owned_by": "organization_owner"}
        if vllm:
            entry |= {"owned_by": "vllm", "root": fake.model, "max_model_len": 16384}
        return JSONResponse({"object": "list", "data": [entry]})

    async def version(_: Request) -> Response:
        return JSONResponse({"version": "0.12.0"})

    async def health(_: Request) -> Response:
        return Response(b"")

    async def generate(request: Request) -> Response:
        body = await request.json()
        fake.asked.append((request.url.path, body))
        if fake.chat_only:
            return JSONResponse({"detail": "Not Found"}, 404)
        if vllm and body.get("suffix"):
            error = {"message": "suffix is not currently supported", "type": "BadRequestError", "code": 400}
            return JSONResponse({"error": error}, 400)
        branches = (fake.alternatives or [fake.tokens])[: body.get("n", 1)]
        head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": fake.model}

        async def events() -> AsyncIterator[dict[str, Any]]:
            count = 0
            for index, tokens in enumerate(branches):
                async for text, logprob in paced(fake, tokens):
                    count += 1
                    logprobs = None
                    if fake.logprobs and body.get("logprobs"):
                        tops = [{text: logprob, "other": -2.0}]
                        values = {"token_logprobs": [logprob], "tokens": [text], "top_logprobs": tops}
                        logprobs = {"text_offset": [0], **values}
                    choice = {"index": index, "text": text, "logprobs": logprobs, "finish_reason": None}
                    yield {**head, "choices": [choice]}
                choice = {"index": index, "text": "", "logprobs": None, "finish_reason": "stop"}
                yield {**head, "choices": [choice]}
            if body.get("stream_options", {}).get("include_usage"):
                usage = {"prompt_tokens": 30, "total_tokens": 30 + count, "completion_tokens": count}
                details = {"prompt_tokens_details": {"cached_tokens": 16}} if vllm else {}
                yield {**head, "choices": [], "usage": {**usage, **details}}

        return sse(events())

    async def unknown(request: Request) -> Response:
        said = f"Unexpected endpoint or method. ({request.method} {request.url.path})"
        return JSONResponse({"error": said}, 404 if vllm else 200)

    routes = [Route("/v1/models", models), Route("/v1/completions", generate, methods=["POST"])]
    if vllm:
        routes += [Route("/version", version), Route("/health", health)]
    return Starlette(routes=[*routes, Route("/{path:path}", unknown, methods=["GET", "POST"])])


@asynccontextmanager
async def raw_server(*chunks: bytes, hold: bool = False) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Answer every completion with exactly these bytes, and other requests as a plain OpenAI server.

    Without a length the end of the connection is the end of the body; `hold` keeps it open. The event is set
    when the client hangs up first.
    """
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
            if b"completions" in asked.split(b"\r\n")[0]:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
                for chunk in chunks:
                    writer.write(chunk)
                    await writer.drain()
                    await asyncio.sleep(0.005)  # one chunk a packet
                while hold:
                    if not await reader.read(1024):
                        gone.set()
                        break
            else:
                data = b'{"data": [{"id": "qwen"}]}' if b"/v1/models" in asked else b"{}"
                head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(data)}\r\n\r\n"
                writer.write(head.encode() + data)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            gone.set()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", gone
