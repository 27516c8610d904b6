"""`nearside search`: places in a project that a question or a name is about."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from nearside.index import bring_up_to_date, check
from retrieval.pace import OnProgress
from retrieval.search import Result
from retrieval.workspace import put_together
from settings.schema import Retrieval

EMBED_SECONDS = 20.0
"""What one waits for vectors at most; the most valuable files have theirs first."""
SNIPPET_LINES = 3


def find(
    root: Path, settings: Retrieval, query: str, k: int, report: OnProgress, say: Callable[[str], None]
) -> list[Result]:
    """Return places, best first, after making what is missing of the index. Raises NotIndexed."""
    check(root, settings)
    workspace = put_together(root, settings, report, say)
    indexer = workspace.indexer
    try:
        if workspace.lock.take():
            bring_up_to_date(workspace)
            until = time.monotonic() + EMBED_SECONDS
            while indexer.embed() and time.monotonic() < until:
                pass
        else:  # an editor keeps it
            indexer.shelf.open(write=False)
            indexer.preload()
        if indexer.shelf.pending:
            say(
                f"{indexer.shelf.pending} chunks are searched by words only, because they have no vectors "
                "yet; `nearside index` makes them."
            )
        return workspace.search.search(query, k)
    finally:
        indexer.stopping.set()
        indexer.catalogue.close()
        workspace.lock.release()


def printed(results: list[Result], as_json: bool) -> str:
    """Return results for the user: lines count from 1."""
    if as_json:
        return json.dumps([result.as_json() for result in results], indent=1, ensure_ascii=False)
    blocks = []
    for result in results:
        mark = " (private)" if result.private else ""
        head = f"{result.path}:{result.first + 1}  {result.symbol}".rstrip()
        lines = [line.rstrip()[:110] for line in result.text.split("\n") if line.strip()][:SNIPPET_LINES]
        blocks.append("\n".join([f"{head}  [{result.why}]{mark}", *(f"    {line}" for line in lines)]))
    return "\n".join(blocks)
