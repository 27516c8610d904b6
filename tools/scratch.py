"""Copies of a work tree in which anything may be tried: the tree itself, and its .git, are only ever read.

A copy is `<cache>/scratch/<name>/<the tree's name>`; beside it is the home folder of what runs in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from inference.types import NearsideError
from retrieval import walk
from settings import paths
from settings.private import is_private
from tools.git_index import tracked

MOST_FILES = 100_000
MOST_BYTES = 2 << 30
IGNORED_BYTES = 8 << 20
"""Ignored files up to this size are copied too, for tests need what a build made (`_version.py`, `_fast.so`);
larger ones are logs and dumps."""
LIBRARIES = frozenset((
    "node_modules", ".venv", "venv", "env", "virtualenv", "vendor", "bower_components",
    "__pypackages__", ".yarn", ".bundle", "deps",
))  # fmt: skip
"""Ignored folders of what a package manager fetched: the copy leads to the original."""
NEEDED = ("*.egg-info/", ".svelte-kit/")
"""What is ignored by habit although a program finds itself by it."""
FICLONE = 0x40049409
"""<linux/fs.h>: share the blocks of another file; on btrfs, XFS, bcachefs."""
BOM = b"\xef\xbb\xbf"


class ScratchError(NearsideError):
    """No copy of the work tree could be made."""


@contextlib.contextmanager
def scratch(
    root: Path,
    changed: Mapping[str, str | None],
    keep: Sequence[str] = (),
    *,
    unwanted: Callable[[], bool] = lambda: False,
) -> Iterator[Path]:
    """Give a copy of the work tree with `changed` written over it, and remove it afterwards.

    Tracked files are in it, and others that are not ignored; of ignored ones what is small and holds no
    secrets; `node_modules` and virtual environments as links. `changed` has the text of unsaved and new files
    by path, None for deleted ones. `keep` are patterns in .gitignore's syntax of what is copied although
    ignored. `unwanted` is asked before each file, and ends it with ScratchError. Raises that too if the tree
    is too large, the disk full, or a path in `changed` leads out of it. Blocks; see `scratched`.
    """
    root = Path(os.path.realpath(root))
    if not root.is_dir():
        raise ScratchError(f"No copy of {root} was made: there is no such folder. Open the project anew.")
    with _place() as place:
        copy = place / (root.name or "root")
        try:
            copy.mkdir()
            _copy(root, copy, tuple(keep), unwanted)
            for path, text in changed.items():
                _put(copy, path, text)
        except ScratchError:
            raise
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise ScratchError(f"No copy of {root} was made: {why}. Make room in {place.parent}.") from error
        yield copy


@contextlib.asynccontextmanager
async def scratched(
    root: Path, changed: Mapping[str, str | None], keep: Sequence[str] = ()
) -> AsyncIterator[Path]:
    """Do as `scratch`, in a thread. When cancelled, copying stops at the next file, and nothing is left."""
    unwanted = threading.Event()
    manager = scratch(root, changed, keep, unwanted=unwanted.is_set)
    making = asyncio.ensure_future(asyncio.to_thread(manager.__enter__))
    try:
        copy = await asyncio.shield(making)
    except asyncio.CancelledError:
        unwanted.set()
        await asyncio.wait({making})
        if making.exception() is None:
            manager.__exit__(None, None, None)
        raise
    try:
        yield copy
    finally:
        await asyncio.shield(asyncio.ensure_future(asyncio.to_thread(manager.__exit__, None, None, None)))


def sweep() -> int:
    """Remove the copies of processes that died; return how many."""
    removed = 0
    folder = paths.cache_dir() / "scratch"
    with contextlib.suppress(OSError):
        for lock in sorted(folder.glob("*.lock")):
            with contextlib.suppress(OSError), open(lock, "a", encoding="ascii") as opened:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system frees it with its process
                _remove(lock.with_suffix(""))
                lock.unlink()
                removed += 1
    return removed


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    """Give a new folder that other processes leave alone as long as this one lives; remove it afterwards."""
    sweep()
    folder = paths.cache_dir() / "scratch"
    with contextlib.ExitStack() as stack:
        while True:
            place = folder / secrets.token_hex(6)
            lock = place.with_suffix(".lock")
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
                opened = open(lock, "x", encoding="ascii")  # noqa: SIM115 - closed by the stack
                stack.enter_context(opened)
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not lock.exists():  # swept before it was locked
                    continue
                place.mkdir(mode=0o700)
            except (BlockingIOError, FileExistsError):
                continue
            except OSError as error:
                why = f"{folder} cannot be written ({error.strerror})"
                raise ScratchError(f"No copy of the project was made: {why}. Free or unlock it.") from error
            break
        try:
            yield place
        finally:
            _remove(place)
            lock.unlink(missing_ok=True)


def _copy(root: Path, copy: Path, keep: tuple[str, ...], unwanted: Callable[[], bool]) -> None:
    ours = tracked(root)
    seen: set[str] = set()
    linked: list[str] = []
    files = total = 0

    def take(path: str) -> None:
        nonlocal files, total
        if unwanted():
            raise ScratchError(f"No copy of {root} was made: it is not wanted any more. Start again.")
        seen.add(path)
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        files += 1
        total += _file(root / path, copy / path)
        if files > MOST_FILES or total > MOST_BYTES:
            limit = f"{MOST_FILES:,} files" if files > MOST_FILES else f"{MOST_BYTES >> 20:,} MiB"
            what = f"it has more than {limit}"
            raise ScratchError(f"No copy of {root} was made: {what}. Open a part of it as the workspace.")

    for path, entry, ignored in walk.entries(root, (*NEEDED, *keep)):
        if entry.name in walk.NEVER:  # also a file: what leads from a submodule to its repository
            continue
        if entry.is_symlink():
            if ignored or entry.name in LIBRARIES and path not in ours and entry.is_dir():
                _link(root, copy, path, outside=True)
            else:
                _link(root, copy, path, outside=False)
            seen.add(path)
        elif entry.is_dir(follow_symlinks=False):
            if not ignored:
                (copy / path).mkdir(parents=True, exist_ok=True)
            elif entry.name in LIBRARIES or os.path.lexists(f"{entry.path}/pyvenv.cfg"):
                _libraries(root, copy, path)
                linked.append(f"{path}/")
        elif not entry.is_file(follow_symlinks=False):
            continue
        elif not ignored or _worth_copying(path, entry):
            take(path)
    for path in sorted(ours - seen):  # tracked in an ignored folder
        if not path.startswith(tuple(linked)):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            if os.path.islink(root / path):
                _link(root, copy, path, outside=False)
            elif os.path.isfile(root / path):
                take(path)


def _worth_copying(path: str, entry: os.DirEntry[str]) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_size <= IGNORED_BYTES and not is_private(path)
    except OSError:
        return False


def _file(source: Path, target: Path) -> int:
    """Copy one file, its mode and its times; return its size. What cannot be read, or is gone, is skipped."""
    try:
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    with open(reading, "rb") as old:
        status = os.fstat(reading)
        if not stat.S_ISREG(status.st_mode):
            return 0
        with open(target, "xb") as new:
            try:
                fcntl.ioctl(new, FICLONE, reading)
            except OSError:
                _bytes(old.fileno(), new.fileno(), status.st_size)
            os.fchmod(new.fileno(), stat.S_IMODE(status.st_mode) & 0o777 | 0o600)
            os.utime(new.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
    return status.st_size


def _bytes(old: int, new: int, size: int) -> None:
    """Copy up to `size` bytes: a file that grows meanwhile never ends."""
    while read := os.read(old, min(size, 1 << 20)):
        size -= len(read)
        while read:
            read = read[os.write(new, read) :]


def _link(root: Path, copy: Path, path: str, *, outside: bool) -> None:
    """Make a link as the one at `path`, unless it leads out of the tree and that is not wanted."""
    link = root / path
    try:
        text = os.readlink(link)
    except OSError:
        return
    target = Path(os.path.realpath(link))
    if target.is_relative_to(root):
        within = Path(os.path.normpath(link.parent / text)).is_relative_to(root)
        if os.path.isabs(text) or not within:
            text = os.path.relpath(target, os.path.realpath(link.parent))
    elif outside:
        text = str(target)
    else:
        return
    with contextlib.suppress(FileExistsError):
        os.symlink(text, copy / path)


def _libraries(root: Path, copy: Path, path: str) -> None:
    """Lead from the copy to a folder of libraries.

    Of `node_modules` each entry is a link of its own, so that packages of the workspace lead to their copies,
    and caches that tools make in it stay in the copy.
    """
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    if path.rpartition("/")[2] != "node_modules":
        os.symlink(root / path, copy / path)
        return
    (copy / path).mkdir()
    with contextlib.suppress(OSError), os.scandir(root / path) as entries:
        for entry in entries:
            inner = f"{path}/{entry.name}"
            if entry.is_symlink():
                _link(root, copy, inner, outside=True)
            elif entry.name.startswith("@") and entry.is_dir():
                (copy / inner).mkdir()
                with os.scandir(entry) as scoped:
                    for each in scoped:
                        name = f"{inner}/{each.name}"
                        if each.is_symlink():
                            _link(root, copy, name, outside=True)
                        else:
                            os.symlink(root / name, copy / name)
            elif entry.name not in (".cache", ".vite", ".vitest"):
                os.symlink(root / inner, copy / inner)


def _put(copy: Path, path: str, text: str | None) -> None:
    """Write one changed file, or delete it."""
    target = walk.on_disk(copy, path)
    parts = Path(path).parts
    real = Path(os.path.realpath(target if text is not None else target.parent))
    if not parts or os.path.isabs(path) or {"..", ".git"} & {*parts} or not real.is_relative_to(copy):
        what = f"{path} is not a file of the project"
        raise ScratchError(f"Nothing was tried: {what}. Open the folder it is in.")
    if text is None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode("utf-8", "replace")
    with contextlib.suppress(OSError), open(target, "rb") as old:
        if old.read(3) == BOM and not data.startswith(BOM):
            data = BOM + data
    target.write_bytes(data)


def _remove(folder: Path) -> None:
    """Remove a folder, also where what ran in it took the right to do so away."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    for top, folders, _ in os.walk(folder):
        for name in folders:
            inner = os.path.join(top, name)
            with contextlib.suppress(OSError):
                if not os.path.islink(inner):
                    os.chmod(inner, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
