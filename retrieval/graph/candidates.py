"""Which definitions may be wanted at a cursor, and what speaks for each: features by name, for the ranker."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from retrieval.graph.context import Here, parts_of
from retrieval.graph.missing import Imports
from retrieval.graph.resolve import CONTAINERS, Entity, Resolver
from retrieval.graph.types import File, Module, Place

MOST_OF_A_MODULE = 150
MOST_CLASSES = 12
"""Imported classes whose members a receiver of an unknown type may have."""
LEAST_TYPED = 2
"""Characters typed of a name from which on all names that begin so are candidates."""
MOST_TYPED = 24
TYPED = 0.2
"""What such a name counts of one written out next to the cursor."""
MOST_NAMES = 8
"""Definitions of one name that are offered where nothing says which is meant."""

GIVEN = (
    "receiver_member", "receiver_module", "receiver_like", "receiver_imported", "imported", "imported_at",
    "implicit", "module", "module_near", "member_near", "type_of_local", "member_of_local", "inherited",
    "word", "word_member", "later_word", "likely", "sibling", "tested",
)  # fmt: skip
"""What a candidate is come by, as a share of 1."""
SETTER = re.compile(r"\s*@\w+\.(?:setter|deleter)\b")
INDEX = {name: index for index, name in enumerate(GIVEN)}
IN_REACH = tuple(
    INDEX[name]
    for name in ("imported", "implicit", "receiver_module", "receiver_member", "module", "module_near")
)
_NONE = [0.0] * len(GIVEN)

Features = list[float]


class Gathering:
    """The candidates of one cursor."""

    def __init__(self, graph: Resolver, imports: Imports, here: Here, file: File) -> None:
        self.graph, self.imports, self.here, self.file = graph, imports, here, file
        self.found: dict[tuple[str, str], tuple[Place, Features]] = {}
        self.alias: dict[tuple[str, str], str] = {}

    def add(self, place: Place, feature: str, value: float = 1.0) -> Features | None:
        if place.path == self.file.path:
            return None
        key = place.key
        known = self.found.get(key)
        later = known is not None and known[0].symbol.first < place.symbol.first
        if known is None or (later and not SETTER.match(place.symbol.stub)):  # of overloads the last one
            known = self.found[key] = place, known[1] if known else _NONE[:]
        features = known[1]
        index = INDEX[feature]
        if features[index] < value:
            features[index] = value
        return features

    def gather(self) -> None:
        receiver = self.here.scope.receiver
        if receiver.parts and not self._receiver():
            self._unknown_receiver()
        self._visible()
        self._scope()
        self._words()
        self._typed()
        self._unimported()

    def in_reach(self, key: tuple[str, str]) -> bool:
        """Tell whether a candidate needs no import: this file has a name for it, or a receiver has it."""
        given = self.found[key][1] if key in self.found else _NONE
        return any(given[index] for index in IN_REACH)

    # A receiver

    def _receiver(self) -> bool:
        entities = receiver_entities(self.graph, self.file, self.here)
        for entity in entities[:4]:
            if isinstance(entity, Module):
                self._module(entity, "receiver_module")
                continue
            for of in self.graph.classes(entity)[:3] or (
                [entity] if entity.symbol.kind in CONTAINERS else []
            ):
                for place, depth in self.graph.members(of):
                    self.add(place, "receiver_member", 1 / (1 + depth * 0.3))
        return bool(entities) and any(features[0] or features[1] for _, features in self.found.values())

    def _module(self, module: Module, feature: str) -> None:
        count = 0
        for path in module.paths:
            file = self.graph.files.get(path)
            if file is None:
                continue
            for symbols in file.top.values():
                for symbol in symbols[-1:]:
                    self.add(Place(path, symbol), feature)
                    count += 1
                if count > MOST_OF_A_MODULE:
                    return
            if path.endswith("__init__.py") or feature == "receiver_module":
                for imp in file.facts.imports[:MOST_OF_A_MODULE]:
                    if imp.alias and (imp.exported or file.family == "python"):
                        for entity in self.graph.exports(path, imp.alias):
                            if isinstance(entity, Place):
                                self.add(entity, feature, 0.9)

    def _unknown_receiver(self) -> None:
        """Members of what the receiver's name may be an instance of, and of the classes this file imports."""
        listed = 0
        for imp in self.file.facts.imports:
            for entity in self.graph.imported(self.file, imp)[:1] if imp.name else ():
                if isinstance(entity, Place) and entity.symbol.kind in CONTAINERS and listed < MOST_CLASSES:
                    listed += 1
                    for place, depth in self.graph.members(entity)[:40]:
                        self.add(place, "receiver_imported", 1 / (1 + depth * 0.3))
        last = self.here.scope.receiver.parts[-1].rstrip("()[]{}")
        wanted = set(parts_of(last))
        for owner in self._named_like(wanted):
            for place, depth in self.graph.members(owner):
                self.add(place, "receiver_like", 1 / (1 + depth * 0.3))

    def _named_like(self, wanted: set[str]) -> list[Place]:
        if not wanted:
            return []
        scored = []
        for name in self.imports.class_names(wanted):
            parts = parts_of(name)
            shared = len(wanted & set(parts))
            if shared and parts:
                alike = shared / max(len(wanted), len(set(parts)))
                last = parts[-1] in wanted
                if alike >= 0.34 or last:
                    scored.append((-(alike + 0.3 * last), len(name), name))
        found: list[Place] = []
        for _, _, name in sorted(scored)[:12]:
            for place in self.graph.places(name, self.file.family)[:2]:
                if place.symbol.kind in CONTAINERS:
                    found.append(place)
        return found[:12]

    # Names

    def _visible(self) -> None:
        count = len(self.file.facts.imports) or 1
        for index, imp in enumerate(self.file.facts.imports):
            if imp.name == "*":
                continue
            for entity in self.graph.imported(self.file, imp)[:4]:
                if isinstance(entity, Place):
                    self._imported(entity, imp.alias, index / count)
                else:
                    near = imp.alias in self.here.near
                    whole = self.graph.modules.find(self.file.path, self.file.family, imp.module)
                    self._module(entity if imp.name else whole, "module_near" if near else "module")
        for path in self.graph.open_to(self.file)[:60]:
            other = self.graph.files.get(path)
            if other is None or path == self.file.path:
                continue
            for symbols in other.top.values():
                self.add(Place(path, symbols[-1]), "implicit")
            if self.file.family == "python":
                for imp in other.facts.imports:
                    for entity in self.graph.exports(path, imp.alias) if imp.alias else ():
                        if isinstance(entity, Place):
                            self.add(entity, "implicit", 0.7)

    def _imported(self, place: Place, alias: str, at: float) -> None:
        features = self.add(place, "imported")
        if features is None:
            return
        self.alias[place.key] = alias
        features[INDEX["imported_at"]] = at
        if place.symbol.kind in CONTAINERS and alias in self.here.near:
            for member, depth in self.graph.members(place)[:60]:
                self.add(member, "member_near", self.here.near[alias] / (1 + depth))

    def _scope(self) -> None:
        """Members of what local names hold, and of the bases of the class round the cursor."""
        here, graph = self.here, self.graph
        for name, held in list(here.scope.names.items())[:40]:
            if held and name in here.near and held != here.scope.owner:
                for of in graph.types(held, self.file, here.scope.owner)[:2]:
                    self.add(of, "type_of_local", here.near[name])
                    for place, depth in graph.members(of)[:60]:
                        self.add(place, "member_of_local", here.near[name] / (1 + depth))
        if here.scope.owner:
            for of in own_classes(graph, self.file, here):
                for place, depth in graph.members(of):
                    if depth or place.path != self.file.path:
                        self.add(place, "inherited", 1 / (1 + 0.3 * depth))

    def _words(self) -> None:
        """Definitions of names that are written near the cursor."""
        here = self.here
        for name, near in here.near.items():
            paths = self.graph.by_name.get(name)
            if not paths or len(name) < 3 or len(paths) > 4 * MOST_NAMES:
                continue
            places = self.graph.places(name, self.file.family)
            for place in places[:MOST_NAMES]:
                feature = "word_member" if place.symbol.owner else "word"
                self.add(place, feature, near / math.sqrt(len(places)))
        for name in here.after:
            if name in self.file.top or name in here.near or len(name) < 4:
                continue
            paths = self.graph.by_name.get(name)
            if paths and len(paths) <= FEW_AFTER:
                for place in self.graph.places(name, self.file.family)[:FEW_AFTER]:
                    self.add(place, "later_word", 1 / len(paths))

    def _typed(self) -> None:
        """Definitions anywhere whose names begin with what is typed."""
        here = self.here
        if len(here.partial) < LEAST_TYPED or here.scope.receiver.parts:
            return
        for name in self.graph.names_from(here.partial, MOST_TYPED):
            places = [place for place in self.graph.places(name, self.file.family) if not place.symbol.owner]
            for place in places[:MOST_NAMES]:
                self.add(place, "word", TYPED / math.sqrt(len(places)))

    def _unimported(self) -> None:
        """What files like this one import, and this one does not."""
        for place, worth in self.imports.likely(self.file):
            self.add(place, "likely", worth)
        for place in self.imports.siblings(self.file):
            self.add(place, "sibling")
        for place in self.imports.tested(self.file):
            self.add(place, "tested")


