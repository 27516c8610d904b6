"""Search engines in the user's order: the first that has something answers, and each other says why not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from settings.schema import Web
from tools.web.engines import brave, duck, searxng, tavily
from tools.web.engines.types import Asked, EngineFailed, Result
from tools.web.guard import Internet, WebError, Wire
from tools.web.waits import Waits

LONGEST_QUERY = 200
"""Characters; a query is a handful of words, and a place where code could leave."""
MOST_RESULTS = 20
MOST_SNIPPET = 400
MOST_TITLE = 200
MOST_URL = 2048
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Engine = Callable[[Asked], Awaitable[list[Result]]]
ENGINES: Mapping[str, Engine] = {
    "searxng": searxng.ask,
    "brave": brave.ask,
    "tavily": tavily.ask,
    "ddgs": duck.ask,
}


class SearchFailed(WebError):
    """No engine answered, or there is none."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An engine that had no answer."""

    engine: str
    why: str
    """As what follows 'because'."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one engine answered."""

    results: tuple[Result, ...]
    engine: str
    """Empty where no engine found anything."""
    tried: tuple[Tried, ...] = ()
    """The engines before it, and why they had nothing."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def closed(web: Web, offline: bool = False) -> str:
    """Return why the web is not searched, or an empty string."""
    if offline:
        return "Nothing was searched, because Nearside is offline; leave out --offline for that."
    if not web.search:
        return (
            "Nothing was searched, because web.search names no engine; set it, as to "
            '["searxng"], in your settings.'
        )
    return ""


async def search(
    query: str,
    web: Web,
    *,
    limit: int = 8,
    clean: Callable[[str], str] = str,
    waits: Waits | None = None,
    wire: Wire | None = None,
) -> Found:
    """Return at most `limit` results of the first engine that has any.

    `clean` takes secrets out of the query before any engine sees it. Raises SearchFailed where every engine
    failed, and what `clean` raises.
    """
    if why := closed(web):
        raise SearchFailed(why)
    words = clean(" ".join(query.split())[:LONGEST_QUERY])
    if not words:
        raise SearchFailed("Nothing was searched, because the query is empty; say what you look for.")
    waits = waits or Waits()
    asked = Asked(words, max(1, min(limit, MOST_RESULTS)), web, wire or Internet())
    tried: list[Tried] = []
    empty = False
    for name in web.search:
        if seconds := waits.left(name):
            tried.append(Tried(name, f"it asked to be left alone for {seconds} s more"))
            continue
        try:
            async with asyncio.timeout(web.timeout):
                results = tidy(await ENGINES[name](asked), asked.limit)
        except TimeoutError:
            tried.append(Tried(name, f"it had not answered after {web.timeout} s"))
        except EngineFailed as failed:
            if failed.wait:
                waits.note(name, failed.wait)
            tried.append(Tried(name, str(failed)))
        except WebError as error:
            tried.append(Tried(name, str(error)))
        else:
            if results:
                return Found(tuple(results), name, tuple(tried))
            empty = True
            tried.append(Tried(name, "it found nothing"))
    if empty:
        return Found((), "", tuple(tried))
    failures = "; ".join(f"{one.engine}: {one.why}" for one in tried)
    raise SearchFailed(f"Nothing was found on the web, because no engine answered ({failures}).")


def tidy(results: list[Result], limit: int) -> list[Result]:
    """Return results fit to be shown: one for each address, short, on one line, http and https only."""
    kept: dict[str, Result] = {}
    for one in results:
        url = one.url.strip()
        if not url.startswith(("http://", "https://")) or not url.isprintable() or len(url) > MOST_URL:
            continue
        date = _DAY.match(one.date.strip())
        title, snippet = _line(one.title, MOST_TITLE), _line(one.snippet, MOST_SNIPPET)
        tidied = Result(title or url, url, snippet, one.engine, date[0] if date else "")
        kept.setdefault(url, tidied)
    return list(kept.values())[:limit]


def _line(text: str, most: int) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
