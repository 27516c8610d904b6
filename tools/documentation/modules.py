"""From a dotted name to the files of a Python module: sources, stubs, compiled ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.documentation.environment import Environment
from tools.documentation.files import is_folder, listed

_COMPILED = re.compile(r"(\w+)(?:\.[\w-]+)?\.(?:so|pyd)$")
_PART = re.compile(r"[^\W\d]\w*$")
MOST_PARTS = 20
PRIVATE = re.compile(r"(^|\.)(_|tests?(\.|$)|conftest)")


@dataclass(frozen=True)
class Module:
    """A module as it lies on the disk."""

    name: str
    source: Path | None = None
    stub: Path | None = None
    compiled: Path | None = None
    folders: tuple[Path, ...] = ()
    """Of a package: where its modules are."""
    stubs: tuple[Path, ...] = ()
    """Of a package: where stubs of its modules are, of a distribution of stubs."""
    standard: bool = False
    """Whether it is of the standard library."""

    @property
    def files(self) -> tuple[Path, ...]:
        """What can be read of it, the source first."""
        return tuple(path for path in (self.source, self.stub) if path)

    @property
    def is_package(self) -> bool:
        """Whether relative imports count from the module itself."""
        return any(path.name.startswith("__init__.") for path in self.files) or not self.files


@dataclass
class Modules:
    """The modules of one environment, looked for on the disk and remembered for a while."""

    environment: Environment
    _known: dict[str, Module | None] = field(default_factory=dict)
    _listed: dict[Path, frozenset[str]] = field(default_factory=dict)

    def forget(self) -> None:
        """Look at the disk again."""
        self._known.clear()
        self._listed.clear()

    def find(self, name: str) -> Module | None:
        """Return a module by its dotted name; None where there is none."""
        if name not in self._known:
            parts = name.split(".")
            fit = len(parts) <= MOST_PARTS and all(map(_PART.match, parts))
            self._known[name] = self._find(name) if fit else None
        return self._known[name]

    def top(self) -> list[str]:
        """Return the names of all top-level modules."""
        environment = self.environment
        names = {
            name for folder in (*environment.library, *environment.site) for name in self._modules(folder)
        }
        return sorted(names | set(environment.mapped))

    def below(self, module: Module) -> list[str]:
        """Return the names of a package's modules."""
        return sorted({name for folder in module.folders for name in self._modules(folder)})

    def _modules(self, folder: Path) -> set[str]:
        found = set()
        for name in self._names(folder):
            stem = name.partition(".")[0]
            if _PART.match(stem) and (name == stem or name.endswith((".py", ".pyi", ".so", ".pyd"))):
                found.add(stem)
        return found - {"__init__", "__pycache__", "__main__"}

    def _names(self, folder: Path) -> frozenset[str]:
        if folder not in self._listed:
            self._listed[folder] = frozenset(listed(folder))
        return self._listed[folder]

    def _find(self, name: str) -> Module | None:
        parent_name, _, last = name.rpartition(".")
        if parent_name:
            parent = self.find(parent_name)
            if parent is None:
                return None
            return self._in(name, last, parent.folders, parent.stubs, parent.standard)
        environment = self.environment
        if found := self._in(name, name, environment.library, (), True):
            return found
        mapped = environment.mapped.get(name)
        if mapped and (found := self._in(name, mapped.stem, (mapped.parent,), ())):
            return found
        stubs = tuple(folder / f"{name}-stubs" for folder in environment.site)
        return self._in(
            name, name, environment.site, tuple(path for path in stubs if is_folder(path)), top=True
        )

    def _in(
        self,
        name: str,
        last: str,
        folders: tuple[Path, ...],
        stubs: tuple[Path, ...],
        standard: bool = False,
        top: bool = False,
    ) -> Module | None:
        """Return the module `last` of some folders. Of a distribution of stubs, `stubs` is the package itself
        at the `top`, and holds the module further down."""
        bare: list[Path] = []
        found: Module | None = None
        for folder in folders:
            names = self._names(folder)
            path = folder / last
            inside = self._names(path) if last in names and is_folder(path) else frozenset()
            if inside & {"__init__.py", "__init__.pyi"}:
                source = path / "__init__.py" if "__init__.py" in inside else None
                stub = path / "__init__.pyi" if "__init__.pyi" in inside else None
                found = Module(name, source, stub, None, (path,), (), standard)
                break
            if {f"{last}.py", f"{last}.pyi"} & names:
                source = folder / f"{last}.py" if f"{last}.py" in names else None
                stub = folder / f"{last}.pyi" if f"{last}.pyi" in names else None
                compiled = None if source else self._compiled(folder, last)
                found = Module(name, source, stub, compiled, (), (), standard)
                break
            if compiled := self._compiled(folder, last):
                found = Module(name, None, None, compiled, (), (), standard)
                break
            if inside:
                bare.append(path)
        if found is None and bare:
            found = Module(name, folders=tuple(bare), standard=standard)
        return self._stubbed(name, last, found, stubs, top)

    def _stubbed(
        self, name: str, last: str, found: Module | None, stubs: tuple[Path, ...], top: bool
    ) -> Module | None:
        """Add what a distribution of stubs has of a module."""
        stub, below = found.stub if found else None, []
        for folder in stubs:
            path = folder if top else folder / last
            if is_folder(path):
                below.append(path)
                stub = stub or (path / "__init__.pyi" if "__init__.pyi" in self._names(path) else None)
            elif f"{last}.pyi" in self._names(folder):
                stub = stub or folder / f"{last}.pyi"
        if found is None:
            return Module(name, None, stub, None, tuple(below)) if stub or below else None
        return (
            Module(name, found.source, stub, found.compiled, found.folders, tuple(below), found.standard)
            if stub or below
            else found
        )

    def _compiled(self, folder: Path, last: str) -> Path | None:
        for name in self._names(folder):
            if name.startswith(last) and (made := _COMPILED.match(name)) and made[1] == last:
                return folder / name
        return None
