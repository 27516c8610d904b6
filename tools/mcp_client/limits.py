"""How much of a server is taken, and the line that says what is wrong with one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from inference.types import NearsideError

START_SECONDS = 10.0
"""Until a server has introduced itself and listed its tools; many are started by `npx`, which takes two."""
CALL_SECONDS = 20.0
LONGEST_MESSAGE = 4 << 20
"""Bytes: ten thousand tools take two or three million."""
MOST_BYTES = 16 << 20
MOST_MESSAGES = 1_000
"""Between two requests of ours: what is unasked for are notes of progress and logs."""
MOST_GARBAGE = 50
"""Lines that are no messages; some servers print a greeting."""
MOST_LISTED = 2_000
"""Tools that are looked at."""
MOST_PAGES = 50
MOST_RESULT = 32_000
"""Characters of one result; whoever shows it to a model cuts further."""


class Broken(NearsideError):
    """A server cannot be used, or not any more."""


@dataclass
class Fault:
    """What a server did wrong, once it has: words that follow `because`."""

    reason: str = ""
    ending: bool = False
    """Whether it is being ended, so that its end is none of its doing."""
    noticed: asyncio.Event = field(default_factory=asyncio.Event)

    def found(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.noticed.set()


@dataclass
class Allowance:
    """What a server may still send before we ask something again. Raises OverflowError beyond it."""

    bytes: int = MOST_BYTES
    messages: int = MOST_MESSAGES
    garbage: int = MOST_GARBAGE

    def renew(self) -> None:
        self.bytes, self.messages = MOST_BYTES, MOST_MESSAGES

    def take(self, count: int) -> None:
        self.bytes -= count
        if self.bytes < 0:
            raise OverflowError(f"it sent more than {MOST_BYTES >> 20} MB at once")

    def message(self) -> None:
        self.messages -= 1
        if self.messages < 0:
            raise OverflowError(f"it sent more than {MOST_MESSAGES:,} messages that nobody asked for")

    def no_message(self) -> None:
        self.garbage -= 1
        if self.garbage < 0:
            raise OverflowError("it writes what is no message to its standard output")
