"""Which addresses a model may have fetched in one conversation: search results and the user's own, no other.

An address is a way out: who can have a model write one has it say something to the server it names. So a page
that tells the model to put code into an address gets nowhere, whether or not anybody noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from tools.web.engines.types import Result

_WRITTEN = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"'`\\]+", re.IGNORECASE)
_BEHIND = ".,;:!?)]}*_"
"""What may stand behind an address in a sentence, and may belong to it."""


class Conversation:
    """The addresses of one conversation. A link on a page counts as little as one the model makes up: with a
    link for each letter a page could have anything spelled out."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def said(self, text: str) -> None:
        """Take the addresses of what the user wrote; not of files, of tools or of anything else they did not
        type."""
        for found in _WRITTEN.findall(text):
            urls = (f"https://{found}", f"http://{found}") if found.lower().startswith("www.") else (found,)
            for url in urls:
                self._add(url)
                self._add(url.rstrip(_BEHIND))

    def found(self, results: Iterable[Result]) -> None:
        """Take the addresses of search results."""
        for one in results:
            self._add(one.url)

    def may_fetch(self, url: str) -> bool:
        """Tell whether an address is one of these, to the letter; only a fragment is nothing that is sent."""
        return (same := _same(url)) != "" and same in self._known

    def _add(self, url: str) -> None:
        if same := _same(url):
            self._known.add(same)


def _same(url: str) -> str:
    """Return an address in the one form that stands for all spellings which are asked for alike."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc or not url.isprintable() or " " in url:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path or '/'}{query}"
