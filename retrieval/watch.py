"""Changes on disk, told by the system in batches; or the word that it cannot tell them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

DEBOUNCE_MS = 400
"""Changes that come together are told together: a branch switch is one batch, not a thousand."""
STEP_MS = 40
"""Quiet after which a batch is told before that."""
MANY = 2_000
"""Paths from which looking at the whole workspace again is cheaper than at each of them."""
POLL_SECONDS = 30.0
"""How often one should look oneself where the system does not tell."""

UNWATCHED = frozenset((
    ".git", ".hg", ".svn", ".jj", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox",
    ".mypy_cache", ".ruff_cache", ".pytest_cache",
    ".gradle", ".idea", "target", "dist", "build", ".next", ".cache",
))  # fmt: skip
"""Folders whose many changes say nothing: they are ignored anyway, or are told by something else."""
IGNORE_FILES = frozenset((".gitignore", ".nearsideignore", ".ignore"))
"""Files that decide which others count: a change of one is a change of all."""

log = logging.getLogger("nearside.watch")


class CannotWatch(Exception):
    """The system does not tell changes here; the text is its reason."""


async def changes(root: Path, stop: asyncio.Event) -> AsyncIterator[frozenset[str] | None]:
    """Yield the relative paths of files that changed, came or went; None: too many, look at everything.

    Raises CannotWatch, at once or later: a system has a limit of watched folders.
    """
    from watchfiles import Change, awatch

    def counts(_: Change, path: str) -> bool:
        try:
            parts = Path(path).relative_to(root).parts
        except ValueError:
            return False
        return UNWATCHED.isdisjoint(parts[:-1]) and bool(parts)

    try:
        batches = awatch(
            root,
            watch_filter=counts,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=stop,
            rust_timeout=1_000,
            recursive=True,
            ignore_permission_denied=True,
        )
        async for batch in batches:
            paths = frozenset(Path(path).relative_to(root).as_posix() for _, path in batch)
            if len(paths) > MANY or any(path.rpartition("/")[2] in IGNORE_FILES for path in paths):
                yield None
            else:
                yield paths
    except (OSError, RuntimeError) as error:  # watchfiles raises its own for the limit of inotify
        raise CannotWatch(str(error)[:200]) from error
