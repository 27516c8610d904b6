"""What one client's session holds: its documents, its settings, and the way to the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from inference.completer import Completer, Mechanisms, Suggestion
from inference.debounce import Debounce
from inference.gate import Gate
from inference.types import Engine, EngineInfo
from lsp_server.action_outline import Outlines
from lsp_server.configuration import plain
from lsp_server.context import Context
from lsp_server.documents import Document, Place
from lsp_server.edits import Edits
from lsp_server.escalation import Escalation
from lsp_server.indexing import Indexing
from lsp_server.mcp_tools import McpTools
from lsp_server.outcomes import Outcomes
from lsp_server.packages import Packages
from lsp_server.positions import Encoding
from lsp_server.project import Project
from lsp_server.protocol import NearsideProtocol, tolerant_converter
from lsp_server.status import Status
from settings.schema import Model, Settings

if TYPE_CHECKING:
    from lsp_server.action_run import Running

OnStatus = Callable[[str], None]
EngineFactory = Callable[[Model, OnStatus], Engine]
"""Makes the engine of a model; it tells how its start goes. Called in a thread, as importing takes time."""


@dataclass
class Client:
    """What the client said about itself in `initialize`."""

    name: str = "unknown"
    encoding: Encoding = "utf-16"
    workspace: Path | None = None
    capabilities: lsp.ClientCapabilities = field(default_factory=lsp.ClientCapabilities)
    options: dict[str, Any] = field(default_factory=dict)
    """Settings in `initialize`."""
    uses_inline: bool = False
    """It asked for an inline completion at least once, whatever it announced."""

    def says(self, ability: str) -> bool:
        """Tell whether it announced an ability that only our clients have, as `experimental.nearside`."""
        experimental = plain(self.capabilities.experimental)
        ours = experimental.get("nearside") if isinstance(experimental, dict) else None
        return isinstance(ours, dict) and ours.get(ability) is True


class NearsideServer(LanguageServer):
    """The server object every handler gets as `ls`."""

    protocol: NearsideProtocol

    def __init__(self, engine_factory: EngineFactory, version: str) -> None:
        super().__init__(
            "nearside",
            version,
            protocol_cls=NearsideProtocol,
            converter_factory=tolerant_converter,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
        )
        self.engine_factory = engine_factory
        self.client = Client()
        self.documents: dict[str, Document] = {}
        self.settings = Settings()
        self.editor_settings: dict[str, Any] = {}
        """What the editor said last, over its options in `initialize`."""
        self.consent_asked: set[tuple[str, ...]] = set()
        """Settings of the project that were asked about in this session."""
        self.loading = asyncio.Lock()
        """Held while settings are read and put in force."""
        self.introduction: asyncio.Task[None] | None = None
        """Waits for the engine to be there."""
        self.warming: asyncio.Task[None] | None = None
        """Has the engine read the document opened last."""
        self.engine: Engine | None = None
        self.info: EngineInfo | None = None
        """What the engine said of itself; None until it is there."""
        self.chat_engine: Engine | None = None
        """The engine of code actions, where settings name another model for them."""
        self.completer: Completer | None = None
        self.mechanisms = Mechanisms()
        self.debounce = Debounce()
        self.gate = Gate()
        self.status = Status(self)
        self.asked: dict[str, tuple[int, Place]] = {}
        """Revision and place of each document's waiting request."""
        self.owed: dict[str, tuple[int, Place]] = {}
        """The same of requests whose answer comes after its deadline."""
        self.suggestions: dict[str, Suggestion] = {}
        """The last suggestion of each document, for whoever asks what it cost."""
        self.edits = Edits()
        self.running: dict[str, Running] = {}
        """The code action under way in each document."""
        self.outlines = Outlines(self)
        self.outcomes = Outcomes(lambda delay, work: asyncio.get_running_loop().call_later(delay, work))
        self.outcomes.on_verdict = self._judged
        self.escalation = Escalation(self)
        self.indexing = Indexing(self)
        self.project = Project(self)
        self.packages = Packages(self)
        self.mcp_tools = McpTools(self)
        self.context = Context(self)
        self._background: set[asyncio.Task[Any]] = set()

    def run_in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start `work` and keep it alive; it ends with the session at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _judged(self, uri: str, taken: bool) -> None:
        """Learn from what became of a suggestion."""
        if taken:
            self.gate.accepted()
        else:
            self.gate.rejected()
            self.escalation.typed_over(uri)

    def stop_background(self) -> None:
        for task in self._background:
            task.cancel()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Leave errors to the log: pygls would show each one to the user as it is."""
