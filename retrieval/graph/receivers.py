"""Which names may follow which receiver at a cursor: what guided decoding raises (inference/guide.py).

A name that is missing here would be made less likely. So where an ancestor is not of the workspace, only a
receiver is taken that the text uses already, with the members it uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from retrieval.graph.candidates import own_classes
from retrieval.graph.context import Here
from retrieval.graph.resolve import Entity, Resolver
from retrieval.graph.types import File, Module, Place

MOST_RECEIVERS = 48
MOST_NAMES = 120
"""Of one receiver; the nearest ancestors' come first."""
ATTRIBUTES_OF = 24
"""Attributes of `self` that are receivers themselves."""
EMPTY_BASES = frozenset(
    ("object", "Object", "ABC", "abc.ABC", "Protocol", "typing.Protocol", "Generic", "typing.Generic")
)
"""Bases that bring no member anybody writes."""
SELF = frozenset(("self", "this", "$this", "cls", "Self", "static"))


def receivers(graph: Resolver, file: File, here: Here) -> dict[str, tuple[str, ...]]:
    """Return expressions as written at a cursor, the nearest first, each with the names of its members."""
    scope, text = here.scope, here.cursor.text or here.cursor.prefix
    found: dict[str, tuple[str, ...]] = {}
    nearest = sorted(scope.names.items(), key=lambda item: (-here.near.get(item[0], 0.0), item[0]))
    for name, held in nearest:
        if scope.owner and held == scope.owner:
            classes = own_classes(graph, file, here)
        else:
            classes = graph.types(held, file, scope.owner) if held else []
        _add(graph, found, name, classes, text, own=name in SELF or held == scope.owner)
    for owner in own_classes(graph, file, here)[:1] if scope.owner else ():
        self_name = next((name for name, held in scope.names.items() if held == scope.owner), "")
        if self_name:
            _attributes(graph, found, self_name, owner, here)
    for imp in file.facts.imports:
        if imp.alias and imp.alias not in scope.names and len(found) < MOST_RECEIVERS:
            for entity in graph.imported(file, imp)[:1]:
                _imported(graph, found, imp.alias, entity, text)
    return dict(list(found.items())[:MOST_RECEIVERS])


def _attributes(
    graph: Resolver, found: dict[str, tuple[str, ...]], self_name: str, owner: Place, here: Here
) -> None:
    """Add what the attributes of the object round the cursor hold."""
    text = here.cursor.text or here.cursor.prefix
    attributes = [place for place, _ in graph.members(owner) if place.symbol.kind == "attribute"]
    attributes.sort(key=lambda place: (-here.near.get(place.symbol.name, 0.0), place.symbol.name))
    for place in attributes[:ATTRIBUTES_OF]:
        mark = "->" if graph.files[owner.path].language == "php" else "."
        _add(graph, found, f"{self_name}{mark}{place.symbol.name}", graph.classes(place), text)


def _imported(
    graph: Resolver, found: dict[str, tuple[str, ...]], alias: str, entity: Entity, text: str
) -> None:
    if isinstance(entity, Place):
        if entity.symbol.kind in ("class", "type"):
            _add(graph, found, alias, [entity], text)
        return
    names: list[str] = []
    for path in entity.paths:
        file = graph.files.get(path)
        if file is None or any(imp.name == "*" for imp in file.facts.imports):
            return
        names += file.top
        names += [imp.alias for imp in file.facts.imports if imp.alias and path.endswith("__init__.py")]
    if isinstance(entity, Module) and entity.folder:
        return  # a package has submodules, too
    _put(found, alias, names)


def _add(
    graph: Resolver,
    found: dict[str, tuple[str, ...]],
    receiver: str,
    classes: list[Place],
    text: str,
    own: bool = False,
) -> None:
    """Add a receiver that is of one of some classes."""
    if receiver in found or not 0 < len(classes) <= 3:
        return
    members = [place.symbol.name for of in classes for place, _ in graph.members(of)]
    if not all(_whole(graph, of) for of in classes):
        used = re.findall(rf"(?<![\w.]){re.escape(receiver)}(?:\.|->|::)(\w+)", text)
        if not used:
            return
        members += used
    _put(found, receiver, (name for name in members if own or not name.startswith(("_", "#"))))


def _put(found: dict[str, tuple[str, ...]], receiver: str, names: Iterable[str]) -> None:
    listed = tuple(dict.fromkeys(name for name in names if not name.startswith("__")))
    if receiver not in found and listed:
        found[receiver] = listed[:MOST_NAMES]


def _whole(graph: Resolver, of: Place) -> bool:
    """Tell whether every class this one inherits from is of the workspace."""
    for place, _ in graph.lineage(of):
        file = graph.files[place.path]
        for base in place.symbol.bases:
            if base not in EMPTY_BASES and not graph.types(base, file, place.symbol.owner):
                return False
    return True
