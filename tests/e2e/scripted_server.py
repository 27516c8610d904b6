"""A language server whose answers a test writes down beforehand, for what depends on order and timing.

It reads the file named by SCRIPT at each request: a list of rules, of which the first whose `after` ends the
text before the cursor answers. It writes what it is sent to the file named by LOG, one JSON object per line.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("nearside-scripted", "1.2.3")
released = asyncio.Event()


def record(event: str, **details: Any) -> None:
    """Append one event to the log."""
    with Path(os.environ["LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"event": event, **details}) + "\n")


@server.feature(types.INITIALIZE)
def initialize(params: types.InitializeParams) -> None:
    announced = params.capabilities.text_document
    record(
        "initialize",
        options=params.initialization_options,
        root=params.root_uri,
        inline=announced is not None and announced.inline_completion is not None,
        pid=os.getpid(),
    )


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(params: types.DidOpenTextDocumentParams) -> None:
    record("didOpen", uri=params.text_document.uri)


@server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
    record("didChangeConfiguration", settings=_plain(params.settings))


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
    document = server.workspace.get_text_document(params.text_document.uri)
    line = document.lines[params.position.line].rstrip("\r\n") if document.lines else ""
    units = document.position_codec.position_from_client_units(document.lines or [""], params.position)
    before = line[: units.character]
    by_hand = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    record("inlineCompletion", before=before, by_hand=by_hand)
    rules: list[dict[str, Any]] = json.loads(Path(os.environ["SCRIPT"]).read_text(encoding="utf-8"))
    rule: dict[str, Any] = next((rule for rule in rules if before.endswith(rule["after"])), {"items": []})
    if rule.get("hold"):
        try:
            await released.wait()
        except asyncio.CancelledError:
            record("cancelled", before=before)
            raise
    texts = rule["items"] if by_hand else rule["items"][:1]
    at = params.position
    if rule.get("trims"):  # what was typed meanwhile is cut off, and the place moves behind it
        now = server.workspace.get_text_document(params.text_document.uri)
        grown = len(now.lines[at.line].rstrip("\r\n")) - len(line)
        texts, at = [text[grown:] for text in texts], types.Position(at.line, at.character + grown)
    end = types.Position(at.line, at.character + rule.get("replaces", 0))
    start = types.Position(at.line, 0) if rule.get("repeats_line") else at
    record("answered", before=before)
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(
                insert_text=text,
                range=types.Range(start, end),
                command=types.Command(title="Accepted", command="scripted.accepted", arguments=[text]),
            )
            for text in texts
        ]
    )


@server.command("scripted.accepted")
def accepted(text: str) -> None:
    record("accepted", text=text)


@server.feature("textDocument/didShowCompletion")
def shown(params: Any) -> None:
    record("shown", text=params.item.command.arguments[0])


@server.feature("textDocument/didPartiallyAcceptCompletion")
def partially_accepted(params: Any) -> None:
    record("partial", text=params.item.command.arguments[0], length=params.acceptedLength)


@server.feature("nearside/dismissed")
def dismissed(params: Any) -> None:
    record("dismissed", text=params.item.command.arguments[0])


@server.feature("nearside/yanked")
def yanked(params: Any) -> None:
    record("yanked", first=params.range.start.line, last=params.range.end.line)


@server.feature("nearside/diagnostics")
def diagnosed(params: Any) -> None:
    record("diagnostics", messages=[item.message for item in params.diagnostics])


@server.command("scripted.release")
def release() -> None:
    released.set()


@server.command("scripted.message")
def message(kind: int, text: str) -> None:
    server.window_show_message(types.ShowMessageParams(types.MessageType(kind), text))


def _plain(value: Any) -> Any:
    """Return settings as plain JSON values; pygls hands objects over as named tuples."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value


if __name__ == "__main__":
    server.start_io()
