"""The made-up words of invented.py, and the APIs made of them: classes, methods, functions, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

ONSETS = ("b", "br", "d", "dr", "f", "fl", "g", "gr", "k", "kl", "m", "n", "p", "pl", "qu", "sk", "sn", "sp",
          "t", "thr", "tr", "v", "vr", "w", "z")  # fmt: skip
VOWELS = ("a", "e", "i", "o", "u", "ai", "oo")
CODAS = ("", "", "l", "m", "n", "p", "rk", "rl", "sk", "x", "zz", "ft", "mb")
VERBS = ("add", "apply", "build", "check", "close", "count", "find", "is", "list", "load", "merge", "open",
         "parse", "read", "remove", "reset", "split", "start", "update", "write")  # fmt: skip
PLAIN = {
    "int": ("count", "limit", "offset", "size", "depth", "width"),
    "str": ("label", "path", "title", "key", "prefix", "text"),
    "float": ("ratio", "weight", "delay"),
    "bool": ("force", "strict", "quiet"),
    "strs": ("names", "parts", "labels"),
}
"""Names of parameters and locals by type: what real code calls them."""
RETURNS = ("int", "str", "bool", "strs", "", "", "float")
"""Types by their short names; the empty one is nothing."""

Parameters = tuple[tuple[str, str, bool], ...]
"""Name, type, and whether it has a default."""


@dataclass(frozen=True)
class Routine:
    """A function or method."""

    name: str
    parameters: Parameters
    returns: str


@dataclass(frozen=True)
class Type:
    """A class of one module."""

    name: str
    module: str
    made_of: Parameters
    methods: tuple[Routine, ...]


@dataclass
class Names:
    """Pronounceable words, each handed out once."""

    chance: Random
    taken: set[str] = field(default_factory=set)

    def word(self) -> str:
        while True:
            pick = self.chance.choice
            word = "".join(pick(ONSETS) + pick(VOWELS) for _ in range(pick((1, 1, 2))))
            word += pick(ONSETS) + pick(VOWELS) + pick(CODAS)
            if word not in self.taken:
                self.taken.add(word)
                return word

    def member(self) -> str:
        """In snake case: half of them with a verb, as real names mostly have one."""
        shape = self.chance.choice(("{verb}_{}", "{verb}_{}", "{}", "{}_{}"))
        return shape.format(self.word(), self.word(), verb=self.chance.choice(VERBS))

    def type(self) -> str:
        return self.word().capitalize() + self.word().capitalize()


def some_parameters(names: Names, count: int) -> Parameters:
    """Make up some of different types; the last may have a default."""
    chance, found = names.chance, []
    for kind in chance.sample([*PLAIN], count):
        name = chance.choice(PLAIN[kind]) if chance.random() < 0.6 else names.word()
        found.append((name, kind, False))
    if found and chance.random() < 0.3:
        found[-1] = (*found[-1][:2], True)
    return tuple(found)


def some_routine(names: Names, known: Sequence[str]) -> Routine:
    """Make one up; now and then it returns one of the `known` classes."""
    chance = names.chance
    returns = chance.choice(known) if known and chance.random() < 0.2 else chance.choice(RETURNS)
    return Routine(names.member(), some_parameters(names, chance.choice((0, 1, 1, 2, 2, 3))), returns)
