"""The web as tools for a model, within the bounds of one conversation; and what it saw, for the user."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from settings.schema import Web
from tools.lookup import Lookup, Note, unnoted
from tools.toolbox import Argument, Found, Tool, ToolError, tool
from tools.web import fetch as pages
from tools.web import search as engines
from tools.web.conversation import Conversation
from tools.web.extract import CUT
from tools.web.guard import LONGEST_URL, Wire
from tools.web.waits import Waits

MOST_CALLS = 6
SECONDS = 20.0
"""For all calls of one conversation."""
MOST_TEXT = 24_000
"""Characters of all that comes back, some 6,000 tokens."""
MOST_PAGE = 8_000
"""Of one page."""
MOST_RESULTS = 6


@dataclass(frozen=True, slots=True)
class Source:
    """A page or a result that a model was shown."""

    title: str
    url: str
    date: str
    """When it was fetched, as YYYY-MM-DD; empty for a search result."""

    def __str__(self) -> str:
        return f"{self.title} <{self.url}>" + (f", fetched {self.date}" if self.date else "")


class WebTools:
    """The tools of one conversation.

    `clean` takes secrets out of a query; `folder` is where pages and pauses are kept. What they return is
    somebody else's text: whoever shows it to a model fences it as data.
    """

    def __init__(
        self,
        web: Web,
        conversation: Conversation,
        clean: Callable[[str], str],
        *,
        offline: bool = False,
        folder: Path | None = None,
        note: Note = unnoted,
        wire: Wire | None = None,
    ) -> None:
        self.sources: list[Source] = []
        """What the model was shown, each once."""
        self._web, self._conversation, self._clean = web, conversation, clean
        self._offline, self._folder, self._note, self._wire = offline, folder, note, wire
        self._calls, self._seconds, self._characters = 0, 0.0, 0

    def tools(self) -> list[Tool]:
        """Return the tools there are: those the user switched on, and none offline."""
        found = []
        if not engines.closed(self._web, self._offline):
            found.append(tool(self.web_search, notes=True))
        if not pages.closed(self._web, self._offline):
            found.append(tool(self.fetch_page, notes=True))
        return found

    async def web_search(
        self, query: Annotated[str, Argument("a few words, never code", "python asyncio timeout example")]
    ) -> Sequence[Found]:
        """Search the web for pages."""
        return await self._bounded("web_search", lambda: self._search(query))

    async def fetch_page(
        self,
        url: Annotated[
            str,
            Argument(
                "of a search result or from the user, to the letter",
                "https://docs.python.org/3/",
                LONGEST_URL,
            ),
        ],
    ) -> Sequence[Found]:
        """Read a page that a search found or the user named."""
        if not self._conversation.may_fetch(url):
            raise ToolError("only addresses of search results and of the user are fetched, to the letter")
        return await self._bounded("fetch_page", lambda: self._fetch(url))

    async def _search(self, query: str) -> tuple[str, list[Found]]:
        waits = Waits(self._folder / "waits.json") if self._folder else None
        found = await engines.search(
            query, self._web, limit=MOST_RESULTS, clean=self._clean, waits=waits, wire=self._wire
        )
        self._conversation.found(found.results)
        for one in found.results:
            self._saw(Source(one.title, one.url, ""))
        return found.engine, [Found(f"{one.title} <{one.url}>", one.snippet) for one in found.results]

    async def _fetch(self, url: str) -> tuple[str, list[Found]]:
        page = await pages.fetch(url, self._web, wire=self._wire, cache=self._folder)
        source = Source(page.title, page.url, page.fetched)
        self._saw(source)
        text = page.text if len(page.text) <= MOST_PAGE else f"{page.text[:MOST_PAGE]}\n{CUT}"
        return "web", [Found(str(source), text)]

    async def _bounded(
        self, name: str, work: Callable[[], Awaitable[tuple[str, list[Found]]]]
    ) -> list[Found]:
        """Do one call within what is left of calls, time and text, and note it."""
        if self._calls >= MOST_CALLS or self._seconds >= SECONDS or self._characters >= MOST_TEXT:
            raise ToolError("no more is looked up on the web for this; go on with what there is")
        self._calls += 1
        began, engine, ok = time.monotonic(), "", False
        found: list[Found] = []
        try:
            async with asyncio.timeout(SECONDS - self._seconds):
                engine, found = await work()
            ok = True
        except TimeoutError:
            raise ToolError(f"the web was not done within the {SECONDS:.0f} s that all calls have") from None
        finally:
            seconds = time.monotonic() - began
            size = sum(len(one.text) for one in found)
            self._seconds += seconds
            self._characters += size
            self._note(Lookup(name, engine, seconds, size, ok))
        return found

    def _saw(self, source: Source) -> None:
        if source not in self.sources:
            self.sources.append(source)
