"""Pieces of a file to search for: one definition each where there is a grammar, sections or windows elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from syntax.facts import Facts


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a file. Lines count from 0 and `last` is still part of it."""

    path: str
    language: str
    symbol: str
    """Qualified name of the definition it is, or belongs to; a heading or a table; empty for other code."""
    header: str
    """One line in front of the text where it is embedded and searched: `path | Outer > name`."""
    text: str
    first: int
    last: int
    hash: str
    """Of header and text, in hexadecimal: the same wherever the piece stands in its file."""

    @property
    def embedded(self) -> str:
        """What is embedded and searched."""
        return f"{self.header}\n{self.text}"


def chunks(path: str, text: str, language: str, facts: Facts | None) -> list[Chunk]:
    """Cut a file into pieces of at most about 2,000 characters, in its order; every line with text is in one."""
    raise NotImplementedError
