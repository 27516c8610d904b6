"""What speaks for a candidate, in numbers: one row a candidate, one column a feature."""

from __future__ import annotations

import math
from functools import lru_cache

from retrieval.graph.candidates import Gathering
from retrieval.graph.context import POSITIONS, parts_of
from retrieval.graph.resolve import CONTAINERS
from retrieval.graph.types import Place
from retrieval.graph.words import Words

GIVEN = (
    "receiver_member", "receiver_module", "receiver_like", "receiver_imported", "imported", "imported_at", "implicit", "module",
    "module_near", "member_near", "type_of_local", "member_of_local", "inherited", "word", "word_member",
    "later_word", "likely", "sibling", "tested",
)  # fmt: skip
"""Features that say how a candidate was come by; `candidates.py` gives them."""
OWN = (
    "uses_before", "uses_after", "fresh", "parts_line", "parts_wider", "parts_after", "type_parts", "popular",
    "importers", "path_near", "shared_folders", "same_folder", "private", "dunder", "upper", "capital",
    "is_class", "is_function", "is_method", "is_attribute", "is_constant", "error", "typed", "has_receiver",
    "receiver_known", "name_near", "in_tests", "candidates", "overrides",
)  # fmt: skip
POSITION = tuple(f"at_{name}" for name, _ in POSITIONS) + ("at_member", "at_other")
FEATURES = (*GIVEN, *OWN, *POSITION)
ERRORS = ("Error", "Exception", "Exit", "Interrupt", "Warning", "Timeout")

_parts = lru_cache(50_000)(lambda name: frozenset(parts_of(name)))


def rows(gathering: Gathering, words: Words) -> tuple[list[Place], list[list[float]]]:
    """Return the candidates of a cursor and a row of `FEATURES` for each."""
    here = gathering.here
    mine = gathering.file
    folder = mine.path.rpartition("/")[0]
    folders = folder.split("/")
    after_parts = _parts_after(gathering)
    receiver = float(bool(here.scope.receiver.parts))
    known = float(any("receiver_member" in g or "receiver_module" in g for _, g in gathering.found.values()))
    position = [float(name == f"at_{here.position}") for name in POSITION]
    tests = float("test" in mine.path)
    size = math.log1p(len(gathering.found))
    typed = here.partial.lower()
    near_of: dict[str, float] = {}
    for place, given in gathering.found.values():
        if "imported" in given:
            near = here.near.get(gathering.alias.get(place.key, place.symbol.name), 0.0)
            if near > near_of.get(place.path, 0.0):
                near_of[place.path] = near
    places, found = [], []
    shared: dict[str, tuple[float, float]] = {}
    own_names = {symbol.name for symbol in mine.owned.get(here.scope.owner, ())}
    for key, (place, given) in gathering.found.items():
        symbol = place.symbol
        name = gathering.alias.get(key) or symbol.name
        parts = _parts(symbol.name)
        before, after = here.before.get(name, 0), here.after.get(name, 0)
        if (path := shared.get(place.path)) is None:
            other = place.path.rpartition("/")[0]
            path = shared[place.path] = (_common(folders, other), float(other == folder))
        kind = symbol.kind
        count = len(parts) or 1
        row = [given.get(feature, 0.0) for feature in GIVEN]
        row += (
            math.log1p(before),
            math.log1p(after),
            float("imported" in given and not before and not after),
            len(parts & here.parts) / count,
            len(parts & here.wider) / count,
            len(parts & after_parts) / count,
            float(bool(symbol.type) and bool(_parts(symbol.type) & here.parts)),
            math.log1p(words.count(symbol.name, mine.path)),
            math.log1p(gathering.imports.count((place.path, symbol.name))),
            near_of.get(place.path, 0.0),
            *path,
            float(symbol.name.startswith("_")),
            float(symbol.name.startswith("__")),
            float(symbol.name.isupper()),
            float(symbol.name[:1].isupper()),
            float(kind in CONTAINERS),
            float(kind == "function"),
            float(kind == "method"),
            float(kind == "attribute"),
            float(kind == "constant"),
            float(kind in CONTAINERS and symbol.name.endswith(ERRORS)),
            0.0 if not typed else 1.0 if name.lower().startswith(typed) else -1.0,
            receiver,
            known,
            here.near.get(name, 0.0),
            tests,
            size,
            float("inherited" in given and here.position == "define" and symbol.name not in own_names),
        )
        row += position
        places.append(place)
        found.append(row)
    return places, found


def _parts_after(gathering: Gathering) -> frozenset[str]:
    text = gathering.here.cursor.suffix[:500]
    return frozenset(parts_of("\n".join(text.split("\n")[:6])))


def _common(folders: list[str], other: str) -> float:
    count = 0
    for left, right in zip(folders, other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count / max(len(folders), 1)
