"""Columns as clients count them (utf-8, utf-16, utf-32 code units) against indexes into one line of text."""

from __future__ import annotations

from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


def to_index(line: str, units: int, encoding: Encoding) -> int:
    """Return the index in `line` of a column; past the end is the end, inside a character is before it."""
    if units <= 0:
        return 0
    if encoding == "utf-32" or line.isascii():
        return min(units, len(line))
    head = line[: units + 1]  # a character has at least one unit, so the column lies within these
    if encoding == "utf-16":
        raw = head.encode("utf-16-le", "surrogatepass")
        cut = min(2 * units, len(raw))
        if cut < len(raw) and 0xDC <= raw[cut + 1] <= 0xDF and 0xD8 <= raw[cut - 1] <= 0xDB:
            cut -= 2
        return len(raw[:cut].decode("utf-16-le", "surrogatepass"))
    raw = head.encode("utf-8", "surrogatepass")
    cut = min(units, len(raw))
    while 0 < cut < len(raw) and raw[cut] & 0xC0 == 0x80:
        cut -= 1
    return len(raw[:cut].decode("utf-8", "surrogatepass"))


def to_units(line: str, index: int, encoding: Encoding) -> int:
    """Return the column of an index in `line`."""
    head = line[: max(0, index)]
    if encoding == "utf-32" or head.isascii():
        return len(head)
    if encoding == "utf-16":
        return len(head.encode("utf-16-le", "surrogatepass")) // 2
    return len(head.encode("utf-8", "surrogatepass"))
