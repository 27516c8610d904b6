"""Files that others wrote, read with care: regular ones only, never more than fits, nothing that blocks."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 3_000_000
"""Of a file that is parsed. Parsing megabytes takes seconds; generated tables are larger, stubs are not."""


class Unreadable(Exception):
    """A file cannot be used; the message says why, to stand behind 'because'."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells that a file is still the one that was read."""

    mtime: int
    size: int


def identity(path: Path | str) -> Identity | None:
    """Return a regular file's identity; None for everything else, and for what cannot be seen."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return Identity(status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def bytes_of(path: Path | str, most: int = MOST_BYTES) -> bytes:
    """Return what a regular file holds. Raises Unreadable."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unreadable(f"{path} cannot be read: {reason.lower()}") from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path} is not a file")
        if status.st_size > most:
            size = f"{status.st_size / 1e6:,.1f} MB" if status.st_size >= 1e6 else f"{status.st_size:,} bytes"
            raise Unreadable(f"{path} is larger than what is read: {size}")
        try:
            return file.read(most)
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {(error.strerror or 'error').lower()}") from None


def text_of(path: Path | str, most: int = MOST_BYTES) -> str:
    """Return the text of a file, whatever its bytes. Raises Unreadable."""
    return bytes_of(path, most).decode("utf-8-sig", "replace")


def listed(folder: Path | str, most: int = 20_000) -> list[str]:
    """Return the names in a folder in their order; nothing of one that cannot be read."""
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) >= most:
                    break
    except (OSError, ValueError):
        return []
    return sorted(names)


def is_file(path: Path | str) -> bool:
    """Tell whether there is such a regular file, links followed; no for what cannot be seen."""
    return identity(path) is not None


def is_folder(path: Path | str) -> bool:
    """Tell whether there is such a folder, links followed; no for what cannot be seen."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
