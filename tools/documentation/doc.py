"""What a look-up answers, and what it says when it finds nothing."""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass
from typing import Any

from inference.types import NearsideError

MOST_TEXT = 6000
"""Characters of an answer's text: about 1,500 tokens of English."""
MOST_SIGNATURE = 1000
LONGEST_NAME = 200
MOST_SUGGESTIONS = 3
_UNSEEN = re.compile(r"[^\S\n\t ]|[^\x20-\U0010ffff\n\t]|[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters and what turns the direction of text round."""


class NotFound(NearsideError):
    """Nothing is known of a name; the message is one line, with what may have been meant."""


class Late(Exception):
    """A source took longer than it may."""


@dataclass(frozen=True, slots=True)
class Doc:
    """What is known of one name."""

    title: str
    """Its full name, as it is imported."""
    signature: str
    text: str
    version: str
    """Of the package; empty where nothing says."""
    where: str
    """Something to click: `file:line` or a URL."""
    source: str
    """What kind of place it comes from: `package`, `standard library`, `.d.ts`, `man page`, …"""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        """Return it as a page: a heading, the signature as code, the text, and where it is from."""
        heading = f"**{self.title}**" + (f" {self.version}" if self.version else "")
        code = f"```\n{self.signature}\n```" if self.signature else ""
        parts = (heading, code, self.text, f"{self.source}: {self.where}")
        return "\n\n".join(part for part in parts if part)


class Deadline:
    """When a source must have answered."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def check(self) -> None:
        """Raise Late once the time is over."""
        if time.monotonic() > self._until:
            raise Late


def checked(name: str) -> str:
    """Return a name as it can be looked up. Raises NotFound for what is none."""
    name = name.strip()
    if not name:
        raise NotFound("Nothing was looked up, because the name is empty; name something, as json.dumps.")
    if len(name) > LONGEST_NAME:
        raise NotFound(
            f"Nothing was looked up, because the name is {len(name):,} characters long; "
            f"at most {LONGEST_NAME} are looked up."
        )
    if (
        _UNSEEN.search(name)
        or "\n" in name
        or "\t" in name
        or any("\ud800" <= sign <= "\udfff" for sign in name)
    ):
        raise NotFound("Nothing was looked up, because the name holds control characters; leave them out.")
    return name


def plain(text: str, most: int = MOST_TEXT) -> str:
    """Return text without control characters, cut at the end of a line where it is too long."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n")).strip("\n").rstrip()
    if len(text) <= most:
        return text
    cut = text[:most]
    return cut[: max(cut.rfind("\n"), most // 2)].rstrip() + "\n…"


def meant(suggestions: list[str]) -> str:
    """Return the end of a message: what may have been meant."""
    return f"; did you mean {' or '.join(suggestions[:MOST_SUGGESTIONS])}?" if suggestions else "."
