"""What documentation does to completions: invented APIs of an installed package, used by a project.

The package lies in a site-packages folder; nothing but its documentation says what it holds. Each hole is a
member of it and the rest of the line, in a file of the project.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from pathlib import Path
from random import Random

from benchmarks.context import BONUS, Row, measure
from benchmarks.context_holes import Hole, invented
from benchmarks.context_index import Shown
from benchmarks.guide import Bench
from benchmarks.invented import Invented, invent
from inference.models import bundled
from inference.prompts import max_lines_at
from inference.types import Snippet
from retrieval.context import DEFINITIONS, Candidate, Query, assemble, budget
from settings.schema import Docs
from tools.documentation import Library
from tools.documentation.at_cursor import AtCursor, Cursor, at_cursor
from tools.documentation.doc import Deadline
from tools.documentation.index import Index

WAYS = ("nothing", "stubs", "members", "both")
CALLED = {"nothing": "without", "stubs": "signatures", "members": "members", "both": "both, as shipped"}


def installed(project: Invented, folder: Path) -> Library:
    """Install what a project's callers use into an environment, and have its documentation read."""
    callers = {use.path for use in project.uses}
    site = folder / ".venv" / "lib" / "python3.11" / "site-packages"
    for path, text in project.texts.items():
        if path not in callers:
            file = site / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            (file.parent / "__init__.py").touch()
    (folder / ".venv" / "pyvenv.cfg").write_text("home = /nowhere\n")
    return Library(folder, Docs(), Index(None))


def shown(library: Library, folder: Path, hole: Hole, room: int) -> Shown:
    """Return what a prompt shows and knows of the package at a hole, as the server has it."""
    head = "".join(hole.text.splitlines(keepends=True)[:80])
    cursor = Cursor(hole.prefix + hole.suffix, len(hole.prefix), hole.language, head)
    found: AtCursor = at_cursor(library.python.names, folder, cursor, Deadline(10))
    candidates = [
        Candidate(Snippet(one.path, one.text), DEFINITIONS, 1, one.line, one.score)
        for one in found.signatures
    ]
    body = max_lines_at(hole.prefix, hole.suffix, 2) > 1
    query = Query("app.py", hole.language, hole.prefix, hole.suffix, head, body=body, budget=room)
    return Shown(tuple(one.snippet for one in assemble(candidates, query, room)), found.members)


def completions(model: Path | None, projects: int, holes: int, threads: int) -> str:
    """Complete the holes in each way, and say how many are right."""
    bench = Bench(model or bundled(), threads)
    room = budget(bench.context, 64)
    rows: list[Row] = []
    for seed in range(projects):
        project = invent(1000 + seed)
        with tempfile.TemporaryDirectory() as folder:
            library = installed(project, Path(folder))
            found = invented(project)
            for hole in Random(seed).sample(found, min(holes, len(found))):
                rows.append(measure(bench, hole, shown(library, Path(folder), hole, room), BONUS, WAYS))
            library.close()
    bench.close()
    lines = [
        f"{len(rows)} holes of {projects} invented packages; the name is a listed member at "
        f"{statistics.mean(row.listed for row in rows):.0%}, in the signatures shown at "
        f"{statistics.mean(row.stubbed for row in rows):.0%}",
        "",
        "| documentation | identifier | rest of line | log-probability |",
        "|---|---|---|---|",
    ]
    for at, way in enumerate(WAYS):
        its = [row.outcomes[at] for row in rows]
        names, exact = [one.name for one in its], [one.line for one in its]
        logprob = statistics.mean(one.logprob for one in its)
        lines.append(f"| {CALLED[way]} | {_share(names)} | {_share(exact)} | {logprob:.1f} |")
    return "\n".join(lines)


def _share(values: list[bool]) -> str:
    """A share in percent with its standard error."""
    mean = statistics.mean(values)
    return f"{100 * mean:.1f} ± {100 * math.sqrt(mean * (1 - mean) / len(values)):.1f} %"
