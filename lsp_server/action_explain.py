"""Where an explanation is shown: in the window of a plugin of ours, as a document, or as a path to one."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server.status import PATIENCE
from settings import paths

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.actions")

EXPLANATION = "nearside/explanation"
"""{title, text}: Markdown for clients that announced that they show it."""
KEPT = 20
"""Explanations that stay in the cache folder, the newest."""


async def show(ls: NearsideServer, title: str, text: str) -> None:
    """Show Markdown to the user."""
    if ls.client.says("showsExplanation"):
        ls.protocol.notify(EXPLANATION, {"title": title, "text": text})
        return
    try:
        file = await asyncio.to_thread(_write, title, text)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        line = f"There is no explanation, because its file cannot be written ({why})."
        ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, line))
        return
    window = ls.client.capabilities.window
    if window and window.show_document and window.show_document.support:
        try:
            async with asyncio.timeout(PATIENCE):
                params = lsp.ShowDocumentParams(file.as_uri(), take_focus=True)
                if (await ls.window_show_document_async(params)).success:
                    return
        except (JsonRpcException, TimeoutError):
            log.info("The client would not open %s", file)
    ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, f"The explanation is in {file}"))


def _write(title: str, text: str) -> Path:
    folder = paths.cache_dir() / "explanations"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:80]
    file = folder / f"{name or 'explanation'}.md"
    file.write_text(f"# {title}\n\n{text}", encoding="utf-8")
    others = sorted(folder.glob("*.md"), key=lambda other: other.stat().st_mtime_ns)
    for old in others[:-KEPT]:
        old.unlink(missing_ok=True)
    return file
