"""The symbol graph of one workspace, in memory: facts of files go in, definitions for a cursor come out.

It reads no files and keeps to the thread it is called from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retrieval.graph import find
from retrieval.graph.candidates import Gathering
from retrieval.graph.context import look_around
from retrieval.graph.importing import Importing
from retrieval.graph.missing import Imports
from retrieval.graph.rank import rank
from retrieval.graph.receivers import receivers
from retrieval.graph.resolve import Resolver
from retrieval.graph.types import Cursor, File, Found, Place
from retrieval.graph.words import Words
from syntax.facts import Facts

MOST_IMPORTS = 24
"""Found definitions that get the import they lack."""


class Graph:
    """What a workspace's files define and import. Every answer is of the files as put last."""

    def __init__(self) -> None:
        self.resolver = Resolver()
        self.imports = Imports(self.resolver)
        self.words = Words()

    @property
    def files(self) -> dict[str, File]:
        return self.resolver.files

    def put(self, path: str, facts: Facts, *, words: frozenset[str] | None = None) -> None:
        """Take in what a file says now, in place of what it said before.

        `words` are all the words in it, for `references`; None keeps those of before.
        """
        new = File.of(path, facts)
        resolver = self.resolver
        if old := resolver.files.get(path):
            self.imports.drop(old)
            resolver.modules.remove(old, gone=old.family != new.family)
            self._forget_names(old)
        resolver.files[path] = new
        resolver.modules.add(new)
        for name in {symbol.name for symbol in facts.symbols}:
            resolver.defines(path, name)
        for owner in new.owned:
            resolver.by_owner.setdefault(owner, set()).add(path)
        self.imports.put(new)
        if words is not None:
            self.words.put(path, words)
        resolver.changed()

    def drop(self, path: str) -> None:
        """Forget a file; what is not known is forgotten already."""
        old = self.resolver.files.pop(path, None)
        if old is None:
            return
        self.imports.drop(old)
        self.resolver.modules.remove(old)
        self._forget_names(old)
        self.words.drop(path)
        self.resolver.changed()

    def _forget_names(self, file: File) -> None:
        for index, names in (
            (self.resolver.by_name, {symbol.name for symbol in file.facts.symbols}),
            (self.resolver.by_owner, set(file.owned)),
        ):
            for name in names:
                paths = index.get(name)
                if paths is not None:
                    paths.discard(file.path)
                    if not paths:
                        del index[name]

    def put_config(self, path: str, text: str) -> None:
        """Take in a tsconfig.json, package.json, go.mod or Cargo.toml; a broken or other one says nothing."""
        self.resolver.modules.configure(path, text)
        self.resolver.changed()

    def look(self, cursor: Cursor, limit: int = 100) -> list[Found]:
        """Return definitions of other files that may be wanted at a cursor, the likeliest first."""
        file = self.files.get(cursor.path) or File.of(cursor.path, Facts(cursor.language))
        gathering = Gathering(self.resolver, self.imports, look_around(cursor), file)
        gathering.gather()
        found = rank(gathering, self.words, limit)
        writer = Importing(self.resolver, self.imports, file, cursor.text or cursor.prefix + cursor.suffix)
        for at, one in enumerate(found[:MOST_IMPORTS]):
            if one.symbol.owner or gathering.in_reach((one.path, one.symbol.name)):
                continue
            if line := writer.line(Place(one.path, one.symbol)):
                found[at] = replace(one, import_line=line, import_row=writer.row)
        return found

    def receivers(self, cursor: Cursor) -> dict[str, tuple[str, ...]]:
        """Return expressions that can be written at a cursor, each with the names of all its members."""
        file = self.files.get(cursor.path) or File.of(cursor.path, Facts(cursor.language))
        return receivers(self.resolver, file, look_around(cursor))

    def named(self, query: str, limit: int = 50) -> list[Found]:
        """Return definitions whose names are like a query, the likest first."""
        return find.named(self, query, limit)

    def told(self, question: str, limit: int = 100) -> list[Found]:
        """Return definitions whose names share words with a question, the most telling first."""
        return find.told(self, question, limit)

    def definitions_of(self, name: str) -> list[Found]:
        """Return all definitions of exactly this name, in the order of paths and lines."""
        return [_plain(place) for place in self.resolver.places(name)]

    def references(self, name: str) -> list[str]:
        """Return the paths of files that have a word, in their order."""
        return self.words.users(name)

    def repository_map(self, budget: int, focus: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return paths and signatures of what matters most, within `budget` characters.

        What the files of `focus` use and what stands near them counts more.
        """
        return find.repository_map(self, budget, focus)


def _plain(place: Place) -> Found:
    return Found(place.path, place.symbol, 1.0, "definition")
