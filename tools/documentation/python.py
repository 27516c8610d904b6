"""Python names, from the packages and the standard library of a project's environment, by their texts."""

from __future__ import annotations

from dataclasses import replace

from tools.documentation import builtin
from tools.documentation.bare import modules_with
from tools.documentation.choices import nearest, with_line, with_names
from tools.documentation.doc import Deadline, Doc, NotFound, meant, plain
from tools.documentation.environment import Environment
from tools.documentation.index import Entry, Index
from tools.documentation.modules import PRIVATE, Module
from tools.documentation.python_names import Hit, Names, Search, absolutes, is_definition
from tools.documentation.versions import Versions

MOST_CHOICES = 5
"""Modules that are named where a name stands without one."""


class Python:
    """The documentation of one environment."""

    def __init__(self, environment: Environment, index: Index) -> None:
        self.environment = environment
        self.names = Names(environment, index)
        self.versions = Versions(environment.site)

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return what is known of a dotted name; None where no module of it is there.

        Raises NotFound where the module is there and the name is not, and Late.
        """
        parts = name.removesuffix("()").split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        search = Search(deadline)
        if hit := self.names.find(parts, search):
            return self._doc(name.removesuffix("()"), parts, hit, search)
        if built := builtin.look("builtins", parts):
            return built
        if (len(parts) == 1 or len(parts) == 2 and name[0].isupper()) and (
            doc := self._bare(parts, deadline)
        ):
            return doc
        if len(parts) > 1 and builtin.look("builtins", parts[:1]):
            close = nearest(parts[-1], builtin.names("builtins", parts[:-1]))
            raise NotFound(
                f"{name} was not found: {'.'.join(parts[:-1])} has no {parts[-1]}"
                f"{meant(['.'.join([*parts[:-1], one]) for one in close])}"
            )
        if self.names.modules.find(parts[0]) is None:
            return None
        raise NotFound(self._missing(name, parts, search))

    def similar(self, name: str) -> list[str]:
        """Return top-level modules with a name like that of `name`, put in its place."""
        top, dot, rest = name.partition(".")
        return [one + dot + rest for one in nearest(top, self.names.modules.top(), 3, 0.75)]

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
            target = next(iter(absolutes(module, entry)), entry.target)
            text = f"{name} is {target}, of which nothing is known here: {self._why_unknown(target)}."
        elif entry and entry.kind == "class":
            signature += self._constructor(module, entry, search)
        elif entry and entry.kind == "function" and not text and "." in entry.name:
            text = self._inherited_text(module, entry, search)
        if not hit.path and module.compiled:
            text = f"{module.name} is compiled and has no stubs, so nothing more is known of it."
        if entry is None or entry.kind in ("class", "file"):
            owner = entry.name if entry and entry.kind == "class" else ""
            text = with_names(text, self.names.of(module, owner), "Members" if owner else "Names")
        if hit.problem and not text:
            text = f"Only a part is known, because {hit.problem}."
        return Doc(name, signature, plain(text), version, where, source)

    def _why_unknown(self, target: str) -> str:
        parts = target.split(".")
        for cut in range(len(parts), 0, -1):
            if module := self.names.modules.find(".".join(parts[:cut])):
                if module.compiled and not module.files:
                    return f"{module.name} is compiled and has no stubs"
                return f"{module.name} makes it while it runs"
        return f"{parts[0]} is not installed"

    def _constructor(self, module: Module, entry: Entry, search: Search) -> str:
        for name in ("__init__", "__new__"):
            found = self.names.within(module, [*entry.name.split("."), name], Search(search.deadline))
            if found and found.entry and found.entry.kind == "function":
                return "\n    " + found.entry.signature.replace("\n", "\n    ")
        return ""

    def _inherited_text(self, module: Module, entry: Entry, search: Search) -> str:
        owner, _, last = entry.name.rpartition(".")
        for path in module.files:
            entries = self.names.entries(path, search)
            if entries and (held := entries.get(owner)) and held.kind == "class":
                found = self.names.inherited(module, held, [last], Search(search.deadline))
                said = (found.entry or found.doc) if found else None
                return said.text if said else ""
        return ""

    def _missing(self, name: str, parts: list[str], search: Search) -> str:
        """Say what is not there, and what may have been meant."""
        for cut in range(len(parts) - 1, 0, -1):
            hit = self.names.find(parts[:cut], Search(search.deadline))
            if hit is None:
                continue
            holder = ".".join(parts[:cut])
            if hit.doc:
                names = builtin.names(parts[0], parts[1:cut])
            elif hit.entry is None or hit.entry.kind == "file":
                names = self.names.of(hit.module)
            elif hit.entry.kind == "class":
                names = self.names.of(hit.module, hit.entry.name)
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
        for module in modules_with(parts[0], self.environment, self.names.index, deadline):
            if PRIVATE.search(module) or len(choices) >= MOST_CHOICES:
                continue
            search = Search(deadline)
            whole = [*module.split("."), *parts]
            hit = self.names.find(whole, search)
            if hit and (hit.doc or is_definition(hit)):
                choices.append((".".join(whole), whole, hit, search))
        if not choices:
            return None
        doc = self._doc(*choices[0])
        if others := [name for name, *_ in choices[1:]]:
            return replace(doc, text=with_line(doc.text, f"Also: {', '.join(others)}"))
        return doc
