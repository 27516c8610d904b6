"""One HTTP connection pool for a provider's library: our time-outs, no redirects, bounded answers.

The library is imported and made in a thread: it takes up to a second, and reading certificates does too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from inference.cloud.failures import translated
from inference.cloud.reach import Reach
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
                self._client = await _in_a_thread(self._made)
            return self._client

    async def ready(self, deadline: float) -> None:
        """Wait until there is a client, at most `deadline` seconds. Raises CloudError."""
        try:
            async with asyncio.timeout(deadline):
                await self.client()
        except TimeoutError:
            raise Unreachable(
                "The hosted model was not asked, because its key or its library were not there in "
                f"{deadline:.0f} s; unlock the keyring, or put the key into the environment."
            ) from None

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _made(self) -> Any:
        cloud, key = self.reach.cloud, self.reach.key()
        for name in (self._library, "httpx2", "httpcore2"):  # they log whole requests
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            import httpx2

            http = httpx2.AsyncClient(
                timeout=httpx2.Timeout(cloud.read_timeout, connect=cloud.connect_timeout),
                follow_redirects=False,  # what leaves goes where the user said, and nowhere else
                event_hooks={"request": [_sending], "response": [_bounded]},
            )
            return self._make(key, http, cloud.base_url)
        except ImportError as error:
            raise CloudMissing(
                f"The hosted model was not asked, because the library {self._library} is not installed "
                f'or broken ({type(error).__name__}); run: pip install {self._library}'
            ) from error


async def _sending(request: httpx2.Request) -> None:
    """Let a request go, or raise WillNotSend; of its headers only those that it takes."""
    for name in [name for name in request.headers if name.lower() not in HEADERS]:
        del request.headers[name]
    await asyncio.to_thread(leave, await request.aread())


async def events(
    connection: Connection,
    outbound: Outbound,
    cloud: Cloud,
    request: Callable[[Any], Any],
    deadline: float,
) -> AsyncGenerator[Any, None]:
    """Yield the library's response, then what it streams; whatever it raises is a NearsideError.

    `request` has the library's client make the request and returns an awaitable of its stream. The stream is
    closed however this ends. Raises CloudError, and WillNotSend where the request may not leave.
    """
    end = asyncio.get_running_loop().time() + deadline
    who = connection.who
    await connection.ready(deadline)
    client = await connection.client()
    stream: Any = None
    try:
        try:
            async with asyncio.timeout_at(end):
                with sending(outbound, cloud.provider, cloud.model):
                    stream = await request(client)
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


async def _in_a_thread(make: Callable[[], Any]) -> Any:
    """Await what a thread makes, one that keeps no process alive: a keyring may ask its user, and wait."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def set_(how: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            how(value)

    def run() -> None:
        try:
            how, value = future.set_result, make()
        except BaseException as error:
            how, value = future.set_exception, error
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(set_, how, value)

    threading.Thread(target=run, name="cloud", daemon=True).start()
    return await future


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
