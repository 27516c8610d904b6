"""The web for an action: where the user's settings switch it on, with secrets taken out and calls noted."""

from __future__ import annotations

import time
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from inference.ledger import Ledger
from inference.ledger_rows import LookupEntry
from settings import offline, paths
from settings.schema import Web
from tools.lookup import Lookup, Note, unnoted

if TYPE_CHECKING:
    from tools.web.tools import WebTools


def web_tools(web: Web, said: str, root: Path, ledger: Ledger | None) -> WebTools | None:
    """Return the tools of one conversation; None where the web is off, or Nearside offline.

    `said` is what the user wrote, and nothing else: pages it names may be fetched.
    """
    if offline.wanted() or not (web.search or web.fetch):
        return None
    from tools.web.conversation import Conversation
    from tools.web.tools import WebTools

    conversation = Conversation()
    conversation.said(said)
    return WebTools(web, conversation, without_secrets, folder=folder(), note=noted(ledger, root))


def folder() -> Path:
    """Return where pages and pauses are kept; it may not exist."""
    return paths.cache_dir() / "web"


def without_secrets(text: str) -> str:
    """Return a text with placeholders for secrets. Raises WillNotSend for what cannot be cleaned."""
    from inference.outbound.redact import Vault

    [cleaned], _ = Vault().redact([text])
    return cleaned


def noted(ledger: Ledger | None, root: Path) -> Note:
    """Return what puts calls into the ledger, where there is one."""
    if ledger is None:
        return unnoted

    def note(lookup: Lookup) -> None:
        ledger.looked_up(LookupEntry(time.time(), str(root), *astuple(lookup)))

    return note
