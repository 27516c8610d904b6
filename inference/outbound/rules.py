"""Which files may leave: none the user named, no private one, no ignored one, none outside the project.

Every rule can only hold something back, so a project may add to them and take nothing away.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from pathlib import Path

from settings.private import is_private

MOST_BRACES = 64
"""Patterns one glob may stand for; more is taken as it is written."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one project's files have to pass."""

    root: Path | None = None
    """The project's folder; what lies outside it does not leave. None: paths are judged by their names."""
    never_send: tuple[str, ...] = ()
    """Globs: one without a slash names a file or a folder anywhere, one with a slash counts from the root,
    one with `/` or `~` in front from there. They hold in any case, and for all that is in a folder."""
    ignored: Callable[[str], bool] | None = None
    """Tells of a path relative to the root whether the project's ignore files leave it out."""

    def why_not(self, path: str) -> str:
        """Return why the text of a file may not leave, as words that follow its name; empty where it may.

        `path` is relative to the root or absolute. Links are judged by their own name and by where they lead.
        """
        names = list(dict.fromkeys(self._names(path)))
        for name in names:
            if is_private(name):
                return "is a private file"
        for name in names:
            inside = self._inside(name)
            if inside is None:
                return "lies outside the project"
            for glob in self.never_send:
                if named(glob, inside, name):
                    return f"is named by {glob} in cloud.never_send"
            try:
                if self.ignored is not None and self.ignored(inside):
                    return "is left out by the project's ignore files"
            except Exception:  # whoever cannot tell must not say yes
                return "may be ignored, which could not be found out"
        return ""

    def shown(self, path: str) -> str:
        """Return a path as it is named to the user and in the log: relative to the root where it can be."""
        inside = self._inside(next(self._names(path)))
        return path if inside is None else inside

    def _names(self, path: str) -> Iterator[str]:
        written = path.replace("\\", "/") if os.sep == "\\" or ":\\" in path[:4] else path
        whole = os.path.normpath(os.path.join(self.root or "", os.path.expanduser(written)))
        yield Path(whole).as_posix()
        if self.root is not None:
            yield Path(os.path.realpath(whole)).as_posix()

    def _inside(self, name: str) -> str | None:
        if self.root is None:
            return None if name.split("/")[0] == ".." else name
        for root in (self.root, Path(os.path.realpath(self.root))):
            if Path(name).is_relative_to(root):
                return Path(name).relative_to(root).as_posix()
        return None


def named(glob: str, inside: str, whole: str) -> bool:
    """Tell whether a glob names a file, by its path in the project or by its whole path."""
    pattern = glob.strip().removeprefix("./")
    if pattern.startswith(("~", "/")) or re.match(r"[A-Za-z]:", pattern):
        absolute = Path(os.path.expanduser(pattern)).as_posix()
        if any(one.match(_folded(part)) for one in _compiled(absolute) for part in _parents(whole)):
            return True
        pattern = pattern.lstrip("/")  # as in an ignore file: from the root
        return not glob.startswith("~") and any(
            one.match(_folded(part)) for one in _compiled(pattern) for part in _parents(inside)
        )
    paths = _parents(inside) if "/" in pattern.rstrip("/") else inside.split("/")
    return any(one.match(_folded(part)) for one in _compiled(pattern) for part in paths)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[re.Pattern[str], ...]:
    """Return a glob as expressions: `*` and `?` also match a slash, `**/` also nothing."""
    found = []
    for one in _without_braces(_folded(pattern).rstrip("/")) if pattern else ():
        for variant in dict.fromkeys((one, one.replace("**/", ""), one.removesuffix("/**"))):
            found.append(re.compile(translate(variant)))
    return tuple(found)


def _without_braces(pattern: str) -> list[str]:
    patterns = [pattern]
    while any(re.search(r"\{[^{}]*,[^{}]*\}", one) for one in patterns):
        split: list[str] = []
        for one in patterns:
            if brace := re.search(r"\{([^{}]*,[^{}]*)\}", one):
                split += [one[: brace.start()] + word + one[brace.end() :] for word in brace[1].split(",")]
            else:
                split.append(one)
        if len(split) > MOST_BRACES:
            return [pattern]
        patterns = split
    return patterns


def _parents(path: str) -> list[str]:
    """Return a path and every folder it lies in."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1) if parts[count - 1]]


def _folded(text: str) -> str:
    return text.casefold()
