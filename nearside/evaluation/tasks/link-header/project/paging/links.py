"""Links in the headers of an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

TARGET = re.compile(r"<([^<>]*)>")
PARAMETER = re.compile(r'\s*;\s*([\w!#$&+.^`|~*-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+)))?')
"""A name, and its value in quotes or without."""


class WrongHeader(ValueError):
    """A header is not written as one."""


@dataclass(frozen=True)
class Link:
    """Where a link leads, and its parameters by their names."""

    target: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def relations(self) -> tuple[str, ...]:
        """What it is to the page it is on, in lower case: "next", "last"."""
        return tuple(self.parameters.get("rel", "").lower().split())


def parse_links(header: str, base: str = "") -> list[Link]:
    """Return the links of a Link header, in their order.

    A header is `<target>; name=value; ...`, several of them separated by commas. Names are lower-cased; a value may
    stand in double quotes, in which a backslash takes the next character as it is; a name without a value has an
    empty one. Of a name that comes twice the first counts. Targets are taken relative to `base`. Raises WrongHeader.
    """
    raise NotImplementedError


def related(links: list[Link], relation: str) -> str:
    """Return where the first link of a relation leads; empty where there is none."""
    return next((link.target for link in links if relation in link.relations), "")
