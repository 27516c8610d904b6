"""What installed packages hold, for prompts and for who asks: looked up in an index, never read here.

What the index does not hold yet a process of its own reads, in idle moments; the next question finds it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.types import Members, Snippet
from lsp_server.documents import Document
from lsp_server.suggestions import relative_path
from retrieval.context import DEFINITIONS, Candidate, Query
from settings.schema import Docs

if TYPE_CHECKING:
    from lsp_server.session import NearsideServer
    from tools.documentation.at_cursor import AtCursor
    from tools.documentation.doc import Doc
    from tools.documentation.library import Library

log = logging.getLogger("nearside.packages")

LANGUAGES = ("python",)
LEARN_SECONDS = 60.0
"""Until the process that reads packages is ended."""
WAIT, LOOK_SECONDS = 0.1, 2.0
"""Seconds a prompt's context waits for a look at the index, and until the look itself is given up: the first
one imports what it needs."""
LIBRARY = 1
"""Of the definitions those of packages stand after the project's own in a prompt."""


class Packages:
    """One session's way to the documentation on this machine; also a source of context."""

    name = "the installed packages"
    deadline = 0.2

    def __init__(self, ls: NearsideServer) -> None:
        self._ls = ls
        self._library: Library | None = None
        self._for: tuple[Path, Docs] | None = None
        self._members: dict[str, Members] = {}
        self._tried: set[str] = set()
        """What a process was asked to read; what it could not is not asked again."""
        self._learning: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._last: dict[str, AtCursor] = {}
        """What was found last, by the document's path."""

    @property
    def _settings(self) -> Docs:
        return self._ls.settings.docs

    def library(self) -> Library | None:
        """Return the library of this workspace, which reads nothing itself. Called in a thread."""
        from tools.documentation.index import Index  # here: not needed at the server's start
        from tools.documentation.library import Library, index_file

        workspace = self._ls.client.workspace
        if workspace is None:
            return None
        wanted = workspace, self._settings
        if self._library is None or self._for != wanted:
            self._library, self._for = Library(*wanted, Index(index_file(), reading=False)), wanted
        return self._library

    async def close(self) -> None:
        """End the process that reads, if one does."""
        learning, self._learning = self._learning, None
        if learning:
            learning.cancel()
            with suppress(asyncio.CancelledError):
                await learning

    # Context.

    async def candidates(self, query: Query) -> Sequence[Candidate]:
        """Return signatures of the imported names near the cursor, as far as the index holds them."""
        if not self._settings.completions or query.language not in LANGUAGES:
            return ()
        asked = {
            "text": query.prefix + query.suffix,
            "at": len(query.prefix),
            "language": query.language,
            "head": query.head,
        }
        found = await self._found(asked, query.path)
        if found is None:
            return ()
        if new := found.unread - self._tried:
            self._tried |= new
            self._learn(asked)
        workspace = self._ls.client.workspace
        for document in self._ls.documents.values():
            if relative_path(document.uri, workspace) == query.path:
                self._members[document.uri] = found.members
        return [
            Candidate(Snippet(one.path, one.text), DEFINITIONS, LIBRARY, one.line, one.score)
            for one in found.signatures
        ]

    async def _found(self, asked: dict[str, Any], path: str) -> AtCursor | None:
        """Return what is known at a cursor. Where that takes long, it is what was known in this document
        last, and the next question has the rest."""
        last = self._last.get(path)
        if self._looking is None or self._looking.done():
            self._looking = self._ls.run_in_background(self._look(asked, path))
            await asyncio.wait((self._looking,), timeout=WAIT)
            if self._looking.done():
                return self._last.get(path)
            self._looking.add_done_callback(lambda _: self._late(path, last))
        return last

    def _late(self, path: str, before: AtCursor | None) -> None:
        """Have contexts chosen anew where a look that came late says something else."""
        if self._last.get(path) != before:
            self._ls.context.renewed()

    def members(self, document: Document) -> Members:
        """Return what is known of the receivers at a document's last place that the project does not know."""
        known = {receiver for receiver, _ in self._ls.project.members(document)}
        return tuple(one for one in self._members.get(document.uri, ()) if one[0] not in known)

    def closed(self, document: Document) -> None:
        self._members.pop(document.uri, None)

    async def _look(self, asked: dict[str, Any], path: str) -> None:
        try:
            found = await asyncio.to_thread(self._known, asked)
        except Exception:  # a defect here costs context, not completions
            log.exception("Looking at installed packages failed")
            return
        if found:
            self._last = {path: found}

    def _known(self, asked: dict[str, Any]) -> AtCursor | None:
        """Return what the index holds for a cursor. Called in a thread."""
        from tools.documentation.at_cursor import Cursor, at_cursor
        from tools.documentation.doc import Deadline, Late
        from tools.documentation.index import Lost

        library = self.library()
        if library is None:
            return None
        try:
            return at_cursor(library.python.names, library.project, Cursor(**asked), Deadline(LOOK_SECONDS))
        except (Late, Lost) as error:
            log.info("Returning nothing of installed packages because of %s", type(error).__name__)
            return None

    # What is asked by hand.

    async def documentation(self, name: str, language: str) -> Doc:
        """Return what is known of a name. Raises NotFound."""
        from tools.documentation.doc import NotFound
        from tools.documentation.index import NotRead

        for again in (False, True):
            library = await asyncio.to_thread(self.library)
            if library is None:
                raise NotFound("Nothing was looked up, because no folder is open; open the project's.")
            try:
                return await asyncio.to_thread(library.look, name, language)
            except NotRead:
                if not again:
                    await self._read({"name": name, "language": language})
        raise NotFound(
            f"{name} was not looked up, because its package could not be read; the log may say why."
        )

    # Reading.

    def _learn(self, asked: dict[str, Any]) -> None:
        """Have what was missing read, one process at a time."""
        if self._learning is None or self._learning.done():
            self._learning = self._ls.run_in_background(self._learned(asked))

    async def _learned(self, asked: dict[str, Any]) -> None:
        await self._read(asked)
        self._ls.context.renewed()

    async def _read(self, asked: dict[str, Any]) -> None:
        """Have another process look at the same question, and read what it needs for it."""
        workspace = self._ls.client.workspace
        assert workspace
        settings = json.dumps([list(self._settings.folders), self._settings.python])
        command = [sys.executable, "-P", "-m", "nearside", "docs", "--learn", settings]
        process = await asyncio.create_subprocess_exec(
            *command,
            "--project",
            str(workspace),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(LEARN_SECONDS):
                await process.communicate(json.dumps(asked).encode())
        except TimeoutError:
            log.warning("Installed packages were not read to the end, because it took too long")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        self._library = None  # what lies on the disk is looked at anew
