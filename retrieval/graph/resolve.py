"""From names to definitions: through imports, re-exports, packages, types, inheritance, never in a circle."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any

from retrieval.graph.modules import Modules
from retrieval.graph.types import File, Module, Place
from syntax.facts import Import, Symbol

Entity = Place | Module
DOTTED = re.compile(r"\$?[^\W\d][\w$]*(?:(?:\.|::|\\|->)[^\W\d][\w$]*)*")
SEPARATOR = re.compile(r"\.|::|\\|->")
CONTAINERS = frozenset(("class", "type", "module"))
DEEPEST = 12
"""Steps of re-exports, bases or types that are followed."""
MOST_TYPES = 6
"""Names of one type that are looked at: `dict[str, list[Foo]]` has four."""
MOST_MEMBERS = 400
MOST_STAR = 40
"""Files behind a star import or an include whose names are listed."""
OPEN = frozenset(("go", "rust", "c", "csharp", "ruby", "lua", "php"))
"""Languages where members of a type stand in other files, too."""
BY_NAME = frozenset(("ruby", "c", "lua", "php", "csharp"))
"""Languages where a name may be used without an import that says where it is from."""
FEW = 3
"""Places of one name that are few enough to take them without being told which."""
IMPLICIT = frozenset(("go", "java", "csharp", "php"))
"""Languages where a package's names are visible in all its files."""


