"""Which version of what is installed, by the names and lists in site-packages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.documentation.files import Unreadable, listed, text_of

_DISTRIBUTION = re.compile(r"(.+?)(?:-([^-]+?))?(?:-py\d[\d.]*)?\.(?:dist|egg)-info$")
_VERSION = re.compile(r"^Version:[ \t]*(\S+)", re.M)
LARGEST_RECORD = 5_000_000


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


@dataclass
class Versions:
    """The versions of what some site-packages folders hold, read when they are asked for."""

    folders: tuple[Path, ...]
    _known: dict[str, str] = field(default_factory=dict)

    def of(self, module: str) -> str:
        """Return the version of the distribution that a top-level module is of; empty where nothing says."""
        if module not in self._known:
            self._known[module] = self._find(module)
        return self._known[module]

    def _find(self, module: str) -> str:
        rest: list[tuple[Path, str]] = []
        for folder in self.folders:
            for name in listed(folder):
                found = _DISTRIBUTION.fullmatch(name)
                if found and _plain(found[1]) == _plain(module):
                    return found[2] or _written(folder / name)
                if found:
                    rest.append((folder / name, found[2] or ""))
        for path, version in rest:
            if _holds(path, module):
                return version or _written(path)
        return ""


def _written(path: Path) -> str:
    """Return the version that a distribution's own metadata says."""
    for name in ("METADATA", "PKG-INFO"):
        try:
            found = _VERSION.search(text_of(path / name))
        except Unreadable:
            continue
        if found:
            return found[1]
    return ""


def _holds(path: Path, module: str) -> bool:
    """Tell whether a distribution says that it holds a top-level module."""
    try:
        return module in text_of(path / "top_level.txt").split()
    except Unreadable:
        pass
    try:
        record = text_of(path / "RECORD", LARGEST_RECORD)
    except Unreadable:
        return False
    return f"\n{module}/" in "\n" + record or f"\n{module}.py," in "\n" + record
