"""What clients tell of a suggestion besides its acceptance: that it is shown, taken in part, or put away.

The first two have the names and params that another language server for completion documents. A suggestion is
known by its item's command.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsp_server.commands import suggestion_named
from lsp_server.configuration import plain
from lsp_server.positions import to_index

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.events")

SHOWN = "textDocument/didShowCompletion"
PARTIALLY_ACCEPTED = "textDocument/didPartiallyAcceptCompletion"
DISMISSED = "nearside/dismissed"


def shown(ls: NearsideServer, params: Any) -> None:
    """`{item}`: an item of an answer is on the screen."""
    ls.outcomes.shown(_item(params)[0])


def partially_accepted(ls: NearsideServer, params: Any) -> None:
    """`{item, acceptedLength}`: how much of the item's insertText, from its start and in UTF-16 units, is in
    the document by now."""
    id, text = _item(params)
    length = plain(params).get("acceptedLength") if isinstance(plain(params), dict) else None
    if isinstance(length, int):
        ls.outcomes.partially_accepted(id, text, to_index(text, max(0, length), "utf-16"))


def dismissed(ls: NearsideServer, params: Any) -> None:
    """`{item}`: the user put it away, or left the place it was shown at."""
    ls.outcomes.dismissed(_item(params)[0])


def _item(params: Any) -> tuple[str, str]:
    """Return an item's suggestion and its text; both are empty where params hold something else."""
    given = plain(params)
    item = given.get("item") if isinstance(given, dict) else None
    command = item.get("command") if isinstance(item, dict) else None
    arguments = command.get("arguments") if isinstance(command, dict) else None
    text = item.get("insertText") if isinstance(item, dict) else None
    return suggestion_named(arguments)[0], text if isinstance(text, str) else ""
