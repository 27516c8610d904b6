"""ddgs: DuckDuckGo without a key, read off its pages; for occasional use, and often refused."""

from __future__ import annotations

import importlib
import sys

from tools.web.engines.types import Asked, EngineFailed, Result, text
from tools.web.threads import apart
from tools.web.waits import DEFAULT_SECONDS

NAME = "ddgs"
BACKEND = "duckduckgo"
"""One engine by name: those the library takes by itself are not all ones a user would choose."""


async def ask(asked: Asked) -> list[Result]:
    """Return what DuckDuckGo finds."""
    return await apart(_ask, asked)


def _ask(asked: Asked) -> list[Result]:
    try:
        ddgs = importlib.import_module("ddgs")
        errors = importlib.import_module("ddgs.exceptions")
    except ImportError:
        raise EngineFailed(f"it is not installed; run: {sys.executable} -m pip install ddgs") from None
    try:
        with ddgs.DDGS(timeout=asked.web.timeout) as session:
            found = session.text(asked.query, max_results=asked.limit, backend=BACKEND)
    except errors.RatelimitException:
        raise EngineFailed("it was refused for asking too often", DEFAULT_SECONDS) from None
    except Exception as error:  # its own, its client's, and whatever a changed page leads to
        if "no results" in str(error).lower():
            return []
        raise EngineFailed(f"it failed ({type(error).__name__})") from None
    rows = [row for row in found if isinstance(row, dict)]
    return [Result(text(row, "title"), text(row, "href"), text(row, "body"), NAME) for row in rows]
