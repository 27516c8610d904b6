"""All sources of documentation of one project, asked in their order, each within its time."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

from settings.paths import cache_dir
from settings.schema import Docs
from tools.documentation.doc import Deadline, Doc, Late, NotFound, checked, meant
from tools.documentation.docsets import Docsets
from tools.documentation.environment import environment_of
from tools.documentation.index import Index, Lost, NotRead
from tools.documentation.javascript import JavaScript
from tools.documentation.man import Man, is_command
from tools.documentation.native import Go, Rust
from tools.documentation.python import Python
from tools.toolbox import Argument, Found, ToolError

SECONDS = 10.0
"""Until a source is passed over: the first look into a large package takes one or two."""
GRACE = 1.0
"""Seconds more for a source that hangs where it cannot look at the clock, as on a dead network folder."""
JAVASCRIPT = ("javascript", "javascriptreact", "typescript", "typescriptreact")
MANUAL = ("man", "c", "cpp", "shellscript", "sh", "bash")
LONGEST_ASKED = 120
"""Characters of a name that a model may ask for."""
T = TypeVar("T")
log = logging.getLogger("nearside.documentation")


class Source(Protocol):
    """A kind of place that documents names."""

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return what is known of a name; None where this is not its place.

        Raises NotFound, Late, NotRead."""
        ...


def index_file() -> Path:
    return cache_dir() / "docs" / "index.db"


class Library:
    """Documentation of the names that a project may use. Threads may share one."""

    def __init__(self, project: Path, settings: Docs, index: Index | None = None) -> None:
        self.project, self.settings = project, settings
        self.index = index or Index(index_file())
        self._lock = threading.Lock()
        self._python: Python | None = None

    def close(self) -> None:
        self.index.close()

    @property
    def python(self) -> Python:
        if self._python is None:
            self._python = Python(environment_of(self.project, self.settings.python), self.index)
        return self._python

    def look(self, name: str, language: str = "", seconds: float = SECONDS) -> Doc:
        """Return what is known of a name. Raises NotFound, with one line for the user."""
        name = checked(name)
        refusals: list[str] = []
        late: list[str] = []
        for source_name, make in self._sources(name, language).items():

            def ask(make: Callable[[], Source] = make) -> Doc | None:
                try:
                    return make().look(name, Deadline(seconds))
                except Lost:
                    return make().look(name, Deadline(seconds))

            try:
                doc = within(seconds + GRACE, ask)
            except NotFound as error:
                refusals.append(str(error))
                continue
            except NotRead:
                raise
            except Late:
                late.append(source_name)
                continue
            except Exception:  # a defect in one source must not cost what the others know
                log.exception("Documentation of %s cannot be used", source_name)
                continue
            if doc:
                return doc
        if refusals:
            raise NotFound(refusals[0])
        after = f" ({', '.join(late)} did not answer in {seconds:g} s)" if late else ""
        raise NotFound(f"{name} was not found on this machine{after}{meant(self._similar(name, language))}")

    def _sources(self, name: str, language: str) -> dict[str, Callable[[], Source]]:
        """Return the sources for a name, by what they are called."""
        project, index = self.project, self.index
        sources: dict[str, tuple[tuple[str, ...], Callable[[], Source]]] = {
            "Python packages": (("python",), lambda: self.python),
            "node_modules": (JAVASCRIPT, lambda: JavaScript(project, index)),
            "Rust crates": (("rust",), lambda: Rust(project, index)),
            "Go packages": (("go",), lambda: Go(project, index)),
            "docsets": ((language,), lambda: Docsets(project, self.settings.folders, index)),
            "man pages": (MANUAL, lambda: Man(project)),
        }
        if not language and not is_command(name):
            del sources["man pages"]
        return {
            called: make
            for called, (languages, make) in sources.items()
            if not language or language in languages
        }

    def _similar(self, name: str, language: str) -> list[str]:
        def look() -> list[str]:
            found = self.python.similar(name) if language in ("", "python") else []
            if language in ("", *JAVASCRIPT):
                found += JavaScript(self.project, self.index).similar(name)
            return [one for one in found if one != name]

        try:
            return within(GRACE, look)
        except Late:
            return []

    async def documentation(
        self, name: Annotated[str, Argument("its full name", "requests.Session.get", LONGEST_ASKED)]
    ) -> Sequence[Found]:
        """Look up the documentation of a function, class, method or module that is installed."""
        try:
            doc = await asyncio.to_thread(self.look, name)
        except NotFound as error:
            raise ToolError(str(error)) from None
        return [Found(doc.title, doc.markdown())]


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises; Late when it is not done by then."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # handed on to the caller
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True, name="documentation")
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not outcome:
        raise Late
    return outcome[0]


__all__ = ["Library", "NotRead", "index_file", "within"]
