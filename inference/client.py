"""The one HTTP client for every engine: our own over its socket, any OpenAI-compatible server by base_url.

Opens, reads and closes streams. What each server is asked is in dialects.py, what it sends in events.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.dialects import NO_CONFIDENCE, Dialect, detect
from inference.dialects import nearside as nearside_dialect
from inference.events import read_chat
from inference.refusals import STATUS, error_of, refusal
from inference.stream import DONE, AnswerStream, events, garbled
from inference.types import (
    ChatRequest,
    CompletionRequest,
    EngineInfo,
    EngineRefused,
    EngineUnavailable,
    NearsideError,
    Piece,
    SettingsError,
)

if TYPE_CHECKING:
    import httpx2


class ConnectionLost(EngineUnavailable):
    """The engine could not be reached, or went away while it answered."""

    def __init__(self, message: str, *, answering: bool) -> None:
        super().__init__(message)
        self.answering = answering
        """Whether the request had reached it."""


class SchemaRefused(EngineRefused):
    """The server refused a request with a schema, perhaps because of it."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds. Deadlines of a keystroke are the caller's; these only end what would never end."""

    connect: float = 3.0
    silence: float = 120.0
    """Longest pause within an answer: a long prompt on a CPU, or a model that is loaded first."""
    probe: float = 10.0
    drain: float = 0.5
    """How long the end of a finished answer is waited for, so that its connection can be used again."""


