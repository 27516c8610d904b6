"""Which files of a workspace are indexed, and in which order: ignore files, habits, sizes, secrets.

Symbolic links are not followed: what they lead to inside the root is there under its own path, and what is
outside is not the workspace. So nothing comes twice, and no loop is possible.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from retrieval.ignore import Patterns, compiled, read
from retrieval.worth import by_value as by_value
from retrieval.worth import value as value
from retrieval.written import why_named
from retrieval.written import why_skipped as why_skipped
from settings.private import is_private

OWN_FILE = ".nearsideignore"
NEVER = frozenset((".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"))
HABITS = Patterns((
    "node_modules/", "bower_components/", "jspm_packages/", "__pycache__/", "__pypackages__/",
    "site-packages/", "*.egg-info/", ".eggs/", ".tox/", ".nox/", ".venv/", ".mypy_cache/",
    ".pytest_cache/", ".ruff_cache/", ".hypothesis/", ".ipynb_checkpoints/", ".cache/", ".parcel-cache/",
    ".turbo/", ".next/", ".nuxt/", ".svelte-kit/", ".angular/", ".yarn/", ".gradle/", ".terraform/",
    ".serverless/", ".dart_tool/", ".bundle/", ".stack-work/", ".build/", ".idea/", ".vs/", ".direnv/",
    "htmlcov/", ".nyc_output/", "DerivedData/", "Pods/", "CMakeFiles/", "cmake-build-*/", "bazel-*/",
    ".nearside/",
))  # fmt: skip
"""Folders nobody wrote, wherever they are, git or none. An ignore file takes one back by `!name/`."""
OUTPUT = frozenset(("dist", "target", "build", "out", "_build", "obj"))
"""Folders that are output where a build is made: without git also at the root, for nothing else tells."""
BUILDS = frozenset((
    "package.json", "pyproject.toml", "setup.py", "setup.cfg", "Cargo.toml", "pom.xml", "build.gradle",
    "build.gradle.kts", "build.sbt", "CMakeLists.txt", "mix.exs", "dune-project", "pubspec.yaml",
    "tsconfig.json", "Package.swift",
))  # fmt: skip
OURS_WITH_GIT = frozenset(("dist", "target"))
"""Of those, the ones that are output although no ignore file of a repository says so: published by commit."""
CACHE_MARK = "CACHEDIR.TAG"
_TELLING = frozenset((".git", ".gitignore", OWN_FILE, "pyvenv.cfg", CACHE_MARK))
"""Entries of a folder that say something of the others."""
UNDECODED = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
"""Bytes of a name that are not UTF-8, from what Python makes of them (PEP 383) to letters for private use:
these may go into JSON, SQLite and Arrow."""
DECODED = {letter: escape for escape, letter in UNDECODED.items()}
ODD = re.compile("[\ud800-\udfff\uf780-\uf7ff]")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about which files are indexed."""

    include: tuple[str, ...] = ()
    """Patterns in .gitignore's syntax of what is indexed although an ignore file or a habit leaves it out.
    One that names no folder counts in folders that are not ignored."""
    exclude: tuple[str, ...] = ()
    """Patterns in .gitignore's syntax of what is not indexed; stronger than everything else."""
    max_file_kb: int = 512
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


@dataclass(frozen=True, slots=True)
class _Rule:
    """The rules of a walk, compiled."""

    rules: Rules
    root: str
    """The root's path from the top of the repository it lies in, with a slash at its end."""
    include: Patterns
    exclude: Patterns
    git: bool


@dataclass(frozen=True, slots=True)
class _Folder:
    """What holds in one folder."""

    path: str
    """From the top, with a slash at its end; empty for the top itself."""
    git: tuple[Patterns, ...]
    """Weakest first."""
    own: tuple[Patterns, ...]
    builds: bool
    ignored: bool = False
    """It is entered only because `include` names something inside."""


