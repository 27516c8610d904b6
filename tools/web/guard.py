"""The only way to a page: http or https to a public address, checked where the connection is made.

A name is resolved once, every address in the answer must be public, and the connection goes to one of these
very addresses. So neither a redirect nor a name whose answer changes leads anywhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

import httpcore2
import httpx2

from inference.types import NearsideError
from tools.web.threads import apart

PORTS = frozenset((80, 443))
LONGEST_URL = 2048
CONNECT_SECONDS = 4.0
"""For one address, so that there is time left for the next one."""
MOST_ADDRESSES = 4
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that IANA gives out of IPv6; what lies outside is of one machine, one network, or a detour to IPv4."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
NOT_FOR_US = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # a cloud's own service for its machines (Azure), public by its number
            "192.0.0.0/24",  # of one network (RFC 6890), metadata of a cloud among it
            "192.88.99.0/24",  # relays of 6to4
            "2001::/23",  # protocols, Teredo among them
            "2001:db8::/32",  # examples
            "3fff::/20",  # examples
        ),
    )
)
"""Besides what `is_global` of any Python we run on leaves out."""


class WebError(NearsideError):
    """Something of the web could not be had."""


class Refused(WebError):
    """The guard let nothing through: the address is none a page may be fetched from."""

    def __init__(self, why: str, advice: str = "name a page of the public web") -> None:
        super().__init__(f"Nothing was fetched, because {why}; {advice}.")


class Wire(Protocol):
    """What the guard stands on: names to addresses, and connections to an address as a number."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a name, or of what the system takes for an address. Raises OSError."""
        ...

    async def connect(self, address: str, port: int) -> httpcore2.AsyncNetworkStream:
        """Raises httpcore2's errors."""
        ...


class Internet:
    """The system's resolver and sockets."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return [str(address[0]) for *_, address in await apart(_looked_up, host, port)]

    async def connect(self, address: str, port: int) -> httpcore2.AsyncNetworkStream:
        backend = cast(httpcore2.AsyncNetworkBackend, httpcore2.AnyIOBackend())
        return await backend.connect_tcp(address, port, timeout=CONNECT_SECONDS)


def _looked_up(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that no name can have
        raise OSError(str(error)) from None


def is_public(text: str) -> bool:
    """Tell whether an address is one of the internet's, also behind a form that carries an IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if any(address in network for network in NOT_FOR_US):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address.scope_id:
        return False
    if address.ipv4_mapped:
        return is_public(str(address.ipv4_mapped))
    if address in NAT64:
        return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
    if address.sixtofour:
        return is_public(str(address.sixtofour))
    return address in GLOBAL_UNICAST and address.is_global


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be asked for, before anything is looked up."""

    ports: frozenset[int] = PORTS

    def check(self, url: str) -> httpx2.URL:
        """Return an address as it is asked for. Raises Refused."""
        if len(url) > LONGEST_URL:
            raise Refused(f"its address has more than {LONGEST_URL:,} characters")
        if not url.isprintable() or " " in url.strip():
            raise Refused("its address holds blanks or control characters")
        try:
            parsed = httpx2.URL(url.strip())
            host, port = parsed.host, parsed.port
        except (httpx2.InvalidURL, ValueError, UnicodeError):
            raise Refused(f"{shown(url)} is no address") from None
        if parsed.scheme not in ("http", "https"):
            raise Refused(f"{shown(url)} is not http or https")
        if not host:
            raise Refused(f"{shown(url)} names no host")
        if parsed.userinfo:
            raise Refused("its address holds a user name or a password", "leave out what stands before the @")
        port = port or (443 if parsed.scheme == "https" else 80)
        if port not in self.ports:
            raise Refused(
                f"port {port} of {shown(host)} is none that pages come from",
                f"add {port} to web.ports if it is to be one",
            )
        return parsed.copy_with(fragment=None)


class _Backend(httpcore2.AsyncNetworkBackend):
    """Makes connections for the pool: the one place where a name becomes an address."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> httpcore2.AsyncNetworkStream:
        try:
            addresses = list(dict.fromkeys(await self._wire.resolve(host, port)))
        except OSError:
            raise Refused(f"{shown(host)} was not found", "check its name, and your connection") from None
        for address in addresses:
            if not is_public(address):
                raise Refused(f"{shown(host)} is {address}, which is no address of the public web")
        trouble: Exception = httpcore2.ConnectError("it has no address")
        for address in addresses[:MOST_ADDRESSES]:
            try:
                return await self._wire.connect(address, port)
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
                trouble = error
        raise trouble

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        raise Refused("it is a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom the system trusts; reading that takes longer than many a page."""
    return httpx2.create_ssl_context(trust_env=False)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends requests whose address a guard has checked: no proxy, no cookies, nothing of the environment."""

    def __init__(self, guard: Guard, wire: Wire) -> None:
        self._guard = guard
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trusted(),
            max_connections=4,
            keepalive_expiry=5.0,
            network_backend=_Backend(wire),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = self._guard.check(str(request.url))
        assert isinstance(request.stream, AsyncIterable)
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
            )
        )
        assert isinstance(answer.stream, AsyncIterable)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Stream(answer.stream))

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close:
            await close()


def shown(text: str) -> str:
    """Return what somebody else wrote as a part of our line: short and printable."""
    text = "".join(c if c.isprintable() else "?" for c in text[:81])
    return text if len(text) <= 80 else text[:77] + "..."
