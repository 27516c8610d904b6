"""Which files of a workspace are indexed, and in which order: ignore files, sizes, secrets, what nobody wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about which files are indexed."""

    include: tuple[str, ...] = ()
    """Patterns in .gitignore's syntax of what is indexed although an ignore file or a habit leaves it out."""
    exclude: tuple[str, ...] = ()
    """Patterns in .gitignore's syntax of what is not indexed; stronger than everything else."""
    max_file_kb: int = 1024
    private: bool = False
    """Whether files that hold secrets are indexed, marked."""


@dataclass(frozen=True, slots=True)
class File:
    """One file to index."""

    path: str
    """Relative to the root, with slashes, always valid Unicode; `on_disk` leads back to the file."""
    size: int
    mtime_ns: int
    private: bool = False


def walk(root: Path, rules: Rules, skipped: Counter[str] | None = None) -> Iterator[File]:
    """Yield the files of `root` worth indexing, folder by folder; `skipped` counts the others by reason."""
    raise NotImplementedError


def indexable(root: Path, path: str, rules: Rules) -> File | None:
    """Return the one file at `path` (relative) if `walk` would yield it."""
    raise NotImplementedError


def on_disk(root: Path, path: str) -> Path:
    """Return where the file is that a `File.path` names."""
    raise NotImplementedError


def why_skipped(path: str, head: bytes) -> str:
    """Say in a few words why a file is not worth indexing, by its name and first 8 KiB or more; empty if it is."""
    raise NotImplementedError


def value(file: File, now_ns: int) -> float:
    """Say how much sooner than others a file should be indexed: higher is sooner."""
    raise NotImplementedError


def by_value(files: Iterable[File]) -> list[File]:
    """Return files with the most valuable first; the same files always in the same order."""
    raise NotImplementedError
