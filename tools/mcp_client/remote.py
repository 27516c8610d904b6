"""A server at an address: no proxies, cookies or redirects elsewhere, and no answer beyond the limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx2
from mcp.client.streamable_http import streamable_http_client

from settings import offline
from tools.mcp_client.limits import CALL_SECONDS, LONGEST_MESSAGE, MOST_BYTES, START_SECONDS, Fault
from tools.mcp_client.process import Streams


def unreachable(url: str) -> str:
    """Return why an address is not connected to, or an empty string."""
    far = not offline.is_near(urlsplit(url).hostname or "")
    return "it is not on this machine, and Nearside is offline" if far and offline.wanted() else ""


@asynccontextmanager
async def connected(url: str, fault: Fault) -> AsyncIterator[Streams]:
    """Connect to a server and yield its streams; what is wrong with it goes to `fault`."""
    async with (
        httpx2.AsyncClient(
            transport=_Bounded(fault),
            trust_env=False,
            timeout=httpx2.Timeout(START_SECONDS, read=2 * CALL_SECONDS),
        ) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=LONGEST_MESSAGE) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncBaseTransport):
    """Ends answers that are too long. A stream of events counts as one answer."""

    def __init__(self, fault: Fault) -> None:
        self._inner = httpx2.AsyncHTTPTransport()
        self._fault = fault

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except httpx2.TransportError as error:
            self._fault.found(f"its address cannot be reached ({str(error) or type(error).__name__})")
            raise
        response.stream = _Counted(response.stream, self._fault)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: object, fault: Fault) -> None:
        assert isinstance(inner, httpx2.AsyncByteStream)
        self._inner, self._fault = inner, fault

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MOST_BYTES
        async for piece in self._inner:
            left -= len(piece)
            if left < 0:
                self._fault.found(f"it sent more than {MOST_BYTES >> 20} MB at once")
                raise httpx2.ReadError("the answer is too long")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
