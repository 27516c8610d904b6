"""`nearside web`: search the web with the engines of the user's choice, or fetch one page as Markdown."""

from __future__ import annotations

import json
import time

from actions.web import folder, without_secrets
from settings import offline
from settings.schema import Web
from tools.lookup import Lookup, Note
from tools.web import fetch as pages
from tools.web import search as engines
from tools.web.fetch import Page
from tools.web.guard import Internet, WebError, Wire
from tools.web.search import Found
from tools.web.waits import Waits

WIRE: Wire = Internet()


async def search(query: str, web: Web, limit: int, note: Note) -> Found:
    """Return what the first engine finds that has an answer. Raises NearsideError."""
    if why := engines.closed(web, offline.wanted()):
        raise WebError(why)
    began, found = time.monotonic(), None
    waits = Waits(folder() / "waits.json")
    try:
        found = await engines.search(query, web, limit=limit, clean=without_secrets, waits=waits, wire=WIRE)
        return found
    finally:
        size = sum(len(one.snippet) for one in found.results) if found else 0
        engine = found.engine if found else ""
        note(Lookup("web_search", engine, time.monotonic() - began, size, found is not None))


async def fetch(url: str, web: Web, note: Note) -> Page:
    """Return a page. Raises NearsideError."""
    if why := pages.closed(web, offline.wanted()):
        raise WebError(why)
    began, page = time.monotonic(), None
    try:
        page = await pages.fetch(url, web, wire=WIRE, cache=folder())
        return page
    finally:
        size = len(page.text) if page else 0
        note(Lookup("fetch_page", "web" if page else "", time.monotonic() - began, size, page is not None))


def printed(found: Found, as_json: bool) -> str:
    """Return results for the user: title, address and a snippet each."""
    if as_json:
        return json.dumps(found.as_json(), indent=1, ensure_ascii=False)
    blocks = []
    for one in found.results:
        date = f"  ({one.date})" if one.date else ""
        blocks.append("\n".join(filter(None, [f"{one.title}{date}", f"  {one.url}", f"  {one.snippet}"])))
    return "\n".join(blocks)


def summary(found: Found) -> str:
    """Return one line of who answered, and why others did not."""
    failed = "; ".join(f"{one.engine}: {one.why}" for one in found.tried)
    if not found.results:
        return f"Nothing was found ({failed})."
    count = f"{len(found.results)} result" + ("" if len(found.results) == 1 else "s")
    return f"{count} from {found.engine}" + (f" (before it, {failed})" if failed else "")
