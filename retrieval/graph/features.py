"""What speaks for a candidate, in numbers: one row a candidate, one column a feature."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.graph.candidates import GIVEN, Gathering
from retrieval.graph.context import POSITIONS, parts_of
from retrieval.graph.resolve import CONTAINERS
from retrieval.graph.types import Place
from retrieval.graph.words import Words

if TYPE_CHECKING:
    import numpy as np

OF_NAME = (
    "private", "dunder", "upper", "capital", "is_class", "is_function", "is_method", "is_attribute",
    "is_constant", "error",
)  # fmt: skip
OWN = (
    "uses_before", "uses_after", "fresh", "parts_line", "parts_wider", "parts_after", "type_parts", "popular",
    "importers", "path_near", "shared_folders", "same_folder", "typed", "name_near", "overrides",
)  # fmt: skip
COMMON = ("has_receiver", "receiver_known", "in_tests", "candidates")
POSITION = tuple(f"at_{name}" for name, _ in POSITIONS) + ("at_member", "at_other")
FEATURES = (*GIVEN, *OF_NAME, *OWN, *COMMON, *POSITION)
ERRORS = ("Error", "Exception", "Exit", "Interrupt", "Warning", "Timeout")
IMPORTED, INHERITED = GIVEN.index("imported"), GIVEN.index("inherited")
KNOWN = GIVEN.index("receiver_member"), GIVEN.index("receiver_module")

_parts = lru_cache(50_000)(lambda name: frozenset(parts_of(name)))


def rows(gathering: Gathering, words: Words) -> tuple[list[Place], np.ndarray]:
    """Return the candidates of a cursor and a table of `FEATURES`, one row for each."""
    import numpy as np

    places = [place for place, _ in gathering.found.values()]
    if not places:
        return [], np.empty((0, len(FEATURES)), dtype=np.float32)
    own = np.array([*_rows(gathering, words)], dtype=np.float32).reshape(len(places), -1)
    here = gathering.here
    common = [
        float(bool(here.scope.receiver.parts)),
        float(any(given[KNOWN[0]] or given[KNOWN[1]] for _, given in gathering.found.values())),
        float("test" in gathering.file.path),
        math.log1p(len(places)),
        *(float(name == f"at_{here.position}") for name in POSITION),
    ]
    table = np.empty((len(places), len(FEATURES)), dtype=np.float32)
    table[:, : own.shape[1]] = own
    table[:, own.shape[1] :] = common
    return places, table


def _rows(gathering: Gathering, words: Words) -> Iterator[tuple[float, ...]]:
    here, mine, imports = gathering.here, gathering.file, gathering.imports
    imports.refresh()
    folder = mine.path.rpartition("/")[0]
    folders = folder.split("/")
    after_parts = frozenset(parts_of("\n".join(here.cursor.suffix[:500].split("\n")[:6])))
    typed = here.partial.lower()
    line, wider, before_words, after_words, nearby = (
        here.parts,
        here.wider,
        here.before,
        here.after,
        here.near,
    )
    near_of: dict[str, float] = {}
    for key, (place, given) in gathering.found.items():
        if given[IMPORTED]:
            near = nearby.get(gathering.alias.get(key, place.symbol.name), 0.0)
            if near > near_of.get(place.path, 0.0):
                near_of[place.path] = near
    away: dict[str, tuple[float, float, float]] = {}
    alias = gathering.alias
    overriding = here.position == "define"
    own_names = {symbol.name for symbol in mine.owned.get(here.scope.owner, ())}
    log = math.log1p
    for key, (place, given) in gathering.found.items():
        path, symbol = place
        written = symbol.name
        name = alias.get(key) or written
        parts = _parts(written)
        before, after = before_words.get(name, 0), after_words.get(name, 0)
        if (from_here := away.get(path)) is None:
            other = path.rpartition("/")[0]
            from_here = away[path] = (
                near_of.get(path, 0.0), _common(folders, other), float(other == folder)
            )  # fmt: skip
        count = len(parts) or 1
        yield (
            *given,
            *_of_name(written, symbol.kind),
            log(before) if before else 0.0,
            log(after) if after else 0.0,
            1.0 if given[IMPORTED] and not before and not after else 0.0,
            len(parts & line) / count,
            len(parts & wider) / count,
            len(parts & after_parts) / count,
            1.0 if symbol.type and not line.isdisjoint(_parts(symbol.type)) else 0.0,
            log(words.count(written, mine.path)),
            log(imports.users(path, written)),
            *from_here,
            0.0 if not typed else 1.0 if name.lower().startswith(typed) else -1.0,
            nearby.get(name, 0.0),
            1.0 if overriding and given[INHERITED] and written not in own_names else 0.0,
        )


@lru_cache(100_000)
def _of_name(name: str, kind: str) -> tuple[float, ...]:
    container = kind in CONTAINERS
    return (
        float(name.startswith("_")),
        float(name.startswith("__")),
        float(name.isupper()),
        float(name[:1].isupper()),
        float(container),
        float(kind == "function"),
        float(kind == "method"),
        float(kind == "attribute"),
        float(kind == "constant"),
        float(container and name.endswith(ERRORS)),
    )


def _common(folders: list[str], other: str) -> float:
    count = 0
    for left, right in zip(folders, other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count / max(len(folders), 1)
