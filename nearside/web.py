"""`nearside web`: search the web with the engines of the user's choice, or fetch one page as Markdown."""

from __future__ import annotations

import json

from inference.outbound.redact import Vault
from settings import offline, paths
from settings.schema import Web
from tools.web import search as engines
from tools.web.guard import Internet, Wire
from tools.web.search import Found
from tools.web.waits import Waits

WIRE: Wire = Internet()


async def search(query: str, web: Web, limit: int) -> Found:
    """Return what the first engine finds that has an answer. Raises NearsideError."""
    if why := engines.closed(web, offline.wanted()):
        raise engines.SearchFailed(why)
    waits = Waits(paths.cache_dir() / "web" / "waits.json")
    return await engines.search(query, web, limit=limit, clean=without_secrets, waits=waits, wire=WIRE)


def without_secrets(text: str) -> str:
    """Return a text with placeholders for secrets. Raises WillNotSend for what cannot be cleaned."""
    [cleaned], _ = Vault().redact([text])
    return cleaned


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
