"""One page of the public web, within bounds, as Markdown."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx2

from settings.schema import Web
from tools.web.cache import through_cache
from tools.web.extract import HTML, MOST_TEXT, decoded, is_readable, markdown
from tools.web.guard import Guard, GuardedTransport, Internet, WebError, Wire, shown
from tools.web.http import AGENT, Received, Unusable, received
from tools.web.reading import Unread, read

MOST_REDIRECTS = 5
MOVED = frozenset((301, 302, 303, 307, 308))
HEADERS = {
    "user-agent": AGENT,
    "accept": "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, application/json;q=0.9, "
    "application/xml;q=0.8",
    "accept-encoding": "gzip",
}


class NotFetched(WebError):
    """A page could not be had, or is none that can be read."""

    def __init__(self, why: str, advice: str = "try another page") -> None:
        super().__init__(f"The page was not fetched, because {why}; {advice}.")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says."""

    title: str
    """Its address where it has none."""
    url: str
    """Where it was in the end."""
    fetched: str
    """When, as YYYY-MM-DD in UTC; of a page from the cache, when its server sent it."""
    text: str = field(repr=False)
    """Markdown of an HTML page, else as it came."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def closed(web: Web, offline: bool = False) -> str:
    """Return why no page is fetched, or an empty string."""
    if offline:
        return "Nothing was fetched, because Nearside is offline; leave out --offline for that."
    if not web.fetch:
        return "Nothing was fetched, because web.fetch is off; set it to true in your settings."
    return ""


async def fetch(url: str, web: Web, *, wire: Wire | None = None, cache: Path | None = None) -> Page:
    """Return a page. `cache` is a folder for what may be kept.

    Raises Refused where the guard lets it not through, and NotFetched for all that is wrong with the page.
    """
    if why := closed(web):
        raise WebError(why)
    guard = Guard(frozenset(map(int, web.ports)))
    asked = guard.check(url)
    most = web.max_kb * 1024
    try:
        async with asyncio.timeout(web.timeout):
            transport: httpx2.AsyncBaseTransport = GuardedTransport(guard, wire or Internet())
            if cache:
                transport = await through_cache(transport, cache, most)
            async with transport:
                where, got = await _followed(transport, guard, asked, most)
            return await _page(where, got)
    except TimeoutError:
        raise NotFetched(
            f"it was not there after {web.timeout} s", "try again, or raise web.timeout"
        ) from None
    except (Unusable, Unread) as error:
        raise NotFetched(str(error)) from None


async def _followed(
    transport: httpx2.AsyncBaseTransport, guard: Guard, url: httpx2.URL, most: int
) -> tuple[httpx2.URL, Received]:
    """Return the first answer that is no redirect, and its address. Each address on the way is checked."""
    for _ in range(MOST_REDIRECTS + 1):
        request = httpx2.Request("GET", url, headers=HEADERS)
        got = await received(transport, request, most, wanted=_is_page)
        if got.status not in MOVED or "location" not in got.headers:
            return url, got
        target = got.headers["location"]
        try:
            url = guard.check(str(url.join(target)))
        except (httpx2.InvalidURL, ValueError):
            raise NotFetched(f"its server sends on to {shown(target)}, which is no address") from None
    raise NotFetched(f"its server sends on more than {MOST_REDIRECTS} times")


def _is_page(status: int, headers: httpx2.Headers) -> bool:
    return status == 200 and is_readable(Received(status, headers, b"").media)


async def _page(url: httpx2.URL, got: Received) -> Page:
    if got.status != 200:
        raise NotFetched(f"its server answered {got.status}")
    if not is_readable(got.media):
        raise NotFetched(f"it is {shown(got.media) or 'of no kind its server names'}, and no text")
    charset = httpx2.Response(200, headers=got.headers).charset_encoding or ""
    text = decoded(got.body, charset, got.media)
    if text is None:
        raise NotFetched("it is binary, whatever its server says")
    title = ""
    if got.media in HTML:
        title, text = await read(text, got.media, MOST_TEXT)
    else:
        text = markdown(text, got.media)
    if not text:
        raise NotFetched("it is empty")
    return Page(title or str(url), str(url), _day(got), text)


def _day(got: Received) -> str:
    when = time.time()
    if got.cached:
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            when = min(when, parsedate_to_datetime(got.headers.get("date", "")).timestamp())
    return time.strftime("%Y-%m-%d", time.gmtime(max(0.0, when)))
