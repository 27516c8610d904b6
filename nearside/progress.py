"""How long work is shown: a bar on a terminal, lines elsewhere. Always on stderr: stdout is for answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from retrieval.pace import OnProgress, Progress

SECONDS_BETWEEN_LINES = 5.0

STAGES = {"reading": ("Reading", "files"), "embedding": ("Embedding", "chunks")}
"""What the stages of indexing are called, and what they count."""

Report = Callable[[int, int], None]
"""Called with the bytes there are and the bytes there will be (0: unknown), as often as one likes."""


@contextmanager
def download(title: str) -> Iterator[Report]:
    """Show how much of a download is there."""
    if not sys.stderr.isatty():
        yield _lines(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


@contextmanager
def waiting() -> Iterator[Callable[[str], None]]:
    """Show what is waited for, as the function this gives is told."""
    if not sys.stderr.isatty():
        yield lambda line: print(line, file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("Asking the engine") as status:
        yield lambda line: status.update(escape(line))


@contextmanager
def indexing() -> Iterator[OnProgress]:
    """Show how far an index is: counts, and the time that is left."""
    if not sys.stderr.isatty():
        yield _index_lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = ("{task.description:9}", BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def report(progress: Progress) -> None:
            if progress.stage not in STAGES:
                return
            if progress.stage not in tasks:
                title, _ = STAGES[progress.stage]
                tasks[progress.stage] = bars.add_task(title, total=None, left="")
            bars.update(
                tasks[progress.stage],
                completed=progress.done,
                total=progress.total or None,
                left=_left(progress.seconds_left),
            )

        yield report


def _index_lines() -> OnProgress:
    """Return a report that prints a line at the start and the end of a stage, and now and then between."""
    said_at, said = 0.0, ("", -1)

    def report(progress: Progress) -> None:
        nonlocal said_at, said
        if progress.stage not in STAGES or (progress.stage, progress.done) == said:
            return
        finished = progress.done >= progress.total
        now = time.monotonic()
        if progress.stage != said[0] or finished or now - said_at >= SECONDS_BETWEEN_LINES:
            said_at, said = now, (progress.stage, progress.done)
            title, things = STAGES[progress.stage]
            left = _left(progress.seconds_left)
            line = f"{title}: {progress.done} of {progress.total} {things}"
            print(f"{line}, {left}" if left and not finished else line, file=sys.stderr, flush=True)

    return report


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"


def _lines(title: str) -> Report:
    """Return a report that prints a line at the start, at the end, and now and then between."""
    said_at = 0.0
    said = ""

    def report(done: int, total: int) -> None:
        nonlocal said_at, said
        share = f"{100 * done // total} % of " if total else ""
        line = f"{title}: {share}{(total or done) / 1e6:.1f} MB"
        finished = bool(total) and done >= total
        if line != said and (finished or time.monotonic() - said_at >= SECONDS_BETWEEN_LINES):
            said_at, said = time.monotonic(), line
            print(line, file=sys.stderr, flush=True)

    return report
