"""workspace/executeCommand: what clients run after they accepted a suggestion."""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from lsp_server.suggestions import Placed

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.commands")

ACCEPTED = "nearside.accepted"
_ids = itertools.count(1)


def accepted_command(ls: NearsideServer, placed: Placed, number: int) -> lsp.Command:
    """Return the command a client runs once this alternative is in its text."""
    return lsp.Command(title="Accepted", command=ACCEPTED, arguments=[f"{next(_ids)}.{number}"])


def accepted(ls: LanguageServer, *arguments: object) -> None:
    """Take note that a suggestion was accepted."""
    log.info("A suggestion was accepted: %s", arguments[0] if arguments else "unnamed")
