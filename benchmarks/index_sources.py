"""The projects that are indexed: Django's source packages from pip, and our own standard library."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

from settings.paths import cache_dir

DJANGO, BEFORE = "5.2.8", "5.1.14"
"""The release that is indexed, and the one that a branch switch goes to."""
TIMEOUT = 300
"""Seconds of one download."""
NOT_SOURCES = shutil.ignore_patterns("site-packages", "dist-packages", "__pycache__", "*.pyc", "*.so")


class Unavailable(Exception):
    """A project cannot be had; the message says what to do."""


def archive(version: str, given: Path | None) -> Path:
    """Return the source package of one release of Django. Raises Unavailable.

    `given` is a folder that has it already, at any depth; without one pip fetches it, once.
    """
    name = f"django-{version}.tar.gz"
    folder = given or cache_dir() / "benchmarks" / "index"
    kept = cache_dir() / "benchmarks" / "retrieval" / "archives"  # what the other benchmark has fetched
    if given and not given.is_dir():
        raise Unavailable(f"Django is not indexed, because {given} is not a folder; name another one.")
    for place in (given,) if given else (folder, kept):
        if found := next((path for path in place.rglob("*.tar.gz") if path.name.lower() == name), None):
            return found
    if given:
        raise Unavailable(f"Django is not indexed, because {given} has no {name}; put it there.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps"]
    try:
        subprocess.run(
            [*command, "--dest", str(folder), f"django=={version}"],
            check=True, capture_output=True, text=True, timeout=TIMEOUT,
        )  # fmt: skip
        return next(path for path in folder.iterdir() if path.name.lower() == name)
    except (OSError, subprocess.SubprocessError, StopIteration) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().split("\n")[-1][:200]
        raise Unavailable(
            f"Django is not indexed, because pip does not fetch {name} ({said}); download it on a machine "
            "that can, and name its folder with --sources."
        ) from None


def unpack(packed: Path, into: Path) -> Path:
    """Unpack a source package and return the folder it holds."""
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(packed) as files:
        files.extractall(into, filter="data")
    (found,) = (path for path in into.iterdir() if path.is_dir())
    return found


def ourselves(into: Path) -> Path:
    """Copy our own package of retrieval: a small project that is always there."""
    target = into / "retrieval"
    shutil.copytree(Path(__file__).parent.parent / "retrieval", target, ignore=NOT_SOURCES)
    return target


def stdlib(into: Path) -> Path:
    """Copy the standard library of this interpreter, without what is installed beside it."""
    target = into / "Lib"
    shutil.copytree(sysconfig.get_path("stdlib"), target, ignore=NOT_SOURCES, symlinks=True)
    return target


def switch(root: Path, to: Path) -> tuple[int, int]:
    """Make `root` what `to` is, as a checkout of another branch does: only what differs is written.

    Returns how many files were written and how many removed.
    """
    wanted = {path.relative_to(to): path for path in to.rglob("*") if path.is_file()}
    written = removed = 0
    for path in [path for path in root.rglob("*") if path.is_file()]:
        if path.relative_to(root) not in wanted:
            path.unlink()
            removed += 1
    for relative, source in wanted.items():
        target, data = root / relative, source.read_bytes()
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            written += 1
    return written, removed


def changed_copy(root: Path, into: Path, every: int) -> Path:
    """Copy a project with one of `every` Python files changed, where there is no other release of it."""
    target = into / root.name
    shutil.copytree(root, target, symlinks=True)
    files = sorted(path for path in target.rglob("*.py") if path.is_file() and not path.is_symlink())
    for number, path in enumerate(files[::every]):
        with path.open("ab") as file:
            file.write(f"\n\ndef changed_{number}(value):\n    return value + {number}\n".encode())
    return target
