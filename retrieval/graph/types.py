"""What goes into the graph and comes out of it: files as it keeps them, cursors, what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from syntax.facts import Facts, Symbol

FAMILIES = {
    "javascriptreact": "javascript",
    "typescript": "javascript",
    "typescriptreact": "javascript",
    "cpp": "c",
    "kotlin": "java",
}
"""Languages whose files use each other's names count as one."""


def family_of(language: str) -> str:
    return FAMILIES.get(language, language)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a text. `prefix` and `suffix` are what stands before and after it, as far as known."""

    path: str
    """Relative to the workspace, with forward slashes."""
    language: str
    """LSP language identifier."""
    prefix: str
    suffix: str
    text: str = ""
    """The whole text, where prefix and suffix are only part of it."""


class Place(NamedTuple):
    """A definition and the file it stands in."""

    path: str
    symbol: Symbol

    @property
    def key(self) -> tuple[str, str]:
        return self.path, self.symbol.qualified


class Module(NamedTuple):
    """Files that together are what an import names, and the folder of a package."""

    paths: tuple[str, ...]
    folder: str = ""
    """Where its submodules stand; empty if it has none."""


@dataclass(frozen=True, slots=True)
class Found:
    """A definition that may be wanted at a cursor."""

    path: str
    symbol: Symbol
    score: float
    """Higher is likelier; comparable within one answer only."""
    why: str
    """How it was come by, in a word or two."""
    import_line: str = ""
    """The import that this file lacks to use it; empty if it needs none."""
    import_row: int = 0
    """The row before which that line belongs, counted from 0."""
    members: tuple[Symbol, ...] = ()
    """Of a class the members worth showing, the likeliest first."""


@dataclass(slots=True)
class File:
    """One file's facts, by name."""

    path: str
    language: str
    family: str
    facts: Facts
    top: Mapping[str, Sequence[Symbol]]
    """What it defines outside of everything, by name."""
    owned: Mapping[str, Sequence[Symbol]]
    """Members by the qualified name of what owns them."""
    _named: dict[str, list[Symbol]] = field(default_factory=dict, repr=False)

    def named(self, name: str) -> Sequence[Symbol]:
        """Return everything of this name, in its order."""
        if not self._named:
            for symbol in self.facts.symbols:
                self._named.setdefault(symbol.name, []).append(symbol)
        return self._named.get(name, ())

    @classmethod
    def of(cls, path: str, facts: Facts) -> File:
        top: dict[str, list[Symbol]] = defaultdict(list)
        owned: dict[str, list[Symbol]] = defaultdict(list)
        for symbol in facts.symbols:
            if symbol.owner:
                owned[symbol.owner].append(symbol)
            if not symbol.owner or (facts.language == "lua" and "." not in symbol.owner):
                top[symbol.name].append(symbol)  # a Lua module is a table that its file returns
        return cls(path, facts.language, family_of(facts.language), facts, dict(top), dict(owned))
