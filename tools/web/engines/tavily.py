"""Tavily: its search API, with a key of the user's."""

from __future__ import annotations

import httpx2

from tools.web.engines.types import Asked, Result, answer, key_for, rows, text
from tools.web.guard import Guard, GuardedTransport
from tools.web.threads import apart

NAME = "tavily"
ADDRESS = "https://api.tavily.com/search"
VARIABLE = "TAVILY_API_KEY"


async def ask(asked: Asked) -> list[Result]:
    """Return what Tavily finds."""
    key = await apart(key_for, VARIABLE, NAME)
    request = httpx2.Request(
        "POST",
        ADDRESS,
        json={"query": asked.query, "max_results": asked.limit, "search_depth": "basic"},
        headers={"authorization": f"Bearer {key}"},
    )
    value = await answer(GuardedTransport(Guard(), asked.wire), request)
    return [
        Result(text(row, "title"), text(row, "url"), text(row, "content"), NAME, text(row, "published_date"))
        for row in rows(value.get("results"))
    ]
