"""Which names may follow which receiver at a cursor: what guided decoding raises (inference/guide.py).

Each stands with its signature: `get(key: str) -> Row`, `limit: int`. A name that is missing here would be
made less likely. So where an ancestor is not of the workspace, only a receiver is taken that the text uses
already, with the members it uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from retrieval.graph.candidates import own_classes
from retrieval.graph.context import Here
from retrieval.graph.render import signature
from retrieval.graph.resolve import Entity, Resolver
from retrieval.graph.types import File, Module, Place
from syntax.facts import Symbol

NAME = re.compile(r"[(:]")
"""What a name ends at where its signature follows."""
OBJECT = re.compile(r"^\((?:self|cls|&(?:mut )?self|mut self)\b(?:, |(?=\)))")
"""What nobody passes."""
PROPERTY = re.compile(r"^\s*(?:@[\w.]*property\b|(?:static\s+)?get\s)")
MOST_RECEIVERS = 48
MOST_NAMES = 120
"""Of one receiver; the nearest ancestors' come first."""
ATTRIBUTES_OF = 24
"""Attributes of `self` that are receivers themselves."""
EMPTY_BASES = frozenset(
    ("object", "Object", "ABC", "abc.ABC", "Protocol", "typing.Protocol", "Generic", "typing.Generic")
)
"""Bases that bring no member anybody writes."""
LONGEST = 100
"""Characters of a name with its signature; what is cut off are the last parameters."""
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
        names += [described(symbols[-1]) for symbols in file.top.values()]
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
    members = [described(place.symbol) for of in classes for place, _ in graph.members(of)]
    if not all(_whole(graph, of) for of in classes):
        used = re.findall(rf"(?<![\w.]){re.escape(receiver)}(?:\.|->|::)(\w+)", text)
        if not used:
            return
        members += used
    _put(found, receiver, (one for one in members if own or not one.startswith(("_", "#"))))


def _put(found: dict[str, tuple[str, ...]], receiver: str, members: Iterable[str]) -> None:
    """Add members, of those of one name the first; each is a name or one with its signature."""
    listed: dict[str, str] = {}
    for member in members:
        if not member.startswith(("__", "constructor(")):
            listed.setdefault(NAME.split(member, maxsplit=1)[0], member)
    if receiver not in found and listed:
        found[receiver] = tuple(islice(listed.values(), MOST_NAMES))


def described(symbol: Symbol) -> str:
    """Return a name with its signature on one line, as far as the text says: `get(key: str) -> Row`,
    `limit: int`. A class, whose parameters stand elsewhere, is `Store(…)`.
    """
    name, held = symbol.name, " ".join(symbol.type.split())
    if symbol.kind in ("class", "type"):
        return f"{name}(…)"
    if symbol.kind not in ("function", "method"):
        return f"{name}: {held}"[:LONGEST] if held else name
    head = signature(symbol, 4 * LONGEST)
    parameters = _parenthesised(head[head.find(name) + len(name) :])
    if not parameters:
        return name
    if PROPERTY.search(symbol.stub):
        return f"{name}: {held}"[:LONGEST] if held else name
    tail = f" -> {held}"[: LONGEST // 2] if held else ""
    parameters = OBJECT.sub("(", parameters)
    room = LONGEST - len(name) - len(tail)
    if len(parameters) > room:
        parameters = parameters[: max(room - 2, 1)] + "…)"
    return name + parameters + tail


def _parenthesised(text: str) -> str:
    """Return the first pair of parentheses with what is in it; one that is not closed is closed."""
    begin, depth = text.find("("), 0
    for at in range(max(begin, 0), len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if at >= begin >= 0 and not depth:
            return text[begin:at].rstrip(" ,") + ")"
    return text[begin:].rstrip("…") + ")" if begin >= 0 else ""


def _whole(graph: Resolver, of: Place) -> bool:
    """Tell whether every class this one inherits from is of the workspace."""
    for place, _ in graph.lineage(of):
        file = graph.files[place.path]
        for base in place.symbol.bases:
            if base not in EMPTY_BASES and not graph.types(base, file, place.symbol.owner):
                return False
    return True
