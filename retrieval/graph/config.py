"""What configuration files say of module names: tsconfig.json, package.json, go.mod, Cargo.toml."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|/\*.*?\*/|//[^\n]*', re.DOTALL)
TRAILING = re.compile(r",(\s*[}\]])")
NAMES = ("tsconfig.json", "jsconfig.json", "package.json", "go.mod", "Cargo.toml")
"""Files that are understood; any other is passed over."""


class Config:
    """Aliases, workspace packages and module roots, by the folders of the files that name them."""

    def __init__(self) -> None:
        self._scripts: dict[str, tuple[str, dict[str, list[str]]]] = {}
        """Folder of a tsconfig -> its baseUrl (empty: none) and paths."""
        self._packages: dict[str, tuple[str, tuple[str, ...]]] = {}
        """Name of a package.json -> its folder and its entry files."""
        self._go: dict[str, str] = {}
        self.crates: dict[str, str] = {}
        """Crate -> folder of its Cargo.toml."""

    @property
    def go_modules(self) -> list[tuple[str, str]]:
        """Module paths and their folders, the longest first."""
        return sorted(self._go.items(), key=lambda item: -len(item[0]))

    def put(self, path: str, text: str) -> None:
        """Take a configuration file; a broken one says nothing."""
        folder, _, name = path.rpartition("/")
        try:
            if name.startswith(("tsconfig", "jsconfig")) and name.endswith(".json"):
                self._script(folder, _json(text))
            elif name == "package.json":
                self._package(folder, _json(text))
            elif name == "go.mod":
                if found := re.search(r"^module\s+(\S+)", text, re.MULTILINE):
                    self._go[found[1].strip('"')] = folder
            elif name == "Cargo.toml":
                crate = tomllib.loads(text).get("package", {}).get("name")
                if isinstance(crate, str):
                    self.crates[crate.replace("-", "_")] = folder
        except (ValueError, AttributeError, TypeError, RecursionError):
            return

    def _script(self, folder: str, said: Any) -> None:
        options = said.get("compilerOptions") or {}
        paths = {
            key: [value for value in values if isinstance(value, str)]
            for key, values in (options.get("paths") or {}).items()
        }
        base = options.get("baseUrl")
        if paths or isinstance(base, str):
            self._scripts[folder] = base if isinstance(base, str) else "", paths

    def _package(self, folder: str, said: Any) -> None:
        name = said.get("name")
        if not isinstance(name, str):
            return
        entries = [said.get(key) for key in ("source", "types", "module", "main")]
        written = tuple(entry for entry in entries if isinstance(entry, str))
        self._packages[name] = folder, (*written, "src/index", "index", "lib/index", "src/main")

    def aliases(self, folder: str, module: str) -> Iterator[str]:
        """Yield the paths that a name may stand for by the nearest tsconfig above a folder."""
        while True:
            if folder in self._scripts:
                base, paths = self._scripts[folder]
                yield from (_under(folder, base, path) for path in _mapped(paths, module))
                if base:
                    yield _under(folder, base, module)
            if not folder:
                return
            folder = folder.rpartition("/")[0]

    def workspace_package(self, module: str) -> tuple[str, str] | None:
        """Return the folder of the workspace package a name begins with, and what of it is named."""
        parts = module.split("/")
        size = 2 if module.startswith("@") else 1
        known = self._packages.get("/".join(parts[:size]))
        return (known[0], "/".join(parts[size:])) if known else None

    def entries(self, folder: str) -> tuple[str, ...]:
        return next((entries for where, entries in self._packages.values() if where == folder), ())

    def package_name(self, folder: str) -> tuple[str, str] | None:
        """Return the name and the folder of the package that a folder is in."""
        while True:
            for name, (where, _) in self._packages.items():
                if where == folder:
                    return name, where
            if not folder:
                return None
            folder = folder.rpartition("/")[0]


def _mapped(paths: dict[str, list[str]], module: str) -> Iterator[str]:
    for pattern, targets in sorted(paths.items(), key=lambda item: -len(item[0])):
        head, star, tail = pattern.partition("*")
        if star and module.startswith(head) and module.endswith(tail) and len(module) >= len(head + tail):
            middle = module[len(head) : len(module) - len(tail)]
            yield from (target.replace("*", middle, 1) for target in targets)
        elif not star and pattern == module:
            yield from targets


def _under(folder: str, base: str, path: str) -> str:
    parts: list[str] = []
    for part in f"{folder}/{base}/{path}".split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


def _json(text: str) -> Any:
    """Read JSON with comments and trailing commas."""
    return json.loads(TRAILING.sub(r"\1", COMMENT.sub(lambda found: found[1] or "", text)))
