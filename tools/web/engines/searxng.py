"""SearXNG, of the user's own: its JSON API, which its settings must allow (search.formats)."""

from __future__ import annotations

import httpx2

from tools.web.engines.types import Asked, EngineFailed, Result, answer, rows, text

NAME = "searxng"


async def ask(asked: Asked) -> list[Result]:
    """Return what SearXNG finds. Its address is the user's, and may be of their own network."""
    if not asked.web.searxng_url:
        raise EngineFailed("web.searxng_url is not set")
    url = httpx2.URL(asked.web.searxng_url.rstrip("/") + "/search")
    request = httpx2.Request("GET", url, params={"q": asked.query, "format": "json"})
    try:
        value = await answer(httpx2.AsyncHTTPTransport(trust_env=False), request)
    except EngineFailed as failed:
        if "answered 403" in str(failed):
            raise EngineFailed('it answered 403; add "json" to search.formats of its settings') from None
        raise
    return [
        Result(text(row, "title"), text(row, "url"), text(row, "content"), NAME, text(row, "publishedDate"))
        for row in rows(value.get("results"))
    ]
