"""initialize, initialized, shutdown: learn who the client is, start work once it is ready, stop it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.uris import to_fs_path

from lsp_server import action_run, completion, configuration, engine, figures, recording
from lsp_server.configuration import plain
from lsp_server.positions import ENCODINGS

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer

log = logging.getLogger("nearside.lifecycle")


def initialize(ls: NearsideServer, params: lsp.InitializeParams) -> None:
    """Note what the client is and can. Nothing slow happens here: the editor waits for the answer."""
    client = ls.client
    client.capabilities = params.capabilities
    name = params.client_info.name if params.client_info else "unknown"
    client.name = f"{name}-{os.getpid()}"  # two windows of one editor are two clients of the engine
    client.workspace = _workspace(params)
    ls.outcomes.client, ls.outcomes.project = name, str(client.workspace or "")
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
    client.encoding = next(encoding for encoding in ENCODINGS if encoding == chosen)
    client.options = configuration.section(plain(params.initialization_options))
    document = params.capabilities.text_document
    if not (document and document.inline_completion):
        ls.feature(lsp.TEXT_DOCUMENT_COMPLETION, completion.options(ls))(completion.completion)


async def initialized(ls: NearsideServer, _: lsp.InitializedParams) -> None:
    """Read the settings, connect to the engine, and keep watching the settings."""
    ls.editor_settings = await configuration.pull(ls)
    await configuration.load(ls)
    ls.run_in_background(configuration.watch(ls))
    if ls.client.says(figures.SHOWS):
        ls.run_in_background(figures.tell(ls))


async def shutdown(ls: NearsideServer, _: None = None) -> None:
    """Stop what runs; the process itself ends with `exit`, or when its input does."""
    await action_run.close(ls)
    ls.stop_background()
    await ls.escalation.close()
    ls.outcomes.close()
    await ls.project.close()
    await ls.packages.close()
    await ls.mcp_tools.close()
    await recording.stop(ls)
    await engine.disconnect(ls)


def _workspace(params: lsp.InitializeParams) -> Path | None:
    """Return the first workspace folder, or the older forms of it."""
    uri = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
    path = to_fs_path(uri) if uri else params.root_path
    return Path(path) if path else None
