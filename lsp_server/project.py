"""The workspace's retrieval process as a session uses it: started, told what is edited, asked, restarted.

Nothing here runs between a keystroke and its answer but `members`, which reads what was answered before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from inference.types import Members, NearsideError, Snippet
from lsp_server.documents import Document
from lsp_server.imports import MissingImport
from lsp_server.suggestions import absolute_path, relative_path
from retrieval.context import DEFINITIONS, SIMILAR, Candidate, Query
from settings.paths import is_no_project
from settings.private import is_private
from settings.schema import Retrieval

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer
    from retrieval.client import RetrievalClient

log = logging.getLogger("nearside.project")

EDIT_PAUSE = 0.3
"""Seconds without a change until the process hears of it; an unsaved rename is known within two."""
LARGEST_EDIT = 400_000
"""Characters of a buffer the process is told of; what is larger is not parsed anyway."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
"""Seconds until a process that ended is started again; they double with every further end."""
STEADY = 60.0
"""Seconds a process must have run for its end to count as the first again."""


class Project:
    """One session's way to the index of its workspace; also a source of context (retrieval/context.py)."""

    name = "the project's index"
    deadline = 0.25

    def __init__(self, ls: NearsideServer) -> None:
        self._ls = ls
        self._client: RetrievalClient | None = None
        self._settings: Retrieval | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._edited: dict[str, asyncio.TimerHandle] = {}
        """Documents whose text the process has not heard of yet."""
        self._members: dict[str, Members] = {}
        self._imports: dict[str, list[MissingImport]] = {}
        self.ready = False
        """Whether every file has been read once, so that no name is missing."""

    @property
    def on(self) -> bool:
        """Whether the workspace is to be indexed."""
        return self._settings is not None

    # The process.

    async def follow(self) -> None:
        """Put the settings in force: start, end or replace the process."""
        wanted = self._ls.settings.retrieval if self._wanted() else None
        if wanted == self._settings:
            return
        await self.close()
        self._settings = wanted
        if wanted:
            self._keeping = self._ls.run_in_background(self._keep(wanted))

    async def close(self) -> None:
        """End the process; the index stays."""
        self._settings = None
        for timer in self._edited.values():
            timer.cancel()
        self._edited.clear()
        keeping, self._keeping = self._keeping, None
        if keeping:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
        await self._end()

    def _wanted(self) -> bool:
        workspace = self._ls.client.workspace
        if workspace is None or not self._ls.settings.retrieval.enabled:
            return False
        if is_no_project(workspace):
            log.info("The workspace is not indexed because it is a whole disk or home folder: %s", workspace)
            return False
        return True

    async def _keep(self, settings: Retrieval) -> None:
        """Run the process, again and again should it end."""
        pause = FIRST_PAUSE
        while True:
            started = time.monotonic()
            try:
                client = await self._start(settings)
                await client.ended.wait()
            except NearsideError as error:
                log.warning("%s", error)
            await self._end()
            pause = FIRST_PAUSE if time.monotonic() - started > STEADY else min(LONGEST_PAUSE, 2 * pause)
            self._ls.status.log(
                f"Completions go on without the project's index, because its process ended; it is started "
                f"again in {pause:.0f} s. The log may say more."
            )
            await asyncio.sleep(pause)

    async def _start(self, settings: Retrieval) -> RetrievalClient:
        from retrieval.client import start  # here: what it needs is not needed at the server's start

        workspace = self._ls.client.workspace
        assert workspace
        self._client = client = await start(workspace, settings, self._told)
        for document in self._ls.documents.values():
            self._tell(document)
        return client

    async def _end(self) -> None:
        client, self._client, self.ready = self._client, None, False
        if client:
            await client.close()

    def _told(self, method: str, params: dict[str, Any]) -> None:
        """Take a notification of the process."""
        if method == "progress":
            self._ls.indexing.report(params)
        elif method == "ready":
            self.ready = True
            self._ls.indexing.done(str(params.get("message", "")))
            self._ls.context.renewed()
        elif method == "note":
            self._ls.status.log(str(params.get("message", "")))

    # What happens in the editor.

    def changed(self, document: Document) -> None:
        """Take note that a document's text is another, or that it was opened."""
        if self._client is None:
            return
        if timer := self._edited.pop(document.uri, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._edited[document.uri] = loop.call_later(EDIT_PAUSE, self._tell, document)

    def saved(self, document: Document) -> None:
        self._flush(document.uri, document)
        self._notify("saved", document.uri, {})

    def closed(self, document: Document) -> None:
        if timer := self._edited.pop(document.uri, None):
            timer.cancel()
        for known in (self._members, self._imports):
            known.pop(document.uri, None)
        self._notify("closed", document.uri, {})

    def files_changed(self, uris: Sequence[str]) -> None:
        """Take note that files changed on disk, as the client watches them."""
        paths = [path for uri in uris if (path := self._path(uri))]
        if self._client and paths:
            self._client.notify("changed_files", {"paths": paths})

    def _tell(self, document: Document) -> None:
        self._edited.pop(document.uri, None)
        text = "".join(document.lines)
        hidden = is_private(absolute_path(document.uri).as_posix()) or document.unfit
        if len(text) <= LARGEST_EDIT and not hidden:
            self._notify("edited", document.uri, {"text": text, "language": document.language})

    def _flush(self, uri: str, document: Document) -> None:
        """Tell the process now what it would hear soon."""
        if timer := self._edited.pop(uri, None):
            timer.cancel()
            self._tell(document)

    def _notify(self, method: str, uri: str, params: dict[str, Any]) -> None:
        path = self._path(uri)
        if self._client and path:
            self._client.notify(method, {"path": path, **params})

    def _path(self, uri: str) -> str:
        """Return a file's path in the workspace; empty where it lies outside, or is no file."""
        workspace = self._ls.client.workspace
        inside = workspace and uri.startswith("file:") and absolute_path(uri).is_relative_to(workspace)
        return relative_path(uri, workspace) if inside else ""

    # What it is asked.

    async def ask(self, method: str, params: dict[str, Any], deadline: float) -> Any:
        """Return what the process answers; an empty object where there is none. Raises NearsideError."""
        return await self._client.request(method, params, deadline) if self._client else {}

    async def candidates(self, query: Query) -> Sequence[Candidate]:
        """Return signatures of what may be used at the cursor, and code like what is there."""
        document = next((d for d in self._ls.documents.values() if self._path(d.uri) == query.path), None)
        if self._client is None or document is None:
            return ()
        self._flush(document.uri, document)
        answer = await self._client.request(
            "context",
            {
                "path": query.path,
                "language": query.language,
                "prefix": query.prefix,
                "suffix": query.suffix,
                "budget": query.budget,
                "body": query.body,
            },
            self.deadline,
        )
        self._members[document.uri] = tuple(
            (receiver, tuple(names)) for receiver, names in answer.get("members", {}).items()
        )
        self._imports[document.uri] = [
            MissingImport(item["name"], item["text"], item["line"] - 1) for item in answer.get("imports", ())
        ]
        found = []
        for tier, kind in ((DEFINITIONS, "signatures"), (SIMILAR, "similar")):
            for item in answer.get(kind, ()):
                snippet = Snippet(item["path"], item["text"])
                found.append(Candidate(snippet, tier, 0, item.get("line", 0), item.get("score", 0.0)))
        return found

    def members(self, document: Document) -> Members:
        """Return what is known of the receivers at the document's last place."""
        return self._members.get(document.uri, ())

    def imports(self, document: Document) -> list[MissingImport]:
        """Return the imports that names likely at the document's last place would need."""
        return self._imports.get(document.uri, [])

    async def symbols(self, query: str, limit: int, deadline: float) -> list[dict[str, Any]]:
        """Return symbols by their names; empty where nothing is indexed."""
        if self._client is None:
            return []
        answer = await self._client.request("symbols", {"query": query, "limit": limit}, deadline)
        return list(answer.get("symbols", ()))

    async def search(self, query: str, limit: int, deadline: float) -> list[dict[str, Any]]:
        """Return places that a question in words is about; empty where nothing is indexed."""
        if self._client is None:
            return []
        answer = await self._client.request("search", {"query": query, "limit": limit}, deadline)
        return list(answer.get("hits", ()))