class Resolver:
    """Joins the facts of files. What it remembers lasts until the next change of any of them."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.modules = Modules()
        self.by_name: dict[str, set[str]] = {}
        """Name of a definition -> paths."""
        self.by_owner: dict[str, set[str]] = {}
        """Qualified name of what owns members -> paths."""
        self._known: dict[tuple[Any, ...], Any] = {}
        self._sorted: list[str] = []
        self._recent: set[str] = set()
        """Names that came after they were sorted."""
        self._names_left = 0
        """How many more may come before they are sorted again."""

    def changed(self) -> None:
        self._known.clear()

    # Names

    def exports(self, path: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> list[Entity]:
        """Return what a file gives others under a name: its own, or what it hands on."""
        key = "exports", path, name
        known = self._known.get(key)
        if known is not None:
            return known
        file = self.files.get(path)
        if file is None or (path, name) in seen or len(seen) > DEEPEST:
            return []
        found: list[Entity] = [Place(path, symbol) for symbol in file.top.get(name, ())]
        if not found:
            inner = seen | {(path, name)}
            python = file.family == "python"
            for imp in file.facts.imports:
                if (imp.exported or python) and imp.alias == name:
                    found += self._imported(file, imp, inner)
            if not found:
                for imp in file.facts.imports:
                    if imp.name == "*" and (imp.exported or file.family in ("python", "c")):
                        for other in self.modules.find(path, file.family, imp.module).paths:
                            found += self.exports(other, name, inner)
                        if found:
                            break
            if not found and python and path.endswith("/__init__.py"):
                found = _some(self.modules.submodule(path.rpartition("/")[0], name, "python"))
        found = _unique(found)
        if found or not seen:
            self._known[key] = found
        return found

    def imported(self, file: File, imp: Import) -> list[Entity]:
        """Return what an import brings; nothing for what is not of this workspace."""
        return self._imported(file, imp, frozenset())

    def _imported(self, file: File, imp: Import, seen: frozenset[tuple[str, str]]) -> list[Entity]:
        if not imp.module:  # another name for something of this file
            own: list[Entity] = [Place(file.path, symbol) for symbol in file.top.get(imp.name, ())]
            if own or (file.path, imp.name) in seen:
                return own
            inner = seen | {(file.path, imp.name)}
            return [
                entity
                for other in file.facts.imports
                if other.alias == imp.name and other.module
                for entity in self._imported(file, other, inner)
            ]
        named = imp.module
        if not imp.name and file.family == "python" and imp.alias == named.partition(".")[0]:
            named = imp.alias  # `import a.b` gives the name a
        module = self.modules.find(file.path, file.family, named)
        if not imp.name or imp.name == "*":
            if module.paths or module.folder or file.family == "python":
                return _some(module)
            return self._inner(file, imp.module, seen)
        found: list[Entity] = []
        for path in module.paths:
            found += self.exports(path, imp.name, seen)
        if not found and module.folder:
            found = _some(self.modules.submodule(module.folder, imp.name, file.family))
        if not found and not module.paths:  # a name within a class, or within a module that is no file
            for outer in self._inner(file, imp.module, seen):
                found += self.member(outer, imp.name)
        if not found and imp.name == "default":
            found = _some(module)
        return found

    def _inner(self, file: File, dotted: str, seen: frozenset[tuple[str, str]]) -> list[Entity]:
        parts = SEPARATOR.split(dotted)
        if len(parts) < 2 or len(seen) > DEEPEST:
            return []
        module = dotted[: -len(parts[-1])].rstrip(".:\\")
        inner = seen | {(file.path, dotted)}
        return self._imported(file, Import(module, parts[-1], parts[-1]), inner) if module else []

    def name(self, file: File, name: str, owner: str = "") -> list[Entity]:
        """Return what a name means in a file, seen from inside of `owner`."""
        key = "name", file.path, name, owner
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._name(file, name, owner)
        return known

    def _name(self, file: File, name: str, owner: str) -> list[Entity]:
        while owner:
            inside = [Place(file.path, s) for s in file.owned.get(owner, ()) if s.name == name]
            if inside and inside[0].symbol.kind in CONTAINERS:
                return _unique(inside)
            owner = owner.rpartition(".")[0]
        found: list[Entity] = [Place(file.path, symbol) for symbol in file.top.get(name, ())]
        if found:
            return found
        for imp in file.facts.imports:
            if imp.alias == name:
                found += self.imported(file, imp)
        if found:
            return _unique(found)
        for path in self.open_to(file):
            if path != file.path and (other := self.files.get(path)):
                if name in other.top:
                    found += [Place(path, symbol) for symbol in other.top[name]]
                elif file.family == "python" or file.family == "javascript":
                    found += self.exports(path, name)
            if found:
                return _unique(found)
        if file.family in BY_NAME:
            places = self.places(name, file.family)
            top = [place for place in places if not place.symbol.owner]
            if 0 < len(top) <= FEW:
                return list(top)
        return []

    def open_to(self, file: File) -> tuple[str, ...]:
        """Return the files whose names `file` sees unnamed: those of its package, star imports, includes."""
        key = "open", file.path
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = tuple(dict.fromkeys(self._open_to(file)))
        return known

    def _open_to(self, file: File) -> Iterator[str]:
        if file.family == "go":
            folder = file.path.rpartition("/")[0]
            package = file.facts.package
            for path in sorted(self.modules.in_folder(folder)):
                other = self.files.get(path)
                if other and other.family == "go" and other.facts.package == package:
                    yield path
        elif file.family in IMPLICIT:
            package = file.facts.package
            yield from self.modules.package(file.family, package)
            while file.family == "csharp" and "." in package:
                package = package.rpartition(".")[0]
                yield from self.modules.package("csharp", package)
        if file.family == "c":
            yield from self.modules.twins(file.path)
        listed = 0
        for imp in file.facts.imports:
            if imp.name != "*":
                continue
            for path in self.modules.find(file.path, file.family, imp.module).paths:
                yield path
                listed += 1
                if file.family == "c" and (header := self.files.get(path)):
                    for inner in header.facts.imports[:MOST_STAR]:
                        if listed < MOST_STAR:
                            yield from self.modules.find(path, "c", inner.module).paths
                            listed += 1
            if listed > MOST_STAR:
                return

    def names_from(self, start: str, most: int) -> list[str]:
        """Return names that begin with `start`, the shortest first."""
        if self._names_left <= 0:
            self._sorted, self._recent = sorted(self.by_name), set()
            self._names_left = max(200, len(self._sorted) // 50)
        at = bisect_left(self._sorted, start)
        found = {name for name in self._recent if name.startswith(start)}
        while at < len(self._sorted) and self._sorted[at].startswith(start) and len(found) < 20 * most:
            found.add(self._sorted[at])
            at += 1
        return sorted((name for name in found if name in self.by_name), key=lambda one: (len(one), one))[
            :most
        ]

    def defines(self, path: str, name: str) -> None:
        """Take note that a file defines a name."""
        paths = self.by_name.get(name)
        if paths is None:
            paths = self.by_name[name] = set()
            self._names_left -= 1
            if self._names_left > 0:
                self._recent.add(name)
        paths.add(path)

    def places(self, name: str, family: str = "") -> list[Place]:
        """Return every definition of a name, in the order of paths."""
        found = []
        for path in sorted(self.by_name.get(name, ())):
            file = self.files[path]
            if family and file.family != family:
                continue
            found += [Place(path, symbol) for symbol in file.named(name)]
        return found

    # Members

    def member(self, entity: Entity, name: str) -> list[Entity]:
        """Return what `entity.name` is."""
        if isinstance(entity, Module):
            found: list[Entity] = []
            for path in entity.paths:
                found += self.exports(path, name)
            if not found and entity.folder and entity.paths[:1]:
                found = _some(self.modules.submodule(entity.folder, name, self.files[entity.paths[0]].family))
            elif not found and entity.folder:
                found = _some(self.modules.submodule(entity.folder, name, "python"))
            return found
        members = []
        for of in self.classes(entity):
            members += [place for place, _ in self.members(of) if place.symbol.name == name]
        return list(_unique(members[:FEW]))

    def members(self, of: Place) -> list[tuple[Place, int]]:
        """Return a class's members and its bases', each with how many classes up it stands."""
        key = "members", *of.key
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._members(of)
        return known

    def _members(self, of: Place) -> list[tuple[Place, int]]:
        found: list[tuple[Place, int]] = []
        taken: set[str] = set()
        for place, depth in self.lineage(of):
            names: set[str] = set()
            for path in self._bodies(place):
                for symbol in self.files[path].owned.get(place.symbol.qualified, ()):
                    if symbol.name not in taken:
                        names.add(symbol.name)
                        found.append((Place(path, symbol), depth))
            taken |= names
            if len(found) > MOST_MEMBERS:
                break
        return found[:MOST_MEMBERS]

    def _bodies(self, of: Place) -> list[str]:
        """Return the files that have members of a class, its own first."""
        file = self.files[of.path]
        if file.family not in OPEN:
            return [of.path]
        folder = of.path.rpartition("/")[0]
        others = [
            path
            for path in self.by_owner.get(of.symbol.qualified, ())
            if path != of.path
            and self.files[path].family == file.family
            and (file.family != "go" or path.rpartition("/")[0] == folder)
        ]
        return [of.path, *sorted(others)[:20]]

    def lineage(self, of: Place) -> list[tuple[Place, int]]:
        """Return a class and all it inherits from, the nearest first."""
        found = [(of, 0)]
        seen = {of.key}
        for place, depth in found:
            if depth >= DEEPEST:
                break
            for base in self.bases(place):
                if base.key not in seen:
                    seen.add(base.key)
                    found.append((base, depth + 1))
        return found

    def bases(self, of: Place) -> list[Place]:
        file = self.files.get(of.path)
        if file is None:
            return []
        found: list[Place] = []
        for path in self._bodies(of) if file.family in OPEN else (of.path,):
            holder = self.files[path]
            for other in (
                holder.top.get(of.symbol.name, ())
                if not of.symbol.owner
                else holder.owned.get(of.symbol.owner, ())
            ):
                if other.name == of.symbol.name:
                    for base in other.bases:
                        found += self.types(base, holder, other.owner)
        return found

    # Types

    def types(self, written: str, file: File, owner: str = "", depth: int = 0) -> list[Place]:
        """Return the classes that a type or a callee names, as written in `file` inside of `owner`."""
        if depth > DEEPEST or not written:
            return []
        found: list[Place] = []
        for dotted in DOTTED.findall(written)[:MOST_TYPES]:
            for entity in self.dotted(dotted, file, owner, depth):
                found += self.classes(entity, depth + 1)
        return _unique(found)

    def dotted(self, dotted: str, file: File, owner: str = "", depth: int = 0) -> list[Entity]:
        """Return what a dotted name means, `self.x` included."""
        parts = SEPARATOR.split(dotted)
        entities: list[Entity]
        if owner and parts[0] in ("self", "cls", "this", "$this", "Self", "static"):
            entities = list(self.own(file, owner))
        else:
            entities = self.name(file, parts[0], owner)
            if not entities and owner and len(parts) == 1 and depth:
                for of in self.own(file, owner):
                    entities = entities or self.member(of, parts[0])
        for part in parts[1:]:
            if depth > DEEPEST:
                return []
            entities = [inner for entity in entities[:FEW] for inner in self.member(entity, part)]
        return entities

    def own(self, file: File, owner: str) -> list[Place]:
        """Return a file's class of this qualified name; in open languages it may be of another file."""
        outer, _, name = owner.rpartition(".")
        listed: Iterable[Symbol] = file.owned.get(outer, ()) if outer else file.top.get(name, ())
        found = [Place(file.path, s) for s in listed if s.name == name and s.kind in CONTAINERS]
        if not found and file.family in OPEN and not outer:
            for place in self.name(file, name):
                if isinstance(place, Place) and place.symbol.kind in CONTAINERS:
                    found.append(place)
        return found[:1]

    def classes(self, entity: Entity, depth: int = 0) -> list[Place]:
        """Return what a value of this entity has the members of."""
        if isinstance(entity, Module) or depth > DEEPEST:
            return []
        path, symbol = entity
        file = self.files.get(path)
        if file is None:
            return []
        if symbol.kind == "class" or symbol.kind == "module":
            return [entity]
        if symbol.kind == "type" and (not symbol.type or symbol.qualified in file.owned):
            return [entity]
        key = "classes", *entity.key
        known = self._known.get(key)
        if known is None:
            self._known[key] = []  # a type that leads back here says nothing
            known = self._known[key] = self.types(symbol.type, file, symbol.owner, depth + 1)
        return known


def _some(module: Module) -> list[Entity]:
    return [module] if module.paths or module.folder else []


def _unique(entities):  # the same places, each once
    seen = set()
    found = []
    for entity in entities:
        key = entity.key if isinstance(entity, Place) else entity
        if key not in seen:
            seen.add(key)
            found.append(entity)
    return found
