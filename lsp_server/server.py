"""The language server: which message goes where, and the process around it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from lsprotocol import types as lsp
from pygls.io_ import StdoutWriter, run_async

from inference.types import Engine
from lsp_server import (
    actions,
    commands,
    configuration,
    documentation,
    events,
    explain,
    hints,
    lifecycle,
    logs,
    reports,
    symbols,
    sync,
)
from lsp_server.inline_completion import inline_completion
from lsp_server.session import EngineFactory, NearsideServer, OnStatus
from lsp_server.status import PATIENCE
from lsp_server.stdio import StdinReader
from settings.schema import Model


def create_server(engine_factory: EngineFactory, version: str = "") -> NearsideServer:
    """Return a server that answers every message below; completions come from the factory's engine."""
    server = NearsideServer(engine_factory, version)
    handle = server.feature

    handle(lsp.INITIALIZE)(lifecycle.initialize)
    handle(lsp.INITIALIZED)(lifecycle.initialized)
    handle(lsp.SHUTDOWN)(lifecycle.shutdown)

    handle(lsp.TEXT_DOCUMENT_DID_OPEN)(sync.did_open)
    handle(lsp.TEXT_DOCUMENT_DID_CHANGE)(sync.did_change)
    handle(lsp.TEXT_DOCUMENT_DID_SAVE)(sync.did_save)
    handle(lsp.TEXT_DOCUMENT_DID_CLOSE)(sync.did_close)

    # Announced always: some clients use it without announcing that they can.
    handle(lsp.TEXT_DOCUMENT_INLINE_COMPLETION, lsp.InlineCompletionOptions())(inline_completion)
    # textDocument/completion is added in lifecycle.initialize for clients that show no ghost text.

    handle(lsp.TEXT_DOCUMENT_CODE_ACTION, actions.OPTIONS)(actions.code_action)
    handle(lsp.CODE_ACTION_RESOLVE)(actions.resolve)
    server.command(actions.ACT)(actions.act)

    handle(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)(configuration.did_change_configuration)
    handle(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)(configuration.did_change_watched_files)
    server.command(commands.ACCEPTED)(commands.accepted)
    handle(lsp.WORKSPACE_SYMBOL)(symbols.workspace_symbol)
    server.command(symbols.SEARCH)(symbols.search)
    server.command(documentation.DOCS)(documentation.docs)
    server.command(documentation.SHOW)(documentation.show)
    server.command(reports.WHY)(reports.why)
    server.command(reports.REPORT)(reports.cost_report)
    server.command(reports.TEXT)(reports.cost_text)
    server.command(reports.LOG)(reports.log_file)
    handle(events.SHOWN)(events.shown)
    handle(events.PARTIALLY_ACCEPTED)(events.partially_accepted)
    handle(events.DISMISSED)(events.dismissed)
    handle("nearside/suggestion")(explain.last_suggestion)
    handle("nearside/cursor")(hints.cursor_rests)
    handle("nearside/yanked")(hints.yanked)
    handle("nearside/diagnostics")(hints.diagnosed)
    return server


def main(argv: Sequence[str] = (), engine_factory: EngineFactory | None = None, version: str = "") -> int:
    """Serve one client over stdin and stdout; return the exit status the protocol asks for."""
    unknown = [argument for argument in argv if argument != "--stdio"]  # some clients always pass it
    if unknown:
        why = f"{unknown[0]} is not an option of `nearside serve`"
        print(f"Nothing was served: {why}. Leave it out.", file=sys.stderr)
        return 2
    server = create_server(engine_factory or local_engine, version)
    try:
        return asyncio.run(serve(server))
    except KeyboardInterrupt:
        return 130


def local_engine(model: Model, on_status: OnStatus) -> Engine:
    """Return the connection to this user's engine; imported late, with what its first request needs."""
    import httpx2  # noqa: F401

    from inference.launch import engine_for

    return engine_for(model, on_status)


async def serve(server: NearsideServer) -> int:
    """Answer one client over stdin and stdout until it leaves; return the exit status."""
    logs.hold()
    protocol = server.protocol
    output, sys.stdout = sys.stdout, sys.stderr  # a stray print must not end up between two messages
    protocol.set_writer(StdoutWriter(output.buffer))
    reading = asyncio.create_task(
        run_async(threading.Event(), StdinReader(sys.stdin.fileno()), protocol, logging.getLogger("pygls"))
    )
    stopped = asyncio.create_task(protocol.stopped.wait())
    try:
        await asyncio.wait((reading, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await lifecycle.shutdown(server)
        logs.stop()
    return 0 if protocol.shut_down else 1
