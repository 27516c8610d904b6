"""Where a project's Python packages and its standard library lie, found without running any of it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.documentation.files import Unreadable, is_file, is_folder, listed, text_of

FOLDERS = (".venv", "venv", "env", ".env")
"""Names that virtual environments go by."""
VARIABLES = ("VIRTUAL_ENV", "CONDA_PREFIX")
MOST_POINTERS = 200
"""Files of a site-packages folder that point to other folders; each line of one is a folder."""
MOST_LINES = 200
_SMALL = 1_000_000
_VERSIONED = re.compile(r"python3(?:\.\d+)?t?$")
_FINDER = re.compile(r"^import (__editable___\w+_finder)\b")
_MAPPING = re.compile(r"^MAPPING\b[^=]*= (\{.*\})$", re.M)


@dataclass(frozen=True)
class Environment:
    """One environment's folders, in the order Python searches them."""

    library: tuple[Path, ...]
    """Of the standard library."""
    site: tuple[Path, ...]
    """site-packages, and the folders it points to."""
    version: str = ""
    """Of Python."""
    mapped: Mapping[str, Path] = field(default_factory=dict)
    """Top-level names that an editable installation gives a place of their own."""


def environment_of(project: Path, configured: str, environ: Mapping[str, str] = os.environ) -> Environment:
    """Return the environment of a project: the configured one, its own folder's, the shell's, or Python's."""
    for prefix in _prefixes(project, configured, environ):
        if found := _at(prefix):
            return found
    return Environment((), ())


def _prefixes(project: Path, configured: str, environ: Mapping[str, str]) -> Iterator[Path]:
    if configured:
        chosen = project / os.path.expanduser(configured)
        yield from _around(chosen)
    for folder in (project, *project.parents[:3]):
        yield from (folder / name for name in FOLDERS)
    yield from (Path(environ[name]) for name in VARIABLES if environ.get(name))
    for name in ("python3", "python"):
        if python := shutil.which(name, path=environ.get("PATH", "")):
            yield from _around(Path(python))
    yield Path(sys.base_prefix)


def _around(python: Path) -> Iterator[Path]:
    """Yield the environments that an interpreter, or the folder of one, may belong to."""
    if is_folder(python):
        yield python
        yield python.parent
    yield python.parent.parent
    yield _real(python).parent.parent


def _real(path: Path) -> Path:
    """Return where a path leads, as far as it leads anywhere."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def _at(prefix: Path) -> Environment | None:
    """Return the environment in a folder; None where there is none."""
    site = [folder for folder in _libraries(prefix, "site-packages") if is_folder(folder)]
    try:
        written = _pairs(text_of(prefix / "pyvenv.cfg", _SMALL))
    except Unreadable:
        written = {}
        bases = [prefix]
    else:
        bases = _bases(prefix, written.get("home", ""))
    library = next((found for base in bases if (found := _standard(base))), ())
    if not site and not library:
        return None
    if not written or written.get("include-system-site-packages", "").lower() == "true":
        for base in bases:
            places = [*_libraries(base, "site-packages"), *_libraries(base, "dist-packages")]
            places.append(base / "lib" / "python3" / "dist-packages")
            site += [folder for folder in places if folder not in site and is_folder(folder)]
    folders, mapped = _pointed(site)
    version = written.get("version_info") or written.get("version") or _version(library)
    return Environment(library, tuple(folders), version, mapped)


def _bases(prefix: Path, home: str) -> list[Path]:
    """Return where the Python may be that a virtual environment was made with."""
    bases = [Path(home).parent] if home else []
    for python in (prefix / "bin" / "python", Path(home or "/nowhere") / "python3"):
        bases.append(_real(python).parent.parent)
    return bases


def _libraries(prefix: Path, name: str) -> Iterator[Path]:
    for lib in ("lib", "lib64", "Lib"):
        versions = [folder for folder in listed(prefix / lib) if _VERSIONED.fullmatch(folder)]
        yield from (prefix / lib / folder / name for folder in sorted(versions, key=_number, reverse=True))
    yield prefix / "Lib" / name


def _number(folder: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", folder)))


def _standard(base: Path) -> tuple[Path, ...]:
    """Return the folders of the standard library below a prefix."""
    for folder in (*_libraries(base, ""), base / "Lib"):
        if is_file(folder / "os.py"):
            return (folder, folder / "lib-dynload")
    return ()


def _version(library: tuple[Path, ...]) -> str:
    return library[0].name.removeprefix("python") if library else ""


def _pairs(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines()[:MOST_LINES])
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _pointed(site: list[Path]) -> tuple[list[Path], dict[str, Path]]:
    """Return folders with those their .pth and .egg-link files name, and the names editable finders map."""
    folders, mapped = list(site), {}
    for folder in site:
        pointers = [name for name in listed(folder) if name.endswith((".pth", ".egg-link"))]
        for name in pointers[:MOST_POINTERS]:
            try:
                lines = text_of(folder / name, _SMALL).splitlines()[:MOST_LINES]
            except Unreadable:
                continue
            for line in lines[:1] if name.endswith(".egg-link") else lines:
                if finder := _FINDER.match(line):
                    mapped |= _mapping(folder / f"{finder[1]}.py")
                elif line.strip() and not line.startswith(("#", "import ", "import\t")) and "\0" not in line:
                    target = folder / line.strip()
                    if target not in folders and is_folder(target):
                        folders.append(target)
    return folders, mapped


def _mapping(finder: Path) -> dict[str, Path]:
    """Return what an editable installation's finder maps, as its text says: it is not run."""
    try:
        found = _MAPPING.search(text_of(finder, _SMALL))
        mapping = ast.literal_eval(found[1]) if found else {}
    except (Unreadable, ValueError, SyntaxError, RecursionError, MemoryError):
        return {}
    return {str(name): Path(str(path)) for name, path in mapping.items()}
