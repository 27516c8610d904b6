"""What a file might import and does not yet: what the files around it, and those that import alike, do."""

from __future__ import annotations

import re
from collections import defaultdict
from heapq import nlargest

from retrieval.graph.context import parts_of
from retrieval.graph.modules import split
from retrieval.graph.resolve import CONTAINERS, Resolver
from retrieval.graph.types import File, Place

MOST_LIKELY = 80
MOST_PEERS = 60
"""Files whose imports are looked at for one cursor."""
MOST_OF_A_FILE = 20
MOST_SIBLINGS = 120
COMMON = 200
"""Files that import something so common that sharing it says nothing."""
CHANGES = 100
"""Changes of files after which the files like one are looked for again."""
TEST = re.compile(r"^tests?_|_tests?$|[._]spec$|\.test$|Tests?$")

Target = tuple[str, str]
"""A file and a name in it; the empty name is the file itself."""


class Imports:
    """Who imports what, kept as files come and go."""

    def __init__(self, graph: Resolver) -> None:
        self._graph = graph
        self._of: dict[str, frozenset[Target]] = {}
        """Path -> what the file imports of this workspace."""
        self._by: dict[Target, set[str]] = defaultdict(set)
        self._stale: set[str] = set()
        self._names: dict[str, set[str]] = defaultdict(set)
        """Imported name -> paths."""
        self._voted: dict[str, tuple[frozenset[Target], int, list[tuple[Target, float]]]] = {}
        self._changes = 0
        self._classes: dict[str, dict[str, int]] = defaultdict(dict)
        """Part of a class's name -> names of classes and in how many files."""

    def put(self, file: File) -> None:
        self._stale.add(file.path)
        self._changes += 1
        self._count(file, 1)

    def drop(self, file: File) -> None:
        self._stale.discard(file.path)
        self._forget(file.path)
        self._count(file, -1)

    def _count(self, file: File, by: int) -> None:
        for imp in file.facts.imports:
            if imp.name and imp.name != "*":
                if by > 0:
                    self._names[imp.name].add(file.path)
                else:
                    self._names[imp.name].discard(file.path)
        for name, symbols in file.top.items():
            if symbols[0].kind in ("class", "type"):
                for part in set(parts_of(name)):
                    names = self._classes[part]
                    names[name] = names.get(name, 0) + by
                    if names[name] <= 0:
                        del names[name]

    def class_names(self, parts: set[str]) -> set[str]:
        """Return the names of classes that share a part with others."""
        found: set[str] = set()
        for part in parts:
            if len(names := self._classes.get(part, ())) < 400:
                found.update(names)
        return found

    def of(self, path: str) -> frozenset[Target]:
        self.refresh()
        return self._of.get(path, frozenset())

    def count(self, target: Target) -> int:
        self.refresh()
        return len(self._by.get(target, ()))

    def users(self, path: str, name: str) -> int:
        """Return `count` without looking for changes: after `refresh`, for many."""
        users = self._by.get((path, name))
        return len(users) if users else 0

    def importing(self, name: str) -> list[str]:
        """Return the files that import something under this name."""
        return sorted(self._names.get(name, ()))

    def refresh(self) -> None:
        for path in self._stale:
            self._forget(path)
            if file := self._graph.files.get(path):
                targets = frozenset(self._targets(file))
                self._of[path] = targets
                for target in targets:
                    self._by[target].add(path)
        self._stale.clear()

    def _forget(self, path: str) -> None:
        for target in self._of.pop(path, ()):
            self._by[target].discard(path)

    def _targets(self, file: File):
        for imp in file.facts.imports:
            module = self._graph.modules.find(file.path, file.family, imp.module) if imp.module else None
            if module is None:
                continue
            name = imp.name if imp.name != "*" else ""
            if not module.paths and module.folder and name:
                module, name = self._graph.modules.submodule(module.folder, name, file.family), ""
            for path in module.paths[:1]:
                yield path, name

    def likely(self, file: File) -> list[tuple[Place, float]]:
        """Return definitions that files like this one import, each with the share of them that do."""
        found: list[tuple[Place, float]] = []
        for (path, name), worth in self._votes(file):
            if name:
                for entity in self._graph.exports(path, name)[:1]:
                    if isinstance(entity, Place):
                        found.append((entity, worth))
            elif other := self._graph.files.get(path):
                for symbols in list(other.top.values())[:MOST_OF_A_FILE]:
                    found.append((Place(path, symbols[0]), worth * 0.3))
        return found

    def _votes(self, file: File) -> list[tuple[Target, float]]:
        mine = self.of(file.path)
        known = self._voted.get(file.path)
        if known and known[0] == mine and self._changes - known[1] < CHANGES:
            return known[2]
        folder = file.path.rpartition("/")[0]
        peers: dict[str, float] = defaultdict(float)
        for target in mine:
            users = self._by.get(target, ())
            if len(users) <= COMMON:
                for path in users:
                    peers[path] += 2.0 / (2 + len(users))
        for path in self._graph.modules.in_folder(folder):
            peers[path] += 0.5
        peers.pop(file.path, None)
        votes: dict[Target, float] = defaultdict(float)
        total = 0.0
        for weight, path in nlargest(MOST_PEERS, ((weight, path) for path, weight in peers.items())):
            total += weight
            for target in self._of.get(path, ()):
                votes[target] += weight
        ranked = sorted(
            ((vote / total, target) for target, vote in votes.items()
             if target not in mine and target[0] != file.path),
            key=lambda one: (-one[0], one[1]),
        )  # fmt: skip
        found = [(target, vote) for vote, target in ranked[:MOST_LIKELY]]
        self._voted[file.path] = mine, self._changes, found
        return found

    def siblings(self, file: File) -> list[Place]:
        """Return what the other files of a folder define outside of everything."""
        found: list[Place] = []
        folder = file.path.rpartition("/")[0]
        for path in sorted(self._graph.modules.in_folder(folder)):
            other = self._graph.files.get(path)
            if other and path != file.path and other.family == file.family:
                for symbols in list(other.top.values())[:MOST_OF_A_FILE]:
                    if symbols[0].kind in CONTAINERS or symbols[0].kind == "function":
                        found.append(Place(path, symbols[0]))
            if len(found) > MOST_SIBLINGS:
                break
        return found

    def tested(self, file: File) -> list[Place]:
        """Return what the file defines that a file of tests is named after."""
        base = split(file.path)[1]
        bare = TEST.sub("", file.path.rpartition("/")[2].rpartition(".")[0])
        if bare == base and ".test" not in file.path and ".spec" not in file.path:
            return []
        found: list[Place] = []
        for path in self._graph.modules.named(bare)[:3]:
            other = self._graph.files[path]
            if other.family == file.family and path != file.path:
                found += [Place(path, symbols[0]) for symbols in list(other.top.values())[:MOST_OF_A_FILE]]
        return found
