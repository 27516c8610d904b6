"""One pass over a file: nodes that define or import something, in their order, each with what it stands in.

A query finds these nodes in C; Python touches no others. A language gives the query and, for each type of
node, a function that reads one such node into the `Reader`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from syntax.definitions import LARGEST, LONGEST_LINE, SIGNATURE_LINES, STUB_LINES, Kind, parse
from syntax.facts import Facts, Import, Symbol
from syntax.languages import GRAMMARS

if TYPE_CHECKING:
    from tree_sitter import Node, Query

MODULES = {
    "python": "python",
    "javascript": "javascript",
    "javascriptreact": "javascript",
    "typescript": "javascript",
    "typescriptreact": "javascript",
    "go": "go",
    "rust": "rust",
    "java": "java",
    "csharp": "csharp",
    "kotlin": "kotlin",
    "c": "c",
    "cpp": "c",
    "ruby": "ruby",
    "php": "php",
    "lua": "lua",
}
"""LSP language identifier -> module of this package that reads it."""

NODES_A_SLICE = 200
"""Nodes read until the GIL is let go of."""
MOST_BASES = 16
DECORATOR_LINES = 2
"""Lines of decorators and annotations that a stub begins with; more are data."""
LONGEST_TYPE = 160
"""Characters of a type; what is longer is a definition of its own without a name."""
_CPP = re.compile(r"^[ \t]*(?:class[ \t]+\w|namespace\b|template[ \t]*<|(?:public|private|protected):)", re.M)
"""What says that a header is C++, though its name says C."""
DOTTED = re.compile(r"[^\W\d][\w.$]*")


@dataclass(slots=True)
class Place:
    """Something that a node can stand in: a class, a namespace, a function."""

    end: int
    """Byte where it ends."""
    owner: str
    """What its members belong to, dotted."""
    inside: bool = False
    """Whether it is a function: what its body defines is nobody else's business."""
    draft: Draft | None = None
    """The class whose stub its members join."""
    node: Node | None = None
    name: str = ""
    """Of a function its qualified name."""


@dataclass(slots=True)
class Draft:
    """A symbol whose stub may still grow."""

    name: str
    kind: Kind
    first: int
    last: int
    stub: list[str]
    owner: str
    bases: tuple[str, ...]
    type: str
    head: int
    """The row its own head ends in: members further up, on the same line, are in the stub already."""


@dataclass(slots=True)
class Reader:
    """What has been read of one file so far."""

    source: bytes
    lines: list[str]
    places: list[Place] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """Qualified names defined so far."""
    drafts: list[Draft] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    bases: dict[str, list[str]] = field(default_factory=dict)
    """Bases that are said apart from their class, by its qualified name: Rust's impls, Ruby's includes."""
    package: str = ""
    wrapper: Node | None = None
    """The decorated definition or export statement read last: what it wraps begins where it begins."""

    @property
    def owner(self) -> str:
        return self.places[-1].owner if self.places else ""

    @property
    def place(self) -> Place | None:
        return self.places[-1] if self.places else None

    def text(self, node: Node | None) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace") if node else ""

    def enter(self, node: Node, owner: str, draft: Draft | None = None) -> None:
        """What follows up to the end of `node` belongs to `owner`."""
        self.places.append(Place(node.end_byte, owner, False, draft, node))

    def define(
        self,
        name: str,
        kind: Kind,
        node: Node,
        *,
        owner: str | None = None,
        bases: tuple[str, ...] = (),
        type: str = "",
        body: Node | None = None,
        most: int = SIGNATURE_LINES,
        at: Node | None = None,
        enter: bool = False,
    ) -> None:
        """Add a symbol. Its stub is what stands before `body`, or all of it, `most` lines at most.

        `at` is where its name stands: a stub leaves out decorators that take many lines above it.
        With `enter` what follows inside of it belongs to it, or, of a function, is passed over.
        """
        owner = self.owner if owner is None else owner
        first = begin = node.start_point.row
        start = at.start_point.row if at else first
        last = last_row(node)
        if self.wrapper is not None and 0 <= self.wrapper.end_byte - node.end_byte <= 1:
            first = self.wrapper.start_point.row
        if start - first <= DECORATOR_LINES:
            begin = first
        elif start - begin > DECORATOR_LINES:
            begin = start
        end = last
        if body is not None and (end := body.start_point.row) > start and self._begins_line(body):
            above = body.prev_sibling
            while above is not None and "comment" in above.type:
                above = above.prev_sibling
            end = max(start, above.end_point.row if above is not None else start)
        head = min(max(end, begin), begin + most - 1)
        stub = [line.rstrip()[:LONGEST_LINE] for line in self.lines[begin : head + 1]]
        inline = kind == "attribute" and not self._begins_line(node)
        if inline or len(self.lines[start]) > LONGEST_LINE:  # one of several on its line
            stop = body.start_byte if body else node.end_byte
            stub = (
                self.source[node.start_byte : stop]
                .decode("utf-8", "replace")[:LONGEST_LINE]
                .split("\n")[:most]
            )
        held = type if len(type) <= LONGEST_TYPE else ""
        draft = Draft(name, kind, first, last, stub, owner, bases[:MOST_BASES], held, head)
        self.drafts.append(draft)
        inner = f"{owner}.{name}" if owner else name
        self.known.add(inner)
        place = self.place
        if place and place.draft and place.owner == owner and head > place.draft.head:
            place.draft.head = head
            if len(place.draft.stub) < STUB_LINES:
                place.draft.stub += stub
        if enter:
            function = kind in ("function", "method")
            if function:
                self.places.append(Place(node.end_byte, owner, True, None, node, inner))
            else:
                self.enter(node, inner, draft=draft)

    def skip(self, node: Node) -> None:
        """What stands in `node` is passed over, like the body of a function."""
        self.places.append(Place(node.end_byte, self.owner, True))

    def leave(self, before: int) -> None:
        """Whatever ends before a byte, nothing stands in any more."""
        while self.places and self.places[-1].end <= before:
            self.places.pop()

    def bases_of(self, draft: Draft) -> tuple[str, ...]:
        if not self.bases or draft.kind not in ("class", "type", "module"):
            return draft.bases
        name = f"{draft.owner}.{draft.name}" if draft.owner else draft.name
        return tuple(dict.fromkeys([*draft.bases, *self.bases.get(name, ())]))[:MOST_BASES]

    def take(self, module: str, name: str, alias: str, node: Node, exported: bool = False) -> None:
        self.imports.append(Import(module, name, alias, node.start_point.row, exported))

    def _begins_line(self, node: Node) -> bool:
        return not self.source[node.start_byte - node.start_point.column : node.start_byte].strip()