FEW_AFTER = 3


def own_classes(graph: Resolver, file: File, here: Here) -> list[Place]:
    found = graph.own(file, here.scope.owner)
    if not found:
        for base in here.scope.bases:
            found += graph.types(base, file)
    return found


def receiver_entities(graph: Resolver, file: File, here: Here) -> list[Entity]:
    """Return what the expression before the cursor is, as far as it can be told."""
    return chain(graph, file, here, here.scope.receiver.parts)


def chain(graph: Resolver, file: File, here: Here, parts: Iterable[str]) -> list[Entity]:
    scope = here.scope
    names = list(parts)
    first = names[0].rstrip("()[]{}") if names else ""
    if file.family == "python":
        first = first.lstrip("@")
    entities: list[Entity]
    if not first:
        return []
    if first in ("super", "parent", "base"):
        entities = [base for of in graph.own(file, scope.owner) for base in graph.bases(of)]
        entities = entities or [base for name in scope.bases for base in graph.types(name, file)]
    elif scope.owner and scope.names.get(first) == scope.owner:
        entities = list(own_classes(graph, file, here))
    elif held := scope.names.get(first, ""):
        entities = list(graph.types(held, file, scope.owner))
    elif first in scope.names and first not in file.top:
        entities = []
    else:
        entities = graph.name(file, first, scope.owner)
    for part in names[1:]:
        name = part.rstrip("()[]{}")
        entities = [inner for entity in entities[:3] for inner in graph.member(entity, name)]
    return entities
