"""pygls's protocol with three differences: documents are ours, bad params get an answer, exit is orderly."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from cattrs import Converter
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    _params_field_structure_hook,
    _result_field_structure_hook,
    lsp_method,
)

log = logging.getLogger("nearside.protocol")

INVALID_PARAMS = -32602


class Malformed:
    """Stands for params that are not what the method takes."""


class NearsideProtocol(LanguageServerProtocol):
    """What the editor and this server say to each other."""

    # pygls's own mirror splits lines where LSP does not and copies the file on every keystroke: with these
    # out of the way, the handlers in sync.py are the only ones.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]

    def __init__(self, server: Any, converter: Converter) -> None:
        super().__init__(server, converter)
        self.stopped = asyncio.Event()

    @property
    def shut_down(self) -> bool:
        """Whether the client asked for a shutdown, which makes its exit an orderly one."""
        return self._shutdown

    @lsp_method(lsp.EXIT)
    def lsp_exit(self, *_: Any) -> None:
        """End the main loop. Closing the pipes and the exit code are main's."""
        self.stopped.set()

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Turn a decoded message into its type; mark one that does not fit, so that it gets an answer."""
        if "jsonrpc" not in data:
            return data
        try:
            return super().structure_message(data)
        except Exception as error:
            method = str(data.get("method", ""))
            kind = type(error).__name__
            log.warning("Ignoring a message (%s) because it is malformed: %s", method or "an answer", kind)
            if not method:  # an answer nobody can read is none, and whoever waits for it goes on
                return JsonRPCResponseMessage(data.get("id", ""), "2.0", None)
            return JsonRPCRequestMessage(data.get("id", ""), method, "2.0", Malformed())

    def _handle_request(self, msg_id: Any, method_name: str, params: Any) -> None:
        if not isinstance(params, Malformed):
            super()._handle_request(msg_id, method_name, params)
        elif msg_id != "":
            error = lsp.ResponseError(INVALID_PARAMS, f"The params of {method_name} are malformed.")
            self._send_response(msg_id, error=error)


def tolerant_converter() -> Converter:
    """Return a converter that also takes the trigger kinds of older VS Code clients, which count from 0.

    It is pygls's default but for detailed validation: nobody reads the details, and the code generated for
    them makes the first message of each kind half as slow again.
    """
    converter = get_converter(Converter(detailed_validation=False))
    converter.register_structure_hook(JsonRPCRequestMessage, _params_field_structure_hook)
    converter.register_structure_hook(JsonRPCNotification, _params_field_structure_hook)
    converter.register_structure_hook(JsonRPCResponseMessage, _result_field_structure_hook)

    counts_from = 1

    def trigger_kind(value: Any, _: Any = None) -> lsp.InlineCompletionTriggerKind:
        nonlocal counts_from
        if value == 0:
            counts_from = 0
        automatic = value == counts_from + 1
        kinds = lsp.InlineCompletionTriggerKind
        return kinds.Automatic if automatic else kinds.Invoked

    converter.register_structure_hook(lsp.InlineCompletionTriggerKind, trigger_kind)
    return converter