Read = Callable[["Node", Reader], None]


@dataclass(frozen=True)
class Grammar:
    """How a language's nodes are read."""

    query: str
    """Captures, by any name, each node that `reads` has a function for."""
    reads: dict[str, Read]
    everywhere: frozenset[str] = frozenset()
    """Types of nodes that are read inside of functions, too."""
    bodies: frozenset[str] = frozenset()
    """Types of nodes whose inside is passed over where they stand in a function: they are not read there."""
    locals: str = ""
    """Captures each node that names something inside of a function."""
    names: Callable[[Node, Reader], Iterable[tuple[str, str]]] | None = None
    """Reads such a node: names, each with its type where something says it."""


def facts(text: str, language: str) -> Facts:
    """Return what `text` says; nothing for a language without a grammar. Raises nothing."""
    source = text.encode("utf-8", "replace")
    grammar = "cpp" if language == "c" and _CPP.search(text, 0, LARGEST) else language
    tree = parse(source, grammar, len(text)) if language in MODULES else None
    if tree is None:
        return Facts(language)
    reader = read(tree.root_node, source, text.split("\n"), grammar)
    symbols = tuple(
        Symbol(
            d.name,
            d.kind,
            d.first,
            d.last,
            "\n".join(d.stub[:STUB_LINES]),
            d.owner,
            reader.bases_of(d),
            d.type,
        )
        for d in reader.drafts
    )
    return Facts(language, reader.package, symbols, tuple(reader.imports))


def read(root: Node, source: bytes, lines: list[str], language: str) -> Reader:
    """Read a tree. The places of the result are those that its last nodes stand in."""
    grammar = grammar_of(language)
    found = captures(root, language, grammar.query)
    nodes = sorted((node.start_byte, -node.end_byte, at, node) for at, node in enumerate(found))
    reader = Reader(source, lines)
    places, reads, everywhere = reader.places, grammar.reads, grammar.everywhere
    for count, (start, end, _, node) in enumerate(nodes):
        if count % NODES_A_SLICE == NODES_A_SLICE - 1:
            time.sleep(0)
        reader.leave(start)
        kind = node.type
        if places and places[-1].inside and kind not in everywhere:
            if kind in grammar.bodies:
                places.append(Place(-end, "", True))  # `self` is another one in there
            continue
        reads[kind](node, reader)
    return reader


def captures(node: Node, language: str, query: str) -> list[Node]:
    """Return the nodes that a query captures as `d`."""
    from tree_sitter import QueryCursor

    return QueryCursor(_query(language, query)).captures(node).get("d", [])


def bare(written: str) -> str:
    """Return a type's dotted name without its arguments; empty where it is more than a name."""
    found = DOTTED.match(written.strip())
    return found[0] if found else ""


def last_row(node: Node) -> int:
    """Return the row of a node's last character; C's #define holds its line end."""
    row, column = node.end_point
    return row if column or row == node.start_point.row else row - 1


@cache
def grammar_of(language: str) -> Grammar:
    module = import_module(f"syntax.extract.{MODULES[language]}")
    return module.GRAMMARS[language]


@cache
def _query(language: str, query: str) -> Query:
    from tree_sitter import Query
    from tree_sitter_language_pack import get_language

    return Query(get_language(GRAMMARS[language]), query)  # type: ignore[arg-type]
