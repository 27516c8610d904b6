"""From dotted names of Python to what defines them: through packages, imports, stars and base classes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.documentation import builtin, python_reader
from tools.documentation.doc import Deadline, Doc
from tools.documentation.environment import Environment
from tools.documentation.files import Unreadable
from tools.documentation.index import Entries, Entry, Index
from tools.documentation.modules import Module, Modules

DEEPEST = 40
"""Aliases and base classes that are followed for one name."""
MOST_STEPS = 2000
DEEPEST_CLASS = 8


@dataclass(frozen=True)
class Hit:
    """Where a name leads: a module, or an entry of one of its files."""

    module: Module
    entry: Entry | None = None
    path: Path | None = None
    problem: str = ""
    doc: Doc | None = None
    """Where the answer is not of a file of ours to read."""


@dataclass
class Search:
    """One look-up on its way: what it is going through, so that it ends."""

    deadline: Deadline
    steps: int = 0
    under_way: set[tuple[str, str]] = field(default_factory=set)
    dead: set[tuple[str, str]] = field(default_factory=set)
    """What led nowhere. It may have by a way that was under way, which then leads nowhere itself."""
    problems: list[str] = field(default_factory=list)
    """What could not be read on the way."""

    @contextmanager
    def through(self, module: str, name: str) -> Iterator[bool]:
        """Go through a name of a module; False where that is under way already, or it is enough."""
        self.deadline.check()
        self.steps += 1
        step = (module, name)
        if step in self.under_way or len(self.under_way) > DEEPEST or self.steps > MOST_STEPS:
            yield False
            return
        self.under_way.add(step)
        try:
            yield True
        finally:
            self.under_way.discard(step)


class Names:
    """The names of one environment's modules."""

    def __init__(self, environment: Environment, index: Index) -> None:
        self.index, self.modules = index, Modules(environment)

    def find(self, parts: list[str], search: Search) -> Hit | None:
        """Follow an absolute dotted name."""
        for cut in range(len(parts), 0, -1):
            module = self.modules.find(".".join(parts[:cut]))
            if module is None:
                continue
            package = self.modules.find(".".join(parts[: cut - 1])) if cut > 1 else None
            shadow = self._shadow(package, parts[cut - 1 :], search) if package else None
            return shadow or self.within(module, parts[cut:], search)
        return None

    def _shadow(self, package: Module, rest: list[str], search: Search) -> Hit | None:
        """Return what a package says of a name that a module of it has, too: `from .run import run`."""
        for path in package.files:
            entries = self.entries(path, search)
            entry = entries.get(rest[0]) if entries else None
            if entry and (entry.kind in ("function", "class") or f".{rest[0]}.{rest[0]}" in entry.target):
                return self.within(package, rest, search)
        return None

    def within(self, module: Module, rest: list[str], search: Search) -> Hit | None:
        """Follow a name from a module on."""
        step = module.name, ".".join(rest)
        if step in search.dead:
            return None
        with search.through(*step) as new:
            hit = self._looked(module, rest, search) if new else None
        if new and hit is None:
            search.dead.add(step)
        return hit

    def _looked(self, module: Module, rest: list[str], search: Search) -> Hit | None:
        if not rest:
            return self._whole(module, search)
        hits = []
        for path in module.files:
            if (entries := self.entries(path, search)) and (
                hit := self._in_file(module, entries, rest, search)
            ):
                hits.append(hit)
        if hits:
            return _merged(hits)
        if (doc := builtin.look(module.name, rest)) and (module.standard or not module.files):
            return Hit(module, doc=doc)
        return None

    def _whole(self, module: Module, search: Search) -> Hit:
        if not module.files and (doc := builtin.look(module.name, [])):
            return Hit(module, doc=doc)
        for path in module.files:
            if (entries := self.entries(path, search)) and (own := entries.get("")):
                return Hit(module, own, path, entries.problem)
        return Hit(module, None, next(iter(module.files), None), next(iter(search.problems), ""))

    def _in_file(self, module: Module, entries: Entries, rest: list[str], search: Search) -> Hit | None:
        entry = entries.get(".".join(rest))
        if entry and entry.kind not in ("star", "file"):
            return self._followed(module, entries, entry, [], search)
        for cut in range(len(rest) - 1, 0, -1):
            owner = entries.get(".".join(rest[:cut]))
            if owner is None:
                continue
            if owner.kind == "class":
                return self.inherited(module, owner, rest[cut:], search)
            return self._followed(module, entries, owner, rest[cut:], search)
        for star in entries.of_kind("star"):
            target = absolute(module, star.target)
            if not target or not self._hands_on(target, rest[0], search):
                continue
            if hit := self.find([*target.split("."), *rest], search):
                return hit
        return None

    def _hands_on(self, target: str, name: str, search: Search) -> bool:
        """Tell whether `from target import *` may bring a name: one it exports, if it says which."""
        module = self.modules.find(target)
        for path in module.files if module else ():
            if (entries := self.entries(path, search)) and (exports := entries.get("__all__")):
                return name in exports.text.split("\n")
        return not name.startswith("_")

    def _followed(
        self, module: Module, entries: Entries, entry: Entry, rest: list[str], search: Search
    ) -> Hit | None:
        """Go on from an entry: through an alias to what it stands for, through an attribute to its class."""
        here = Hit(module, entry, entries.path, entries.problem)
        if entry.kind == "alias":
            for target in absolutes(module, entry):
                if hit := self.find([*target.split("."), *rest], search):
                    return hit
            return None if rest else here
        if entry.kind == "attribute" and entry.target.startswith("="):
            other = self.seen_in(module, [*entry.target[1:].split("."), *rest], search)
            return other if other and (rest or is_definition(other)) else None if rest else here
        if not rest:
            return here
        return self.seen_in(module, [*entry.target.split("."), *rest], search) if entry.target else None

    def inherited(self, module: Module, owner: Entry, rest: list[str], search: Search) -> Hit | None:
        for base in owner.bases:
            if hit := self.seen_in(module, [*base.split("."), *rest], search):
                return hit
        return None

    def seen_in(self, module: Module, parts: list[str], search: Search) -> Hit | None:
        """Follow a name as the text of a module has it."""
        if parts[0] and (hit := self.within(module, parts, search)):
            return hit
        built = builtin.look("builtins", parts) if parts[0] != "object" else None
        return Hit(module, doc=built) if built else None

    def entries(self, path: Path, search: Search) -> Entries | None:
        search.deadline.check()
        try:
            entries = self.index.entries(path, python_reader.NAME, python_reader.read)
        except Unreadable as error:
            search.problems.append(str(error))
            return None
        if entries.problem and entries.problem not in search.problems:
            search.problems.append(entries.problem)
        return entries

    def of(self, module: Module, owner: str = "", depth: int = 0) -> list[str]:
        """Return the names in a module, what it exports first, or the members of one of its classes."""
        search = Search(Deadline(5))
        found: dict[str, None] = {}
        for path in module.files:
            if (entries := self.entries(path, search)) is None:
                continue
            if not owner and (exports := entries.get("__all__")):
                found |= dict.fromkeys(exports.text.split("\n"))
            found |= dict.fromkeys(entry.name.rpartition(".")[2] for entry in entries.below(owner))
            if owner and (held := entries.get(owner)):
                for base in held.bases:
                    hit = self.seen_in(module, base.split("."), search)
                    if hit and hit.entry and hit.entry.kind == "class" and depth < DEEPEST_CLASS:
                        found |= dict.fromkeys(self.of(hit.module, hit.entry.name, depth + 1))
        if not owner:
            found |= dict.fromkeys(self.modules.below(module))
            if not module.files or module.standard:
                found |= dict.fromkeys(builtin.names(module.name, []))
        return [name for name in found if name != "__all__"]


