"""Identifiers taken apart for full-text search: `getUserName` is found as itself and as get, user, name."""

from __future__ import annotations


def split_identifiers(text: str) -> str:
    """Return the words of a text in lower case, each identifier followed by its parts."""
    raise NotImplementedError


def split_query(query: str) -> str:
    """Return the words of a query, taken apart like those of a text, each once."""
    raise NotImplementedError
