"""How long work is shown: a bar on a terminal, lines elsewhere. Always on stderr: stdout is for answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_LINES = 5.0

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