def walk(root: Path, rules: Rules, skipped: Counter[str] | None = None) -> Iterator[File]:
    """Yield the files of `root` worth indexing, folder by folder in order of names.

    `skipped` counts the others by reason: ignored, excluded, private, link, large, binary, generated,
    unreadable. An ignored folder counts once. Raises nothing: what cannot be read is skipped.
    """
    skipped = Counter() if skipped is None else skipped
    rule, top, start = _start(root, rules)
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(top / folder.path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except (OSError, ValueError):
            skipped["unreadable"] += 1
            continue
        folder = _entered(rule, top, folder, {entry.name for entry in found})
        if folder is None:
            skipped["ignored"] += 1
            continue
        inner: list[_Folder] = []
        for entry in found:
            try:
                mode = _mode(entry)
                verdict = _judge(rule, folder, entry.name, mode)
                if isinstance(verdict, str):
                    skipped[verdict] += 1
                elif mode == stat.S_IFDIR:
                    inner.append(verdict)
                else:
                    file = _file(rule, folder.path + entry.name, entry.stat(follow_symlinks=False))
                    if isinstance(file, File):
                        yield file
                    else:
                        skipped[file] += 1
            except FileNotFoundError:
                continue  # deleted meanwhile
            except (OSError, ValueError):
                skipped["unreadable"] += 1
        waiting += reversed(inner)


def indexable(root: Path, path: str, rules: Rules) -> File | None:
    """Return the one file at `path` (as in `File.path`) if `walk` would yield it now."""
    *parents, name = path.translate(DECODED).split("/")
    if any(part in ("", ".", "..") for part in (*parents, name)):
        return None
    rule, top, folder = _start(root, rules)
    try:
        folder = _led_to(rule, top, folder, parents, lambda path: stat.S_IFMT(os.lstat(path).st_mode))
        if folder is None:
            return None
        entered = _entered(rule, top, folder, _telling(top / folder.path, name))
        status = os.lstat(top / folder.path / name)
        if entered is None or _judge(rule, entered, name, stat.S_IFMT(status.st_mode)) is not entered:
            return None
        file = _file(rule, folder.path + name, status)
    except (OSError, ValueError):
        return None
    return file if isinstance(file, File) else None


def is_ignored(root: Path, path: str) -> bool:
    """Tell whether the project's ignore files, or habit, leave out a file, be it there or not yet.

    `path` is as in `File.path`. What lies in a virtual environment, a cache or git's own folder is left out.
    """
    *parents, name = path.translate(DECODED).split("/")
    rule, top, folder = _start(root, Rules())
    folder = _led_to(rule, top, folder, parents, lambda path: stat.S_IFDIR)  # which may not be there yet
    if folder is None:
        return True
    entered = _entered(rule, top, folder, _telling(top / folder.path, name))
    return entered is None or _judge(rule, entered, name, stat.S_IFREG) is not entered


def entries(root: Path, include: tuple[str, ...] = ()) -> Iterator[tuple[str, os.DirEntry[str], bool]]:
    """Yield all there is in `root`, of whatever kind and size: path, entry, and whether it is ignored.

    Paths are as the file system has them. A folder comes before what is in it; ignored ones and links are not
    entered, except for what `include` (as in `Rules`) names inside. What cannot be read is skipped.
    """
    rule, top, start = _start(root, Rules(include=include))
    waiting: list[tuple[_Folder, os.DirEntry[str] | None]] = [(start, None)]
    while waiting:
        folder, entry = waiting.pop()
        try:
            with os.scandir(top / folder.path) as listed:
                found = sorted(listed, key=lambda entry: entry.name)
        except (OSError, ValueError):
            continue
        entered = _entered(rule, top, folder, {each.name for each in found})
        if entry is not None and not folder.ignored:
            yield folder.path[len(rule.root) : -1], entry, entered is None
        inner: list[tuple[_Folder, os.DirEntry[str] | None]] = []
        for each in found if entered else ():
            with contextlib.suppress(OSError, ValueError):
                mode = _mode(each)
                verdict = _judge(rule, entered or folder, each.name, mode)
                if mode == stat.S_IFDIR and not isinstance(verdict, str):
                    inner.append((verdict, each))
                elif verdict != "ignored" or not folder.ignored:
                    yield (folder.path + each.name)[len(rule.root) :], each, verdict == "ignored"
        waiting += reversed(inner)


def _led_to(
    rule: _Rule, top: Path, folder: _Folder, parents: list[str], mode_of: Callable[[Path], int]
) -> _Folder | None:
    """Return what holds where `parents` lead to from a folder; None where the walk does not enter it."""
    for parent in parents:
        entered = _entered(rule, top, folder, _telling(top / folder.path, parent))
        mode = mode_of(top / folder.path / parent)
        verdict = _judge(rule, entered, parent, mode) if entered else ""
        if isinstance(verdict, str) or mode != stat.S_IFDIR:
            return None
        folder = verdict
    return folder


def on_disk(root: Path, path: str) -> Path:
    """Return where the file is that a `File.path` names."""
    return root / path.translate(DECODED)


def _start(root: Path, rules: Rules) -> tuple[_Rule, Path, _Folder]:
    """Return the rules, the top of the repository that `root` lies in, and what holds in `root`.

    Where there is no repository, or one that ignores `root` (a home folder of dotfiles), the top is `root`.
    """
    root = Path(os.path.abspath(root))
    top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), root)
    git = os.path.lexists(top / ".git")
    parts = root.relative_to(top).parts
    rule = _rule(rules, parts, git)
    folder = _Folder("", (found,) if git and (found := read(_excludes(top))) else (), (), not git)
    for part in parts:
        for name, files in ((".gitignore", "git"), (OWN_FILE, "own")):
            if found := read(top / folder.path / name, folder.path):
                folder = replace(folder, **{files: (*getattr(folder, files), found)})
        if _ignored(rule, folder, folder.path + part, part, True):
            return _rule(rules, (), False), root, _Folder("", (), (), True)
        folder = replace(folder, path=f"{folder.path}{part}/")
    return rule, top, folder


