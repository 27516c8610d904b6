"""Brave Search: its web API, with a key of the user's."""

from __future__ import annotations

import re

import httpx2

from tools.web.engines.types import Asked, Result, answer, key_for, rows, text
from tools.web.guard import Guard, GuardedTransport
from tools.web.threads import apart

NAME = "brave"
ADDRESS = "https://api.search.brave.com/res/v1/web/search"
VARIABLE = "BRAVE_API_KEY"
_MARK = re.compile(r"</?strong>")
"""What it puts round the words that were asked for."""


async def ask(asked: Asked) -> list[Result]:
    """Return what Brave finds."""
    key = await apart(key_for, VARIABLE, NAME)
    request = httpx2.Request(
        "GET",
        ADDRESS,
        params={"q": asked.query, "count": asked.limit, "result_filter": "web"},
        headers={"x-subscription-token": key},
    )
    value = await answer(GuardedTransport(Guard(), asked.wire), request)
    web = value.get("web")
    return [
        Result(
            _MARK.sub("", text(row, "title")),
            text(row, "url"),
            _MARK.sub("", text(row, "description")),
            NAME,
            text(row, "page_age"),
        )
        for row in rows(web.get("results") if isinstance(web, dict) else None)
    ]
