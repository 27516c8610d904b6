"""All pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from paging.links import parse_links, related

Get = Callable[[str], tuple[list[object], str]]
"""Returns the entries of a page and its Link header."""


def entries(get: Get, first: str, most: int = 1000) -> Iterator[object]:
    """Yield the entries of all pages, of at most so many; a page is never read twice."""
    address, seen = first, set[str]()
    while address and address not in seen and len(seen) < most:
        seen.add(address)
        found, header = get(address)
        yield from found
        address = related(parse_links(header, address), "next")
