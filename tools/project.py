"""What a model may look up in the project: places, symbols, files, references, and what the tests say.

Everything is read, nothing written; what is private, ignored, binary or outside of the project is not there.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

from inference.types import NearsideError
from retrieval.walk import Rules, is_ignored, walk
from retrieval.words import split_query
from retrieval.written import why_skipped
from settings.private import is_private
from syntax.extract import facts
from syntax.languages import language_of
from tools.toolbox import Argument, Found, Tool, ToolError, tool

Look = Callable[[str, dict[str, Any], float], Awaitable[Any]]
"""Asks the project's index: method, parameters, seconds; as retrieval/client.py's `request`."""

SECONDS = 3.0
"""The index gets this long, and so does a search without one."""
MOST_FOUND = 6
"""Places one search answers with; the best three are mostly enough."""
MOST_LINES = 200
"""Lines of a file read at once."""
MOST_REFERENCES, LONGEST_LINE = 40, 200
"""Lines that use a name, and characters of one."""
AROUND = 4
"""Lines round a match where there is no index."""
MOST_FILES = 3_000
"""Files looked through where there is no index."""


class Sources(Protocol):
    """The project's texts as an action sees them: the editor's where it has any, else the disk's."""

    root: Path
    look: Look | None
    """None where there is no index."""

    def text(self, path: str) -> str | None:
        """Return a file's text; None where there is none, or none that a model may see."""
        ...


def may_see(root: Path, path: str) -> bool:
    """Tell whether a model may see a file: it and what it leads to lie in the project, and neither is private
    or ignored. `path` is relative to the root.
    """
    try:
        top = root.resolve()
        target = (top / path).resolve()
        inside = target.relative_to(top).as_posix()
        return bool(path) and not any(is_private(each) or is_ignored(top, each) for each in {path, inside})
    except (OSError, ValueError):  # outside, or a name that no file can have
        return False


