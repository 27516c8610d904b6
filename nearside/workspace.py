"""Which folder a file belongs to, where no editor says so."""

from __future__ import annotations

from pathlib import Path

MARKS = (".nearside.toml", ".git", "pyproject.toml")


def workspace_of(path: Path) -> Path:
    """Return the nearest folder with settings of its own or a repository; else the file's folder."""
    start = path.resolve() if path.is_dir() else path.resolve().parent
    return next(
        (folder for folder in (start, *start.parents) if any((folder / m).exists() for m in MARKS)), start
    )
