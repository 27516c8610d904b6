"""workspace/executeCommand: what clients run after they accepted a suggestion."""

from __future__ import annotations

import logging

from lsprotocol import types as lsp

from lsp_server import imports
from lsp_server.configuration import plain
from lsp_server.session import NearsideServer  # by name: pygls reads the types of a command's parameters
from lsp_server.suggestions import Placed

log = logging.getLogger("nearside.commands")

ACCEPTED = "nearside.accepted"


def accepted_command(ls: NearsideServer, placed: Placed, number: int, ahead: str = "") -> lsp.Command:
    """Return the command a client runs once this alternative is in its text; it also names the suggestion.

    `ahead` is what the client inserts before the suggestion and the document does not hold yet.
    """
    id = ls.outcomes.made(placed, ahead)
    arguments: list[object] = [f"{id}.{number}"]
    if missing := imports.needed(ls, placed.document, ahead + placed.suggestion.texts[number]):
        arguments.append(imports.as_argument(placed.document, missing))
    return lsp.Command(title="Accepted", command=ACCEPTED, arguments=arguments)


async def accepted(ls: NearsideServer, *arguments: object) -> None:
    """Take note that a suggestion was accepted, and add the imports it needs."""
    id, number = suggestion_named(arguments)
    log.info("A suggestion was accepted: %s", id or "unnamed")
    ls.outcomes.accepted(id, number)
    given = arguments[0] if arguments and isinstance(arguments[0], (list, tuple)) else arguments
    if len(given) > 1:
        await imports.add(ls, plain(given[1]))


def suggestion_named(arguments: object) -> tuple[str, int]:
    """Return which suggestion and which of its alternatives a command's arguments name; "" is none."""
    first = arguments[0] if isinstance(arguments, (list, tuple)) and arguments else ""
    id, _, number = first.partition(".") if isinstance(first, str) else ("", "", "")
    return id, int(number) if number in map(str, range(100)) else 0
