"""workspace/executeCommand: what clients run after they accepted a suggestion."""

from __future__ import annotations

import logging

from lsprotocol import types as lsp

from lsp_server.session import NearsideServer  # by name: pygls reads the types of a command's parameters
from lsp_server.suggestions import Placed

log = logging.getLogger("nearside.commands")

ACCEPTED = "nearside.accepted"


def accepted_command(ls: NearsideServer, placed: Placed, number: int, ahead: str = "") -> lsp.Command:
    """Return the command a client runs once this alternative is in its text; it also names the suggestion.

    `ahead` is what the client inserts before the suggestion and the document does not hold yet.
    """
    id = ls.outcomes.made(placed, ahead)
    return lsp.Command(title="Accepted", command=ACCEPTED, arguments=[f"{id}.{number}"])


def accepted(ls: NearsideServer, *arguments: object) -> None:
    """Take note that a suggestion was accepted."""
    id, number = suggestion_named(arguments)
    log.info("A suggestion was accepted: %s", id or "unnamed")
    ls.outcomes.accepted(id, number)


def suggestion_named(arguments: object) -> tuple[str, int]:
    """Return which suggestion and which of its alternatives a command's arguments name; "" is none."""
    first = arguments[0] if isinstance(arguments, (list, tuple)) and arguments else ""
    id, _, number = first.partition(".") if isinstance(first, str) else ("", "", "")
    return id, int(number) if number in map(str, range(100)) else 0
