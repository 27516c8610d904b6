"""Python names, from the packages and the standard library of a project's environment, by their texts."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.documentation import builtin, python_reader
from tools.documentation.bare import modules_with
from tools.documentation.doc import MOST_TEXT, Deadline, Doc, NotFound, meant, plain
from tools.documentation.environment import Environment
from tools.documentation.files import Unreadable
from tools.documentation.index import Entries, Entry, Index
from tools.documentation.modules import PRIVATE, Module, Modules
from tools.documentation.versions import Versions

DEEPEST = 40
"""Aliases and base classes that are followed for one name."""
MOST_STEPS = 2000
DEEPEST_CLASS = 8
MOST_LISTED = 40
"""Members that a class or module is shown with."""
MOST_CHOICES = 5


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


class Python:
    """The Python names of one environment."""

    def __init__(self, environment: Environment, index: Index) -> None:
        self.environment, self.index = environment, index
        self.modules = Modules(environment)
        self.versions = Versions(environment.site)

    # What is asked.

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return what is known of a dotted name; None where no module of it is there.

        Raises NotFound where the module is there and the name is not, and Late.
        """
        parts = name.removesuffix("()").split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        search = Search(deadline)
        if hit := self.find(parts, search):
            return self._doc(name.removesuffix("()"), parts, hit, search)
        if built := builtin.look("builtins", parts):
            return built
        if len(parts) <= 2 and (doc := self._bare(parts, deadline)):
            return doc
        if self.modules.find(parts[0]) is None:
            return None
        raise NotFound(self._missing(name, parts, search))

    def similar(self, name: str) -> list[str]:
        """Return top-level modules with a name like that of `name`, put in its place."""
        top, _, rest = name.partition(".")
        close = difflib.get_close_matches(top, self.modules.top(), 3, 0.75)
        return [f"{one}.{rest}" if rest else one for one in close]

    # Names to places.

    def find(self, parts: list[str], search: Search) -> Hit | None:
        """Follow an absolute dotted name."""
        for cut in range(len(parts), 0, -1):
            module = self.modules.find(".".join(parts[:cut]))
            if module is None:
                continue
            if cut == len(parts) and cut > 1:  # a package may hold another thing by its module's name
                package = self.modules.find(".".join(parts[:-1]))
                held = self._within(package, parts[-1:], search) if package else None
                if held and held.entry and held.entry.kind in ("function", "class"):
                    return held
            if hit := self._within(module, parts[cut:], search):
                return hit
        return None

    def _within(self, module: Module, rest: list[str], search: Search) -> Hit | None:
        """Follow a name from a module on."""
        with search.through(module.name, ".".join(rest)) as new:
            return self._looked(module, rest, search) if new else None

    def _looked(self, module: Module, rest: list[str], search: Search) -> Hit | None:
        if not rest:
            return self._whole(module, search)
        hits = []
        for path in module.files:
            if (entries := self._entries(path, search)) and (
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
            if (entries := self._entries(path, search)) and (own := entries.get("")):
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
                return self._inherited(module, owner, rest[cut:], search)
            return self._followed(module, entries, owner, rest[cut:], search)
        for star in entries.of_kind("star"):
            target = absolute(module, star.target)
            if target and (hit := self.find([*target.split("."), *rest], search)):
                return hit
        return None

    def _followed(
        self, module: Module, entries: Entries, entry: Entry, rest: list[str], search: Search
    ) -> Hit | None:
        """Go on from an entry: through an alias to what it stands for, through an attribute to its class."""
        here = Hit(module, entry, entries.path, entries.problem)
        if entry.kind == "alias":
            target = absolute(module, entry.target)
            hit = self.find([*target.split("."), *rest], search) if target else None
            return hit or (None if rest else here)
        if entry.kind == "attribute" and entry.target.startswith("="):
            other = self.seen_in(module, [*entry.target[1:].split("."), *rest], search)
            return other if other and (rest or _is_definition(other)) else None if rest else here
        if not rest:
            return here
        return self.seen_in(module, [*entry.target.split("."), *rest], search) if entry.target else None

    def _inherited(self, module: Module, owner: Entry, rest: list[str], search: Search) -> Hit | None:
        for base in owner.bases:
            if hit := self.seen_in(module, [*base.split("."), *rest], search):
                return hit
        return None

    def seen_in(self, module: Module, parts: list[str], search: Search) -> Hit | None:
        """Follow a name as the text of a module has it."""
        if parts[0] and (hit := self._within(module, parts, search)):
            return hit
        built = builtin.look("builtins", parts) if parts[0] != "object" else None
        return Hit(module, doc=built) if built else None

    def _entries(self, path: Path, search: Search) -> Entries | None:
        search.deadline.check()
        try:
            entries = self.index.entries(path, python_reader.NAME, python_reader.read)
        except Unreadable as error:
            search.problems.append(str(error))
            return None
        if entries.problem and entries.problem not in search.problems:
            search.problems.append(entries.problem)
        return entries

    # Answers.

    def _doc(self, name: str, parts: list[str], hit: Hit, search: Search) -> Doc:
        if hit.doc:
            return Doc(name, hit.doc.signature, hit.doc.text, hit.doc.version, hit.doc.where, hit.doc.source)
        module, entry = hit.module, hit.entry
        version = self.environment.version if module.standard else self.versions.of(parts[0])
        source = "standard library" if module.standard else "package"
        place = hit.path or module.compiled or next(iter(module.folders), None)
        where = f"{place}:{entry.line if entry else 1}" if place else module.name
        text, signature = entry.text if entry else "", entry.signature if entry else ""
        if entry and entry.kind == "alias":
            target = absolute(module, entry.target)
            text = f"{name} is {target}, of which nothing is known here: {self._why_unknown(target)}."
        elif entry and entry.kind == "class":
            signature += self._constructor(module, entry, search)
        elif entry and entry.kind == "function" and not text and "." in entry.name:
            text = self._inherited_text(module, entry, search)
        if not hit.path and module.compiled:
            text = f"{module.name} is compiled and has no stubs, so nothing more is known of it."
        if entry is None or entry.kind in ("class", "file"):
            text = self._with_members(text, module, entry)
        if hit.problem and not text:
            text = f"Only a part is known, because {hit.problem}."
        return Doc(name, signature, plain(text), version, where, source)

    def _why_unknown(self, target: str) -> str:
        parts = target.split(".")
        for cut in range(len(parts), 0, -1):
            if module := self.modules.find(".".join(parts[:cut])):
                if module.compiled and not module.files:
                    return f"{module.name} is compiled and has no stubs"
                return f"{module.name} makes it while it runs"
        return f"{parts[0]} is not installed"

    def _constructor(self, module: Module, entry: Entry, search: Search) -> str:
        for name in ("__init__", "__new__"):
            found = self._within(module, [*entry.name.split("."), name], Search(search.deadline))
            if found and found.entry and found.entry.kind == "function":
                return "\n    " + found.entry.signature.replace("\n", "\n    ")
        return ""

    def _inherited_text(self, module: Module, entry: Entry, search: Search) -> str:
        owner, _, last = entry.name.rpartition(".")
        for path in module.files:
            entries = self._entries(path, search)
            if entries and (held := entries.get(owner)) and held.kind == "class":
                found = self._inherited(module, held, [last], Search(search.deadline))
                said = (found.entry or found.doc) if found else None
                return said.text if said else ""
        return ""

    def _with_members(self, text: str, module: Module, entry: Entry | None) -> str:
        owner = entry.name if entry and entry.kind == "class" else ""
        names = [name for name in self.names(module, owner) if not name.startswith("_")][:MOST_LISTED]
        if not names:
            return text
        line = f"{'Members' if owner else 'Names'}: {', '.join(names)}"
        return f"{plain(text, MOST_TEXT - len(line) - 4)}\n\n{line}".strip()

    # Where a name is wrong.

    def names(self, module: Module, owner: str = "", depth: int = 0) -> list[str]:
        """Return the names in a module, what it exports first, or the members of one of its classes."""
        search = Search(Deadline(5))
        found: dict[str, None] = {}
        for path in module.files:
            if (entries := self._entries(path, search)) is None:
                continue
            if not owner and (exports := entries.get("__all__")):
                found |= dict.fromkeys(exports.text.split("\n"))
            found |= dict.fromkeys(entry.name.rpartition(".")[2] for entry in entries.below(owner))
            if owner and (held := entries.get(owner)):
                for base in held.bases:
                    hit = self.seen_in(module, base.split("."), search)
                    if hit and hit.entry and hit.entry.kind == "class" and depth < DEEPEST_CLASS:
                        found |= dict.fromkeys(self.names(hit.module, hit.entry.name, depth + 1))
        if not owner:
            found |= dict.fromkeys(self.modules.below(module))
            if not module.files or module.standard:
                found |= dict.fromkeys(builtin.names(module.name, []))
        return [name for name in found if name != "__all__"]

    def _missing(self, name: str, parts: list[str], search: Search) -> str:
        """Say what is not there, and what may have been meant."""
        for cut in range(len(parts) - 1, 0, -1):
            hit = self.find(parts[:cut], Search(search.deadline))
            if hit is None:
                continue
            holder = ".".join(parts[:cut])
            if hit.doc:
                names = builtin.names(parts[0], parts[1:cut])
            elif hit.entry is None or hit.entry.kind == "file":
                names = self.names(hit.module)
            elif hit.entry.kind == "class":
                names = self.names(hit.module, hit.entry.name)
            else:
                names = []
            close = [f"{holder}.{one}" for one in nearest(parts[cut], names)]
            version = "" if hit.module.standard else self.versions.of(parts[0])
            why = f", because {search.problems[0]}" if search.problems else ""
            if hit.module.compiled and not hit.module.files and not names:
                why = f", because {hit.module.name} is compiled and has no stubs"
            in_it = f"{holder} {version}".rstrip()
            return f"{name} was not found: {parts[cut]} is not known in {in_it}{why}{meant(close)}"
        return f"{name} was not found{meant([])}"

    def _bare(self, parts: list[str], deadline: Deadline) -> Doc | None:
        """Look a name up without its module: in what the environment's modules say at their top."""
        choices = []
        for module in modules_with(parts[0], self.environment):
            if PRIVATE.search(module) or len(choices) >= MOST_CHOICES:
                continue
            search = Search(deadline)
            whole = [*module.split("."), *parts]
            hit = self.find(whole, search)
            if hit and (hit.doc or _is_definition(hit)):
                choices.append((".".join(whole), whole, hit, search))
        if not choices:
            return None
        doc = self._doc(*choices[0])
        if others := [name for name, *_ in choices[1:]]:
            line = f"Also: {', '.join(others)}"
            text = f"{plain(doc.text, MOST_TEXT - len(line) - 4)}\n\n{line}"
            return Doc(doc.title, doc.signature, text.strip(), doc.version, doc.where, doc.source)
        return doc


def absolute(module: Module, target: str) -> str:
    """Return what an import's target is, counted from the top; empty where it leads out of the package."""
    level = len(target) - len(target.lstrip("."))
    if not level:
        return target
    base = module.name.split(".")
    base = base[: len(base) - level + module.is_package]
    return ".".join([*base, target[level:]]).rstrip(".") if base else ""


def nearest(name: str, names: list[str], most: int = 3) -> list[str]:
    """Return the names most like one."""
    public = [one for one in names if name.startswith("_") or not one.startswith("_")]
    folded = {one.lower(): one for one in reversed(public)}
    close = difflib.get_close_matches(name.lower(), folded, most, 0.6)
    return [folded[one] for one in close]


def _is_definition(hit: Hit) -> bool:
    return bool(hit.doc or hit.entry and hit.entry.kind in ("function", "class"))


def _merged(hits: list[Hit]) -> Hit:
    """Return what a source and its stub say as one: the docstring of one, the types of the other."""
    first = hits[0]
    for other in hits[1:]:
        if not (first.entry and other.entry and other.entry.kind == first.entry.kind):
            if first.entry and first.entry.kind in ("alias", "attribute") and _is_definition(other):
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
