"""What the index holds of a chunk, and what a search gives back."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One chunk. `path` is workspace-relative; lines count from 0 and `last` is still part of it."""

    path: str
    file_hash: str
    """Of the whole file, so that an interrupted run knows what is done."""
    hash: str
    """Of what is embedded: rows with the same one share a vector."""
    language: str
    symbol: str
    header: str
    first: int
    last: int
    private: bool
    """Indexed for local use only."""
    text: str
    words: str
    """What full text search reads: identifiers split beforehand, in whole and in parts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that was found. Scores compare within one list only: BM25, or cosine in [-1, 1]."""

    path: str
    hash: str
    language: str
    symbol: str
    header: str
    first: int
    last: int
    private: bool
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the index is. `chunks` counts rows, `vectors` distinct contents."""

    chunks: int
    vectors: int


def storable(text: str) -> str:
    """Return a text that is valid UTF-8: bytes of a file's name that are none become characters nobody uses.

    They come as lone surrogates (PEP 383) and go to the end of the last private plane; `restored` undoes it.
    """
    if text.isascii():
        return text
    moved = re.sub("[\udc80-\udcff]", lambda found: chr(ord(found[0]) - 0xDC80 + 0x10FF00), text)
    return moved.encode("utf-8", "replace").decode("utf-8")


def restored(text: str) -> str:
    """Return the text that was made storable."""
    if text.isascii():
        return text
    return re.sub("[\U0010ff00-\U0010ff7f]", lambda found: chr(ord(found[0]) - 0x10FF00 + 0xDC80), text)
