"""One HTTP connection pool for a provider's library: our time-outs, no redirects, bounded answers.

The library is imported and made in a thread: it takes up to a second, and reading certificates does too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.cloud.failures import translated
from inference.cloud.types import BadAnswer, Cloud, CloudMissing, Unreachable
from inference.outbound.request import Outbound, leave, sending

if TYPE_CHECKING:
    import httpx2

LARGEST_ANSWER = 16_000_000
"""Bytes of one answer; 100,000 tokens as a stream of events are about 15 MB."""

HEADERS = frozenset((
    "host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length",
    "authorization", "x-api-key", "anthropic-version",
))  # fmt: skip
"""What a request's head holds. The libraries would add this machine's system and versions, and what the
environment holds for other programs and other addresses."""

Make = Callable[[str, Any, str], Any]


@dataclass(frozen=True, slots=True)
class Reach:
    """How a provider is reached."""

    base_url: str
    key: Callable[[], str]
    """Called in a thread; raises KeyMissing."""
    connect_timeout: float = 5.0
    read_timeout: float = 30.0


class Connection:
    """Makes the provider's client once, when it is first needed."""

    def __init__(self, reach: Reach, who: str, library: str, make: Make) -> None:
        """`make` gets the key, an HTTP client and the address, and returns the library's client."""
        self.reach = reach
        self.who = who
        self._library = library
        self._make = make
        self._lock = asyncio.Lock()
        self._client: Any = None

    async def client(self) -> Any:
        """Return the library's client. Raises CloudMissing and KeyMissing."""
        async with self._lock:
            if self._client is None:
                self._client = await asyncio.to_thread(self._made)
            return self._client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _made(self) -> Any:
        key = self.reach.key()
        for name in (self._library, "httpx2", "httpcore2"):  # they log whole requests
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            import httpx2

            http = httpx2.AsyncClient(
                timeout=httpx2.Timeout(self.reach.read_timeout, connect=self.reach.connect_timeout),
                follow_redirects=False,  # what leaves goes where the user said, and nowhere else
                event_hooks={"request": [_sending], "response": [_bounded]},
            )
            return self._make(key, http, self.reach.base_url)
        except ImportError as error:
            raise CloudMissing(
                f"The hosted model was not asked, because the library {self._library} is not installed "
                f'or broken ({type(error).__name__}); run: pip install "nearside[cloud]"'
            ) from error


async def _sending(request: httpx2.Request) -> None:
    """Let a request go, or raise WillNotSend; of its headers only those that it takes."""
    for name in [name for name in request.headers if name.lower() not in HEADERS]:
        del request.headers[name]
    await asyncio.to_thread(leave, await request.aread())


async def events(
    outbound: Outbound, cloud: Cloud, request: Callable[[], Any], deadline: float, who: str
) -> AsyncGenerator[Any, None]:
    """Yield the library's response, then what it streams; whatever it raises is a NearsideError.

    `request` makes the library's request and returns an awaitable of its stream. The stream is closed however
    this ends. Raises CloudError, and WillNotSend where the request may not leave.
    """
    end = asyncio.get_running_loop().time() + deadline
    stream: Any = None
    try:
        try:
            async with asyncio.timeout_at(end):
                with sending(outbound, cloud.provider, cloud.model):
                    stream = await request()
            yield stream.response
            source = aiter(stream)
            while True:
                try:
                    async with asyncio.timeout_at(end):
                        event = await anext(source)
                except StopAsyncIteration:
                    return
                yield event
        except TimeoutError as error:
            raise Unreachable(
                f"The hosted model did not answer, because {who} took longer than {deadline:.0f} s; "
                "try again, or raise cloud.timeout.",
                charged=None,
            ) from error
        except Exception as error:
            raise translated(error, who, cloud.model) from error
    finally:
        if stream is not None:
            await stream.close()


async def whole(response: httpx2.Response, who: str) -> dict[str, Any]:
    """Return an answer that came as one JSON object although a stream was asked for. Raises BadAnswer."""
    try:
        await response.aread()
        body = response.json()
        if isinstance(body, dict):
            return body
    except ValueError:
        pass
    raise BadAnswer(
        f"The hosted model did not answer, because what came from {who} is not JSON; check cloud.base_url.",
        charged=None,
    )


async def _bounded(response: httpx2.Response) -> None:
    """Have an answer without end break off."""
    import httpx2

    inner: Any = response.stream

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = LARGEST_ANSWER
            async for part in inner:
                left -= len(part)
                if left < 0:
                    raise BadAnswer(
                        "The hosted model's answer is not used, because it is larger than any can be; "
                        "check cloud.base_url.",
                        charged=None,
                    )
                yield part

        async def aclose(self) -> None:
            await inner.aclose()

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)  # how long it took stands there

    response.stream = Bounded()
