"""What each candidate is worth at a cursor: its features, weighed by a fitted table."""

from __future__ import annotations

from retrieval.graph.candidates import INDEX, Gathering
from retrieval.graph.features import FEATURES, rows
from retrieval.graph.resolve import CONTAINERS
from retrieval.graph.trees import scores
from retrieval.graph.types import Found
from retrieval.graph.words import Words

WHY = {
    "receiver_member": "member of the receiver",
    "receiver_module": "member of the module",
    "receiver_like": "member of a class named alike",
    "receiver_imported": "member of an imported class",
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
    "tested": "of the file under test",
    "sibling": "same folder",
    "module": "of an imported module",
}
AT_TYPED, AT_OVERRIDES = FEATURES.index("typed"), FEATURES.index("overrides")
MOST_CLASSES = 12
"""Classes that are shown with members."""
MOST_MEMBERS = 12
TYPED, OTHER_TYPED = 3.0, -6.0
"""What a name gains that begins with what is typed, and loses that does not. Like the next, by hand: what the
ranker was fitted on has nothing typed."""
OVERRIDES = 4.0
"""What an inherited method gains where a method's name is about to be written."""


def rank(gathering: Gathering, words: Words, limit: int) -> list[Found]:
    """Return the candidates of a cursor, the likeliest first, at most `limit`."""
    places, table = rows(gathering, words)
    if not places:
        return []
    worth = scores(table)
    for at, (typed, overrides) in enumerate(table[:, [AT_TYPED, AT_OVERRIDES]].tolist()):
        worth[at] += OVERRIDES * overrides + (TYPED if typed > 0 else OTHER_TYPED if typed < 0 else 0.0)
    order = sorted(range(len(places)), key=lambda at: (-worth[at], places[at].key))
    found = []
    for at in order[:limit]:
        place, given = places[at], table[at]
        why = next((text for name, text in WHY.items() if given[INDEX[name]]), "")
        members = ()
        if place.symbol.kind in CONTAINERS and len(found) < MOST_CLASSES:
            members = tuple(
                member.symbol
                for member, _ in gathering.graph.members(place)
                if member.path == place.path and not member.symbol.name.startswith("__")
            )[:MOST_MEMBERS]
        found.append(Found(place.path, place.symbol, worth[at], why, members=members))
    return found
