"""Recorded edits: what real commits changed, hunk by hunk. Made by record_trace.py, read by changes.py."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

TRACE = Path(__file__).parent / "data" / "typing_trace.json.xz"


@dataclass(frozen=True)
class Hunk:
    """Lines of a file that were replaced: `removed` lines from line `start` (from 0, in the file as it was
    before the commit) by `inserted`."""

    start: int
    removed: int
    inserted: tuple[str, ...]


@dataclass(frozen=True)
class FileEdit:
    """What one commit did to one file. `before` is empty where the commit made the file."""

    path: str
    language: str
    before: str
    hunks: tuple[Hunk, ...]

    @property
    def after(self) -> str:
        lines, pieces, at = self.before.splitlines(keepends=True), [], 0
        for hunk in self.hunks:
            pieces += [*lines[at : hunk.start], *hunk.inserted]
            at = hunk.start + hunk.removed
        return "".join([*pieces, *lines[at:]])


@dataclass(frozen=True)
class Commit:
    id: str
    files: tuple[FileEdit, ...]


def save(commits: Iterable[Commit], path: Path) -> None:
    text = json.dumps([asdict(commit) for commit in commits], ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def load(path: Path = TRACE) -> tuple[Commit, ...]:
    return tuple(
        Commit(
            commit["id"],
            tuple(
                FileEdit(
                    file["path"],
                    file["language"],
                    file["before"],
                    tuple(Hunk(h["start"], h["removed"], tuple(h["inserted"])) for h in file["hunks"]),
                )
                for file in commit["files"]
            ),
        )
        for commit in json.loads(lzma.decompress(path.read_bytes()))
    )