class ProjectTools:
    """The tools over one project; `tests` runs those that matter and returns what they say."""

    def __init__(self, sources: Sources, tests: Callable[[], Awaitable[str]] | None = None) -> None:
        self._sources = sources
        self._tests = tests

    def tools(self) -> list[Tool]:
        found = [self.search_project, self.read_symbol, self.read_file, self.list_references]
        return [tool(run) for run in (*found, *([self.run_tests] if self._tests else []))]

    async def search_project(
        self, query: Annotated[str, Argument("a question or some words", "where are prices rounded")]
    ) -> Sequence[Found]:
        """Find places in the project by what they are about."""
        if not query.strip():
            raise ToolError("the query is empty")
        answer = await self._ask("search", query=query, limit=MOST_FOUND)
        if answer is None:
            return await asyncio.to_thread(self._matching, query)
        return [
            _place(str(hit["path"]), int(hit["line"]), str(hit["text"]))
            for hit in answer.get("hits", ())
            if not hit.get("private") and may_see(self._sources.root, hit["path"])
        ]

    async def read_symbol(
        self, name: Annotated[str, Argument("of a function, class or method", "Cart.total", 120)]
    ) -> Sequence[Found]:
        """Read the whole text of a definition by its name."""
        parts = _parts(name)
        answer = await self._ask("symbol", name=parts[-1])
        known = None if answer is None else [one for one in answer.get("symbols", ()) if _is(one, parts)]
        found = await asyncio.to_thread(self._defined, parts, known)
        if not found:
            like = (await self._ask("symbols", query=name, limit=MOST_FOUND)) or {}
            names = dict.fromkeys(str(one["name"]) for one in like.get("symbols", ()))
            raise ToolError(f"nothing is called {name}" + (f"; there is {', '.join(names)}" if names else ""))
        return found

    async def read_file(
        self,
        path: Annotated[str, Argument("relative to the project", "src/cart.py")],
        first_line: Annotated[int, Argument("from 1", 1)] = 1,
        last_line: Annotated[int, Argument(f"at most {MOST_LINES} lines further", 80)] = 0,
    ) -> Sequence[Found]:
        """Read lines of a file."""
        inside = self._inside(path)
        text = await asyncio.to_thread(self._readable, inside)
        if text is None:
            raise ToolError(f"there is no file {path} that may be read")
        lines = text.splitlines()
        first = max(1, first_line)
        last = min(len(lines), last_line or len(lines), first + MOST_LINES - 1)
        if first > last:
            raise ToolError(f"{path} has {len(lines)} lines")
        return [_place(inside, first, "\n".join(lines[first - 1 : last]))]

    async def list_references(
        self, name: Annotated[str, Argument("of what is used", "round_price", 120)]
    ) -> Sequence[Found]:
        """List the lines of the project that use a name."""
        wanted = _parts(name)[-1]
        if not wanted:
            raise ToolError("the name is empty")
        answer = await self._ask("references", name=wanted)
        paths = None if answer is None else [str(path) for path in answer.get("paths", ())]
        return await asyncio.to_thread(self._using, wanted, paths)

    async def run_tests(self) -> Sequence[Found]:
        """Run the tests that matter here and see what they say, as everything is now."""
        assert self._tests
        return [Found("what the tests say", await self._tests())]

    async def _ask(self, method: str, **params: Any) -> dict[str, Any] | None:
        """Return what the index says; None where there is none, or it does not answer in time."""
        if self._sources.look is None:
            return None
        try:
            return dict(await self._sources.look(method, params, SECONDS))
        except NearsideError:
            return None

    def _inside(self, path: str) -> str:
        """Return a path as the project writes it."""
        parts = [part for part in path.strip().replace("\\", "/").split("/") if part not in ("", ".")]
        return "/".join(parts)

    def _readable(self, path: str) -> str | None:
        text = self._sources.text(path)
        skipped = text is not None and why_skipped(path, text.encode("utf-8", "replace")) == "binary"
        return None if skipped else text

    def _files(self) -> Iterator[tuple[str, str]]:
        """Yield paths and texts, the project's most, for as long as a search may take."""
        until = time.monotonic() + SECONDS
        for number, file in enumerate(walk(self._sources.root, Rules())):
            if number >= MOST_FILES or time.monotonic() > until:
                return
            if text := self._sources.text(file.path):
                yield file.path, text

    def _matching(self, query: str) -> list[Found]:
        """Return the places with the most of the words, one a file."""
        words = set(split_query(query).split())
        found: list[tuple[int, str, int, list[str]]] = []
        for path, text in self._files():
            lines = text.splitlines()
            counts = [sum(word in line.lower() for word in words) for line in lines]
            best = max(range(len(lines)), key=lambda at: sum(counts[at : at + AROUND]), default=0)
            score = sum(counts[best : best + AROUND])
            if score:
                found.append((-score, path, best, lines[max(0, best - AROUND) : best + 2 * AROUND]))
        found.sort(key=lambda one: one[:3])
        return [
            _place(path, max(0, at - AROUND) + 1, "\n".join(lines))
            for _, path, at, lines in found[:MOST_FOUND]
        ]

    def _defined(self, parts: Sequence[str], known: list[dict[str, Any]] | None) -> list[Found]:
        """Return the texts of definitions; `known` is where the index says they are."""
        if known is not None:
            places = [(str(one["path"]), int(one["line"]), int(one["end_line"])) for one in known]
        else:
            places = list(self._defining(parts))
        found = []
        for path, first, last in places[:MOST_FOUND]:
            text = self._readable(path)
            if text is not None:
                found.append(_place(path, first, "\n".join(text.splitlines()[first - 1 : last])))
        return found

    def _defining(self, name: Sequence[str]) -> Iterator[tuple[str, int, int]]:
        for path, text in self._files():
            if name[-1] and name[-1] in text:
                for symbol in facts(text, language_of(path)).symbols:
                    if symbol.qualified.split(".")[-len(name) :] == list(name):
                        yield path, symbol.first + 1, symbol.last + 1

    def _using(self, name: str, paths: Sequence[str] | None) -> list[Found]:
        """Return the lines that hold a name, file by file: not every file may go where another one may."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        texts = self._files() if paths is None else ((path, self._readable(path) or "") for path in paths)
        found, left = [], MOST_REFERENCES
        for path, text in texts:
            lines = [
                f"{path}:{number}: {line.strip()[:LONGEST_LINE]}"
                for number, line in enumerate(text.splitlines(), 1)
                if word.search(line)
            ][:left]
            if lines:
                found.append(Found(f"{path}, lines that use {name}", "\n".join(lines), path))
                left -= len(lines)
            if left <= 0:
                break
        return found


def _parts(name: str) -> list[str]:
    return re.split(r"\.|::|#|->", name.strip())


def _is(symbol: Mapping[str, Any], parts: Sequence[str]) -> bool:
    """Tell whether what the index knows is called so; `parts` may begin within its name, or before it."""
    known = [*filter(None, str(symbol.get("owner", "")).split(".")), str(symbol["name"])]
    length = min(len(known), len(parts))
    return known[-length:] == list(parts[-length:])


def _place(path: str, line: int, text: str) -> Found:
    return Found(f"{path}, from line {line}", text, path)
