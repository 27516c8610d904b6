"""Which files a git repository tracks, read from its index without running git, which might write to it."""

from __future__ import annotations

import os
import struct
from pathlib import Path

LARGEST = 256 << 20
FIXED = 40
"""Bytes of an entry before the object's name; see gitformat-index(5)."""
FOLDER_MODE = 0o040000
SYMBOLIC, REGULAR = 0o120000, 0o100000


def tracked(root: Path) -> frozenset[str]:
    """Return the tracked files and links below `root`, relative to it, as the file system names them.

    Empty where there is no repository, or an index nobody can read. Of a split index a part may be missing.
    """
    root = Path(os.path.abspath(root))
    top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), None)
    if top is None:
        return frozenset()
    prefix = "".join(f"{part}/" for part in root.relative_to(top).parts)
    try:
        git = _folder(top)
        index = git / "index"
        if index.stat().st_size > LARGEST:
            return frozenset()
        data = index.read_bytes()
    except (OSError, ValueError):
        return frozenset()
    for name_bytes in (20, 32):  # SHA-1, and SHA-256 where the repository was made with it
        try:
            names = _read(data, name_bytes)
        except (ValueError, IndexError, struct.error):
            continue
        return frozenset(name[len(prefix) :] for name in names if name.startswith(prefix))
    return frozenset()


def _folder(top: Path) -> Path:
    """Return the git folder of a work tree; of a linked one and of a submodule, its own."""
    git = top / ".git"
    if git.is_file():
        with open(git, encoding="utf-8", errors="surrogateescape") as opened:
            return top / opened.read(4096).removeprefix("gitdir:").strip()
    return git


def _read(data: bytes, name_bytes: int) -> list[str]:
    """Return the paths of an index's entries. Raises ValueError, IndexError or struct.error if it is none."""
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("no index")
    names: list[str] = []
    at, last = 12, b""
    for _ in range(count):
        start = at
        (mode,) = struct.unpack_from(">I", data, at + 24)
        at += FIXED + name_bytes
        (flags,) = struct.unpack_from(">H", data, at)
        at += 4 if version > 2 and flags & 0x4000 else 2
        if version == 4:  # names share what they begin with
            shorter, at = _offset(data, at)
            last = last[: len(last) - shorter]
        else:
            last = b""
        end = data.index(b"\0", at)
        last += data[at:end]
        at = end + 1
        if version != 4:
            at = start + (end - start + 8) // 8 * 8
        if not last or len(last) != (flags & 0xFFF) != 0xFFF:
            raise ValueError("no entry")
        if mode & 0o170000 in (REGULAR, SYMBOLIC):
            names.append(os.fsdecode(last))
    return names


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length as in pack files, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | data[at] & 0x7F
    return value, at + 1