def _rule(rules: Rules, parts: tuple[str, ...], git: bool) -> _Rule:
    base = "".join(f"{part}/" for part in parts)
    return _Rule(rules, base, compiled(rules.include, base), compiled(rules.exclude, base), git)


def _excludes(top: Path) -> Path:
    """Return the file of a repository's own ignore patterns; of a linked worktree and a submodule, theirs."""
    git = top / ".git"
    try:
        if git.is_file():
            with open(git, encoding="utf-8", errors="surrogateescape") as opened:
                git = top / opened.read(4096).removeprefix("gitdir:").strip()
            common = git / "commondir"
            if common.is_file():
                with open(common, encoding="utf-8", errors="surrogateescape") as opened:
                    git = git / opened.read(4096).strip()
    except (OSError, ValueError):
        pass
    return git / "info" / "exclude"


def _telling(place: Path, inner: str) -> set[str]:
    """Return those entries of a folder that say something of its entry `inner`, without listing it."""
    asked = _TELLING | BUILDS if inner in OUTPUT else _TELLING
    return {name for name in asked if os.path.lexists(f"{place}/{name}")}


def _entered(rule: _Rule, top: Path, folder: _Folder, names: set[str]) -> _Folder | None:
    """Return what holds in a folder whose entries are known; None for a virtual environment or a cache."""
    place = top / folder.path
    inside = folder.path != rule.root
    if inside and not folder.ignored and ("pyvenv.cfg" in names or CACHE_MARK in names):
        return None
    git, own = folder.git, folder.own
    if ".git" in names and inside:  # a repository of its own: its own rules
        git = (found,) if (found := read(_excludes(place), folder.path)) else ()
    if ".gitignore" in names and (found := read(place / ".gitignore", folder.path)):
        git = (*git, found)
    if OWN_FILE in names and (found := read(place / OWN_FILE, folder.path)):
        own = (*own, found)
    builds = folder.builds or not BUILDS.isdisjoint(names)
    return _Folder(folder.path, git, own, builds, folder.ignored)


def _judge(rule: _Rule, folder: _Folder, name: str, mode: int) -> _Folder | str:
    """Return the folder to enter, for a file the folder it is in, or why an entry is skipped."""
    path = folder.path + name
    is_folder = mode == stat.S_IFDIR
    if is_folder and name in NEVER:
        return "ignored"
    if mode == stat.S_IFLNK:
        return "link"
    if not is_folder and mode != stat.S_IFREG:
        return "unreadable"
    if rule.exclude.verdict(path, name, is_folder):
        return "excluded"
    wanted = rule.include.verdict(path, name, is_folder)
    ignored = wanted is not True and (folder.ignored or _ignored(rule, folder, path, name, is_folder))
    if not is_folder:
        return "ignored" if ignored else folder
    if ignored and not rule.include.leads_on(path):
        return "ignored"
    return _Folder(f"{path}/", folder.git, folder.own, False, ignored)


def _ignored(rule: _Rule, folder: _Folder, path: str, name: str, is_folder: bool) -> bool:
    for files in (folder.own, folder.git):
        for patterns in reversed(files):
            verdict = patterns.verdict(path, name, is_folder)
            if verdict is not None:
                return verdict
    if not is_folder:
        return False
    if name in OUTPUT and folder.builds and (not rule.git or name in OURS_WITH_GIT):
        return True
    return bool(HABITS.verdict(name, name, True))


def _file(rule: _Rule, path: str, status: os.stat_result) -> File | str:
    """Return a file, or why it is none to index by its name and size."""
    if why := why_named(path.rpartition("/")[2]):
        return why
    if status.st_size > rule.rules.max_file_kb * 1024:
        return "large"
    path = path[len(rule.root) :]
    if ODD.search(path):
        shown = path.translate(UNDECODED)
        if shown.translate(DECODED) != path:  # it has the letters for private use in its name
            return "unreadable"
        path = shown
    private = is_private(path)
    if private and not rule.rules.private:
        return "private"
    return File(path, status.st_size, status.st_mtime_ns, private)


def _mode(entry: os.DirEntry[str]) -> int:
    """Return an entry's kind as of `stat`, without asking the disk."""
    if entry.is_file(follow_symlinks=False):
        return stat.S_IFREG
    if entry.is_dir(follow_symlinks=False):
        return stat.S_IFDIR
    return stat.S_IFLNK if entry.is_symlink() else 0
