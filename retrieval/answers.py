"""What the retrieval process answers: requests become questions to graph and search, on threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from retrieval.graph import Cursor, Found, render
from retrieval.pace import OnProgress
from retrieval.protocol import Invalid, Unknown
from retrieval.search import Result
from retrieval.watch import POLL_SECONDS, CannotWatch, changes
from retrieval.workspace import Workspace, put_together
from settings.schema import Retrieval

SIMILAR_SECONDS = 0.04
"""Words and vectors get this long for a completion's context; what is not there by then is left out."""
EDIT_SECONDS = 0.1
"""A question waits this long for what was typed before it to be known."""
SIMILAR = 6
FOUND = 40
"""Definitions looked at for one cursor; the budget keeps a few of them."""
IMPORTS = 20
"""Of these the missing imports are told."""
MOST = 200
"""Results one request may ask for."""

log = logging.getLogger("nearside.answers")
T = TypeVar("T")


class Answers:
    """One workspace, asked by one conversation."""

    def __init__(
        self, root: Path, settings: Retrieval, report: OnProgress, say: Callable[[str], None]
    ) -> None:
        self._make = partial(put_together, root, settings, report, say)
        self._root, self._say = root, say
        self._made: asyncio.Future[Workspace] | None = None
        self._asking = ThreadPoolExecutor(4, "answer")
        self._taking = ThreadPoolExecutor(1, "edits")
        """One thread, so that edits are taken in their order; its first task is to make the workspace."""
        self._taken: Future[None] | None = None
        """The edit told last; what is asked after it is asked of the text after it."""
        self._unwatch = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._methods: dict[str, Callable[[Workspace, dict[str, Any]], Awaitable[Any]]] = {
            "context": self._context,
            "search": self._search,
            "symbols": self._symbols,
            "symbol": self._symbol,
            "references": self._references,
            "map": self._map,
            "status": self._status,
        }

    async def start(self) -> None:
        """Begin to index; returns at once."""
        loop = asyncio.get_running_loop()
        self._made = loop.run_in_executor(self._taking, self._begin)
        self._watching = loop.create_task(self._watch())

    def stop(self) -> None:
        """End what runs. Blocks until the index is let go of, or for some seconds."""
        self._asking.shutdown(wait=False, cancel_futures=True)
        if self._made and self._made.done() and not self._made.cancelled() and not self._made.exception():
            self._made.result().background.stop(2.0)

    async def answer(self, method: str, params: dict[str, Any]) -> Any:
        """Answer one request. Raises Unknown, Invalid."""
        handler = self._methods.get(method)
        if handler is None or self._made is None:
            raise Unknown(method)
        return await handler(await asyncio.shield(self._made), params)

    def told(self, method: str, params: dict[str, Any]) -> None:
        """Take a notification; the work is done later. Raises Unknown, Invalid."""
        match method:
            case "edited":
                path, text = _path(params), _text(params, "text")
                self._later(lambda w: w.indexer.edited(path, text, _text(params, "language", "")))
            case "saved" | "closed":
                path = _path(params)

                def back(workspace: Workspace) -> None:
                    workspace.indexer.closed(path)
                    workspace.background.changed([path])

                self._later(back)
            case "changed_files":
                paths = [_path({"path": path}) for path in params.get("paths", ())]
                self._later(lambda w: w.background.changed(paths))
            case _:
                raise Unknown(method)

    def _begin(self) -> Workspace:
        workspace = self._make()
        workspace.background.start()
        return workspace

    def _later(self, task: Callable[[Workspace], None]) -> None:
        made = self._made
        assert made

        def run() -> None:
            try:
                task(made.result())
            except Exception:
                log.exception("A change was not taken in")

        self._taken = self._taking.submit(run)

    async def _watch(self) -> None:
        """Pass on what the system tells of files; look from time to time where it does not."""
        assert self._made
        background = (await asyncio.shield(self._made)).background
        try:
            async for paths in changes(background.indexer.root, self._unwatch):
                if paths is None:
                    background.look_again()
                else:
                    background.changed(paths)
        except CannotWatch as error:
            background.poll_seconds = POLL_SECONDS
            self._say(
                f"Changes of files outside of the editor are seen after up to {POLL_SECONDS:.0f} s, because "
                f"the system does not tell of them ({error}); raising its limit of watched files helps."
            )

    async def _ask(self, question: Callable[..., T], *parameters: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._asking, question, *parameters)

    async def _context(self, workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
        path, prefix = _path(params), _text(params, "prefix")
        if self._taken:
            await asyncio.wait((asyncio.wrap_future(self._taken),), timeout=EDIT_SECONDS)
        text = params.get("text", workspace.indexer.open.get(path))
        suffix = _text(params, "suffix", "")
        cursor = Cursor(path, _text(params, "language", ""), prefix, suffix, text or prefix + suffix)
        budget = _number(params, "budget", 4_000)
        definitions = asyncio.ensure_future(self._ask(_definitions, workspace, cursor, budget))
        similar = await self._similar(workspace, path, prefix)
        return {**await definitions, "similar": _within(similar, budget)}

    async def _similar(self, workspace: Workspace, path: str, prefix: str) -> list[Result]:
        """Return code like that before the cursor, from what answers in time."""
        search = workspace.search
        query = search.similar_query(prefix)
        lists = await self._lists(
            {"words": search.by_words, "meaning": search.by_meaning}, query, SIMILAR_SECONDS
        )
        return await self._ask(search.similar, path, lists, SIMILAR)

    async def _lists(
        self, ways: dict[str, Callable[[str], list[T]]], query: str, seconds: float | None
    ) -> dict[str, list[T]]:
        tasks = {name: asyncio.ensure_future(self._ask(way, query)) for name, way in ways.items()}
        try:
            done, _ = await asyncio.wait(tasks.values(), timeout=seconds)
        finally:
            for task in tasks.values():
                task.cancel()
        return {name: task.result() for name, task in tasks.items() if task in done}

    async def _search(self, workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
        query, limit = _text(params, "query"), min(MOST, _number(params, "limit", 10))
        search = workspace.search
        naming = asyncio.ensure_future(self._ask(search.by_name, query))
        lists = await self._lists({"words": search.by_words, "meaning": search.by_meaning}, query, None)
        named = await naming
        results = await self._ask(search.joined, query, named, lists, limit)
        return {"hits": [result.as_json() for result in results], "words_only": not lists.get("meaning")}

    async def _symbols(self, workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
        query, limit = _text(params, "query"), min(MOST, _number(params, "limit", 50))
        found = await self._ask(_locked, workspace, lambda graph: graph.named(query, limit))
        return {"symbols": [_symbol(one) for one in found]}

    async def _symbol(self, workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
        name = _text(params, "name")
        found = await self._ask(_locked, workspace, lambda graph: graph.definitions_of(name))
        return {"symbols": [_symbol(one) for one in found]}

    async def _references(self, workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
        name = _text(params, "name")
        return {"paths": list(await self._ask(_locked, workspace, lambda graph: graph.references(name)))}

    async def _map(self, workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
        budget, focus = _number(params, "budget", 4_000), params.get("focus", ())
        pieces = await self._ask(
            _locked, workspace, lambda graph: graph.repository_map(budget, tuple(map(str, focus)))
        )
        return {"files": [{"path": path, "text": text} for path, text in pieces]}

    async def _status(self, workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
        return await self._ask(status, workspace)


def status(workspace: Workspace) -> dict[str, Any]:
    """Return what there is of a workspace's index, in figures."""
    indexer, background = workspace.indexer, workspace.background
    store = indexer.shelf.store
    counts = store.counts() if store else None
    return {
        "files": sum(1 for known in list(indexer.catalogue.files.values()) if known.hash),
        "chunks": counts.chunks if counts else 0,
        "vectors": counts.vectors if counts else 0,
        "pending": indexer.shelf.pending,
        "bytes": store.size() if store else 0,
        "writer": workspace.lock.held,
        "parsed": indexer.counts.parsed,
        "embedded": indexer.shelf.embedded,
        "graph_ready": background.graph_ready.is_set(),
        "ready": background.ready.is_set(),
    }


def _definitions(workspace: Workspace, cursor: Cursor, budget: int) -> dict[str, Any]:
    """Return signatures of what may be wanted at a cursor, and the imports these would need."""
    found = _locked(workspace, lambda graph: graph.look(cursor, FOUND))
    best: dict[str, Found] = {}
    for one in found:
        best.setdefault(one.path, one)
    top = max((one.score for one in found), default=0.0)
    signatures = [
        {
            "path": path,
            "text": text,
            "line": best[path].symbol.first + 1,
            "symbol": best[path].symbol.qualified,
            # 1 is the likeliest of all; others by what they are likely beside it.
            "score": round(best[path].score / top, 4) if top > 0 else 0.0,
            "why": best[path].why,
        }
        for path, text in render(found, budget)
    ]
    imports = [
        {"name": one.symbol.name, "path": one.path, "text": one.import_line, "line": one.import_row + 1}
        for one in found[:IMPORTS]
        if one.import_line
    ]
    members = _locked(workspace, lambda graph: graph.receivers(cursor))
    return {"signatures": signatures, "imports": imports, "members": members}


def _locked(workspace: Workspace, question: Callable[[Any], T]) -> T:
    with workspace.indexer.turns.asking():
        return question(workspace.indexer.graph)


def _symbol(one: Found) -> dict[str, Any]:
    symbol = one.symbol
    return {
        "path": one.path, "name": symbol.name, "owner": symbol.owner, "kind": symbol.kind,
        "line": symbol.first + 1, "end_line": symbol.last + 1, "text": symbol.stub,
    }  # fmt: skip


def _within(results: list[Result], budget: int) -> list[dict[str, object]]:
    """Return results as long as they fit."""
    kept: list[dict[str, object]] = []
    for result in results:
        budget -= len(result.text)
        if budget < 0 and kept:
            break
        kept.append(result.as_json())
    return kept


def _text(params: dict[str, Any], name: str, default: str | None = None) -> str:
    value = params.get(name, default)
    if not isinstance(value, str):
        raise Invalid(f"{name} is not a text")
    return value


def _number(params: dict[str, Any], name: str, default: int) -> int:
    value = params.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Invalid(f"{name} is not a number")
    return value


def _path(params: dict[str, Any]) -> str:
    """Return a path inside the workspace."""
    path = _text(params, "path")
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise Invalid("path is not one inside the workspace")
    return "/".join(parts)