class HttpEngine:
    """An engine behind HTTP. Implements inference.types.Engine; belongs to one event loop."""

    def __init__(
        self,
        base_url: str = "",
        model: str = "",
        *,
        socket: Path | None = None,
        api_key: str | None = None,
        context: int = 0,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._base = "http://engine" if socket else normalised(base_url)
        self.name = "the engine" if socket else self._base
        self._socket = socket
        self._model = model
        self._api_key = api_key
        self._context = context
        self._timeouts = timeouts or Timeouts()
        self._http: httpx2.AsyncClient | None = None
        self._dialect: Dialect | None = None
        self._probing = asyncio.Lock()
        self._takes_schemas = True
        """False once the server has refused a request because of its schema."""

    async def info(self) -> EngineInfo:
        """Say what serves here and what it cannot do, as far as it has been asked or has answered."""
        if self._socket:
            return nearside_dialect(await self.health(), self._model).info
        return (await self._detected()).info

    async def health(self) -> dict[str, Any]:
        """Return /health as it is, also while the engine loads; raise the engine's own error."""
        status, body = await self._json("GET", "/health")
        if body.get("status") == "error":
            kind = STATUS.get(str(body.get("type")), (EngineRefused, 400))[0]
            raise kind(str(body.get("message")))
        if status >= 400:
            raise error_of(self.name, status, body)
        return body

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        """Stream the answer. Closing the iterator closes the connection, which cancels the work there."""
        dialect = await self._detected()
        # Our own engine ends an answer by itself; from others every answer is cut to what was asked for.
        own = dialect.info.engine == "nearside"
        answer = AnswerStream(
            request.alternatives if dialect.branches else 1,
            0 if own else request.max_lines,
            dialect.ends,
        )
        async with aclosing(self._pieces(dialect, request, answer)) as pieces:
            async for piece in pieces:
                if request.max_tokens or piece.usage:
                    yield piece
        if answer.has_text and not answer.has_logprobs:
            self._learn_no_confidence()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """Stream the assistant's next turn; the last piece has the usage, where the server tells it."""
        body = {
            "model": self._model,
            "messages": [{"role": role, "content": content} for role, content in request.turns],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"stop": list(request.stop)} if request.stop else {}),
        }
        if self._socket:  # some servers of others refuse a conversation that asks for log-probabilities
            body |= {"logprobs": True, "nearside": {"client": request.client, "document": request.document}}
        if request.schema is not None and self._takes_schemas:
            asked = {"name": "answer", "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": asked}
        try:
            async with aclosing(self._said(body)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except SchemaRefused:
            if self._socket:  # our own engine says what is wrong with the schema
                raise
            del body["response_format"]
        async with aclosing(self._said(body)) as pieces:
            async for piece in pieces:
                self._takes_schemas = False  # without it, it answers: so it was the schema
                yield piece

    async def _said(self, body: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """Stream what a conversation is answered with."""
        finished = False
        async with aclosing(self._answered("/v1/chat/completions", body)) as received:
            async for event in received:
                if event is DONE:
                    finished = True
                    break
                for piece in self._understood(read_chat, event):
                    finished = finished or piece.finish is not None
                    yield piece
            if not finished:
                raise self._lost("the answer ended in the middle", answering=True)
            await self._drain(received)

    async def close(self) -> None:
        if self._http:
            await self._http.aclose()
            self._http = None

    async def _pieces(
        self, dialect: Dialect, request: CompletionRequest, answer: AnswerStream
    ) -> AsyncGenerator[Piece, None]:
        def read(event: dict[str, Any]) -> Iterable[Piece]:
            return (kept for piece in dialect.read(event) for kept in answer.take(piece))

        async with aclosing(self._answered(dialect.path, dialect.body(request))) as received:
            done = False
            async for event in received:
                if event is DONE:
                    done = True
                    break
                for piece in self._understood(read, event):
                    yield piece
                if answer.was_cut:
                    break  # what would follow is not wanted; closing the stream stops the server
                if answer.complete:
                    done = True
                    break
            if not (done or answer.begun_are_finished):
                raise self._lost("the answer ended in the middle", answering=True)
            yield answer.last()
            if done:
                await self._drain(received)

    async def _answered(self, path: str, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield what a streamed POST is answered with; a refusal, and an error within, is raised."""
        async with self._opened(path, body) as response:
            if response.status_code != 200:
                if response.status_code == 404:
                    self._dialect = None  # another server or model may have taken its place
                refused = refusal(self.name, response.status_code, await response.aread())
                if response.status_code in (400, 422) and "response_format" in body:
                    raise SchemaRefused(str(refused)) from refused
                raise refused
            async with aclosing(self._events(response)) as received:
                async for event in received:
                    if event is not DONE and "error" in event:
                        raise error_of(self.name, 500, event)
                    yield event

    def _understood(
        self, read: Callable[[dict[str, Any]], Iterable[Piece]], event: dict[str, Any]
    ) -> list[Piece]:
        """Return the pieces of an event; one that cannot be read is an error of the server's."""
        try:
            return list(read(event))
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise garbled(self.name) from error

    @contextlib.asynccontextmanager
    async def _opened(self, path: str, body: dict[str, Any]) -> AsyncIterator[httpx2.Response]:
        """Open a streamed POST; once more where a kept-alive connection turns out to be closed."""
        client = await self._client()
        import httpx2

        request = client.build_request("POST", self._base + path, json=body)
        for attempt in (1, 2):
            try:
                response = await client.send(request, stream=True)
                break
            except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
                if attempt == 2:
                    raise self._lost(reason(error), answering=True) from error
            except (httpx2.TransportError, httpx2.InvalidURL) as error:
                connecting = isinstance(
                    error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.InvalidURL
                )
                raise self._lost(reason(error), answering=not connecting or attempt == 2) from error
        try:
            yield response
        finally:
            await response.aclose()

    async def _events(self, response: httpx2.Response) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events of an answer; a connection that breaks is an error of ours."""
        import httpx2

        try:
            async for event in events(response.aiter_bytes(), self.name):
                yield event
        except (httpx2.TransportError, httpx2.DecodingError, httpx2.StreamError) as error:
            raise self._lost(reason(error), answering=True) from error

    async def _drain(self, received: AsyncIterator[dict[str, Any]]) -> None:
        """Read to the end of the body after [DONE]: only then can the connection be used again."""
        with contextlib.suppress(TimeoutError, NearsideError):
            async with asyncio.timeout(self._timeouts.drain):
                async for _ in received:
                    pass

    async def _detected(self) -> Dialect:
        async with self._probing:
            if self._dialect is None:
                if self._socket:
                    self._dialect = nearside_dialect({}, self._model)
                else:
                    self._dialect = await detect(
                        lambda path: self._json("GET", path),
                        lambda path, body: self._json("POST", path, body),
                        self._base,
                        self._model,
                        self._context,
                    )
            return self._dialect

    async def _json(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Ask for a small JSON object: the status, and {} where the body is none."""
        client = await self._client()
        import httpx2

        try:
            response = await client.request(
                method, self._base + path, json=body, timeout=self._timeouts.probe
            )
            parsed = response.json()
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise self._lost(reason(error), answering=False) from error
        except (ValueError, RecursionError, httpx2.DecodingError):
            return response.status_code, {}
        return response.status_code, parsed if isinstance(parsed, dict) else {}

    async def _client(self) -> httpx2.AsyncClient:
        """Return the one connection pool, made when it is first needed."""
        if self._http is None:
            # In a thread: the library takes 60 ms to import, and certificates take 40 ms to read.
            made = await asyncio.to_thread(self._make_client)
            self._http = self._http or made
        return self._http

    def _make_client(self) -> httpx2.AsyncClient:
        import httpx2

        encrypted = self._base.startswith("https:")
        transport = httpx2.AsyncHTTPTransport(uds=str(self._socket), verify=False) if self._socket else None
        return httpx2.AsyncClient(
            transport=transport,
            headers={"Authorization": f"Bearer {self._api_key}"} if self._api_key else None,
            timeout=httpx2.Timeout(self._timeouts.silence, connect=self._timeouts.connect),
            # Proxies of the environment are for the network, and would see what stays on this machine.
            trust_env=not self._socket and not on_this_machine(self._base),
            verify=encrypted,  # without encryption there is nothing to verify, and redirects are not followed
        )

    def _lost(self, why: str, *, answering: bool) -> ConnectionLost:
        if self._socket:
            line = f"No completion: the engine is gone ({why}). It is started again with the next request."
        elif answering:
            self._dialect = None
            line = f"No completion: {self._base} broke off ({why}). Look into the server's log."
        else:
            line = (
                f"No completion: nothing answers at {self._base} ({why}). "
                "Start the server there, or correct model.completion.base_url."
            )
        return ConnectionLost(line, answering=answering)

    def _learn_no_confidence(self) -> None:
        if self._dialect and self._dialect.info.logprobs:
            info = self._dialect.info
            learned = replace(info, logprobs=False, limits=(*info.limits, NO_CONFIDENCE))
            self._dialect = replace(self._dialect, info=learned)


def normalised(base_url: str) -> str:
    """Return the server's root: without a trailing slash or /v1."""
    parts = urllib.parse.urlsplit(base_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"No completion: model.completion.base_url is {base_url!r}, which is no address of a server. "
            "Write it as http://host:port."
        )
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def on_this_machine(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def reason(error: Exception) -> str:
    """Say in a few words what a transport error is about."""
    import httpx2

    if isinstance(error, httpx2.ReadTimeout):
        return "it has stopped answering"
    if isinstance(error, httpx2.TimeoutException):
        return "timed out"
    return str(error).strip().rstrip(".") or type(error).__name__