def absolutes(module: Module, entry: Entry) -> list[str]:
    """Return what an alias may stand for, counted from the top, the likeliest first."""
    return [full for target in entry.target.split("\n") if (full := absolute(module, target))]


def absolute(module: Module, target: str) -> str:
    """Return what an import's target is, counted from the top; empty where it leads out of the package."""
    level = len(target) - len(target.lstrip("."))
    if not level:
        return target
    base = module.name.split(".")
    base = base[: len(base) - level + module.is_package]
    return ".".join([*base, target[level:]]).rstrip(".") if base else ""


def is_definition(hit: Hit) -> bool:
    return bool(hit.doc or hit.entry and hit.entry.kind in ("function", "class"))


def _merged(hits: list[Hit]) -> Hit:
    """Return what a source and its stub say as one: the docstring of one, the types of the other."""
    first = hits[0]
    for other in hits[1:]:
        if not (first.entry and other.entry and other.entry.kind == first.entry.kind):
            if first.entry and first.entry.kind in ("alias", "attribute") and is_definition(other):
                first = other
            continue
        signature, text = first.entry.signature, first.entry.text or other.entry.text
        if "->" in other.entry.signature and "->" not in signature:
            signature = other.entry.signature
        entry = first.entry
        entry = Entry(entry.name, entry.kind, signature, text, entry.line, entry.target or other.entry.target,
                      entry.bases)  # fmt: skip
        first = Hit(first.module, entry, first.path, first.problem)
    return first
