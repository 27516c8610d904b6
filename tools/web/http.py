"""One request and its answer, within bounds: bytes as they come and unpacked, forms of packing, and time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpcore2
import httpx2

from tools.web.guard import WebError

AGENT = "Nearside (https://pypi.org/project/nearside)"
PACKED = frozenset(("", "identity", "gzip", "deflate"))
"""How a body may be packed; one way at once."""
TROUBLE = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
    httpx2.TransportError,
    httpx2.DecodingError,
    httpx2.InvalidURL,
    OSError,
)


class Unusable(WebError):
    """What came is not what was asked for; the text is the rest of a sentence."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer, unpacked."""

    status: int
    headers: httpx2.Headers
    body: bytes = field(repr=False)
    cached: bool = False
    """It came from our cache, where its server allowed that."""

    @property
    def media(self) -> str:
        """Its media type in lower case, empty where the server says none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


async def received(
    transport: httpx2.AsyncBaseTransport,
    request: httpx2.Request,
    most: int,
    wanted: Callable[[int, httpx2.Headers], bool] = lambda status, headers: True,
) -> Received:
    """Send one request and return its answer, of at most so many bytes. The caller sees to the time.

    The body is left unread where status and headers are not `wanted`. Raises Unusable, and Refused from a
    guarded transport.
    """
    try:
        response = await transport.handle_async_request(request)
        try:
            return await _read(response, most, wanted)
        finally:
            await response.aclose()
    except TROUBLE as error:
        raise Unusable(_why(error)) from None


async def _read(
    response: httpx2.Response, most: int, wanted: Callable[[int, httpx2.Headers], bool]
) -> Received:
    cached = bool(response.extensions.get("caching", {}).get("from_cache"))
    if not wanted(response.status_code, response.headers):
        return Received(response.status_code, response.headers, b"")
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in PACKED:
        raise Unusable("it is packed in a way that was not asked for")
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and (len(length) > 15 or int(length) > most):
        raise Unusable(too_large(most))
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > most or response.num_bytes_downloaded > most:
            raise Unusable(too_large(most))
    return Received(response.status_code, response.headers, bytes(body), cached)


def too_large(most: int) -> str:
    return f"it has more than {most // 1024:,} kB"


def _why(error: Exception) -> str:
    match error:
        case httpx2.DecodingError():
            return "it is not packed as its server says"
        case httpcore2.ProtocolError() | httpx2.ProtocolError():
            return "what came is no proper HTTP"
        case httpcore2.TimeoutException() | httpx2.TimeoutException():
            return "its server does not answer"
        case _ if "certificate" in str(error).lower():
            return "its certificate cannot be trusted"
        case httpcore2.ConnectError() | httpx2.ConnectError():
            return "its server cannot be reached"
        case _:
            return "the connection broke"
