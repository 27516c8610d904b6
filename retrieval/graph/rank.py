"""What each candidate is worth at a cursor: features weighed by a fitted table."""

from __future__ import annotations

import math

from retrieval.graph.candidates import Features, Gathering
from retrieval.graph.context import Here, parts_of
from retrieval.graph.resolve import CONTAINERS
from retrieval.graph.types import Found, Place
from retrieval.graph.words import Words

WHY = {
    "receiver_member": "member of the receiver",
    "receiver_module": "member of the module",
    "receiver_like": "member of a class named alike",
    "imported": "imported",
    "inherited": "inherited",
    "member_of_local": "member of a local's type",
    "type_of_local": "type of a local",
    "implicit": "same package",
    "module_near": "of an imported module",
    "member_near": "member of an imported class",
    "word": "named nearby",
    "word_member": "named nearby",
    "later_word": "named below",
    "likely": "imported by files like this",
    "module": "of an imported module",
}
HAND = {
    "receiver_member": 6.0, "receiver_module": 5.5, "receiver_like": 3.0, "imported": 3.0, "imported_unused": 0.5,
    "inherited": 1.0, "member_of_local": 1.0, "type_of_local": 1.0, "implicit": 1.0, "module_near": 0.5,
    "member_near": 0.5, "word": 0.8, "word_member": 0.4, "later_word": 1.0, "likely": 2.0, "in_after": 1.0,
    "parts_line": 0.8, "parts_wider": 0.4, "kind_fits": 1.0, "popular": 0.1, "private": -0.5, "dunder": -1.5,
    "used_before": 0.1, "wrong_member": -2.0,
}  # fmt: skip


def rank(gathering: Gathering, words: Words, limit: int) -> list[Found]:
    here = gathering.here
    scored = []
    for key, (place, given) in gathering.found.items():
        features = complete(gathering, words, place, given)
        scored.append((-score(features), key, place, given))
    scored.sort(key=lambda one: one[:2])
    found = []
    for worth, _, place, given in scored[:limit]:
        why = next((text for name, text in WHY.items() if name in given), "")
        members = ()
        if place.symbol.kind in CONTAINERS and len(found) < 12:
            members = tuple(
                member.symbol
                for member, depth in gathering.graph.members(place)
                if member.path == place.path and not member.symbol.name.startswith("__")
            )[:12]
        found.append(Found(place.path, place.symbol, -worth, why, members=members))
    return found


def score(features: Features) -> float:
    return sum(HAND.get(name, 0.0) * value for name, value in features.items())


def complete(gathering: Gathering, words: Words, place: Place, given: Features) -> Features:
    """Return a candidate's features, those that follow from its name and kind included."""
    here: Here = gathering.here
    symbol = place.symbol
    name = gathering.alias.get(place.key) or symbol.name
    features = dict(given)
    before, after = here.before.get(name, 0), here.after.get(name, 0)
    if "imported" in given and not before and not after:
        features["imported_unused"] = 1.0
    if "imported" in given and not before:
        features["imported_first"] = 1.0
    if after:
        features["in_after"] = 1.0
    if before:
        features["used_before"] = math.log1p(before)
    parts = set(parts_of(symbol.name))
    if parts:
        features["parts_line"] = len(parts & here.parts) / len(parts)
        features["parts_wider"] = len(parts & here.wider) / len(parts)
    if kind_fits(symbol.kind, symbol.name, here.position):
        features["kind_fits"] = 1.0
    features["popular"] = math.log1p(words.count(symbol.name))
    if symbol.name.startswith("__"):
        features["dunder"] = 1.0
    elif symbol.name.startswith("_"):
        features["private"] = 1.0
    if symbol.owner and not here.scope.receiver.parts:
        features["wrong_member"] = 1.0
    if here.scope.receiver.parts and not any(name.startswith("receiver") for name in given):
        features["not_receiver"] = 1.0
    if here.partial:
        low, typed = symbol.name.lower(), here.partial.lower()
        features["typed"] = 1.0 if low.startswith(typed) else -1.0
    features["kind_" + symbol.kind] = 1.0
    return features


def kind_fits(kind: str, name: str, position: str) -> bool:
    if position == "raise":
        return kind in CONTAINERS and name.endswith(("Error", "Exception", "Exit", "Interrupt", "Warning", "Timeout"))
    if position in ("type", "bases", "isinstance", "new"):
        return kind in ("class", "type")
    if position == "decorator":
        return kind == "function"
    if position == "define":
        return kind == "method"
    if position == "member":
        return kind in ("method", "attribute", "function")
    return kind in ("function", "class")
