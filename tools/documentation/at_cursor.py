"""What installed packages say of the names a cursor may use: signatures for the prompt, members of receivers.

The project's own files are not shown here, retrieval/ knows them better; nor is the standard library, which a
model knows by heart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inference.types import Members
from syntax.extract import facts
from syntax.facts import Import
from syntax.scope import scope
from tools.documentation.doc import Deadline
from tools.documentation.index import Entry, NotRead
from tools.documentation.modules import Module
from tools.documentation.python_names import Hit, Names, Search

MOST_IMPORTS = 60
MOST_MEMBERS = 120
"""Of one receiver, for guided decoding."""
MOST_SHOWN = 10
"""Members of a class or module that a prompt shows; those with words of the text come first."""
LONGEST = 100
NEAR = 1500
"""Characters on either side of the cursor in which a use counts as near."""
ON_LINE, NEARBY, ANYWHERE = 0.9, 0.6, 0.3
"""What the signature of a name is worth by where it is used; 1 is a definition of the project's own."""
DEEPEST = 4
"""Calls whose results are called."""
_WORD = re.compile(r"[^\W\d]\w*")
_DEF = re.compile(r"^(?:async )?def (.*)$", re.M)


@dataclass(frozen=True)
class Cursor:
    """A place in a text, and all of the text."""

    text: str
    at: int
    language: str = "python"
    head: str = ""
    """The text's first lines, where `text` begins further down."""


@dataclass(frozen=True)
class Signatures:
    """What one file says of names in use."""

    path: str
    """As it is imported: `shop/cart.py`."""
    text: str
    score: float
    line: int


@dataclass
class AtCursor:
    """What is known at a cursor."""

    signatures: list[Signatures] = field(default_factory=list)
    members: Members = ()
    unread: set[str] = field(default_factory=set)
    """Imported names of packages that the index does not hold yet."""


def at_cursor(names: Names, project: Path, cursor: Cursor, deadline: Deadline) -> AtCursor:
    """Return what is known of the names a cursor in Python may use. Raises Late, and Lost."""
    return _Look(names, project, cursor, deadline).made()


class _Look:
    """One look at a cursor."""

    def __init__(self, names: Names, project: Path, cursor: Cursor, deadline: Deadline) -> None:
        self.names, self.project, self.cursor, self.deadline = names, project, cursor, deadline
        self.facts = facts(cursor.text, cursor.language)
        near = cursor.text[max(0, cursor.at - NEAR) : cursor.at + NEAR]
        start = cursor.text.rfind("\n", 0, cursor.at) + 1
        self.near = frozenset(_WORD.findall(near))
        self.line = frozenset(_WORD.findall(cursor.text[start : cursor.at]))
        self.found = AtCursor()
        self.hits: dict[str, Hit] = {}
        """What each imported name is."""
        self.held: dict[str, str] = {}
        """What makes each local name and attribute, as written."""

    def made(self) -> AtCursor:
        here = scope(self.cursor.text, self.cursor.at, self.cursor.language)
        imports = self.facts.imports
        if not self.cursor.text.startswith(self.cursor.head):
            imports = (*facts(self.cursor.head, self.cursor.language).imports, *imports)
        for taken in imports[:MOST_IMPORTS]:
            if taken.alias and (hit := self._imported(taken)):
                self.hits[taken.alias] = hit
        members: dict[str, tuple[str, ...]] = {}
        used: dict[str, float] = {}
        self.held = {name: of for name, of in here.names.items() if name not in ("self", "cls")}
        for symbol in self.facts.symbols:
            if here.owner and symbol.owner == here.owner and symbol.kind == "attribute" and symbol.type:
                self.held[f"self.{symbol.name}"] = self.held.get(symbol.type, symbol.type)
        for name, of in self.held.items():
            if hit := self._made_by(of, 0):
                self._receiver(members, name, hit)
                self._use(used, of, name.rpartition(".")[2])
        for alias, hit in self.hits.items():
            self._receiver(members, alias, hit)
            self._use(used, alias, alias)
        shown: set[tuple[str, str]] = set()
        for name, score in sorted(used.items(), key=lambda item: -item[1]):
            hit = self._typed(name) or self._made_by(name, 0)
            place = (hit.module.name, hit.entry.name if hit.entry else "") if hit else ("", "")
            if hit and place not in shown:
                shown.add(place)
                self._show(hit, score)
        self.found.members = tuple(members.items())
        return self.found

    def _use(self, used: dict[str, float], of: str, name: str) -> None:
        """Note that `name` stands for what `of` is: the nearer it is used, the more that is worth."""
        score = ON_LINE if name in self.line else NEARBY if name in self.near else ANYWHERE
        used[of] = max(used.get(of, 0.0), score)

    def _imported(self, taken: Import) -> Hit | None:
        """Return what an import brings, of an installed package."""
        if taken.module.startswith("."):
            return None
        whole = f"{taken.module}.{taken.name}" if taken.name else taken.module
        if not taken.name and taken.alias != taken.module and taken.module.startswith(taken.alias + "."):
            whole = taken.alias  # `import a.b` brings `a`
        top = self.names.modules.find(whole.partition(".")[0])
        if top is None or top.standard or taken.name == "*" or self._own(top):
            return None
        hit = self._find(whole)
        return hit if hit and not hit.module.standard and not self._own(hit.module) else None

    def _find(self, name: str) -> Hit | None:
        try:
            return self.names.find(name.split("."), Search(self.deadline))
        except NotRead:
            self.found.unread.add(name)
            return None

    def _own(self, module: Module) -> bool:
        """Tell whether a module is of the project itself, as those of an editable installation are."""
        path = next(iter((*module.files, *module.folders)), None)
        installed = path and {"site-packages", "dist-packages"} & set(path.parts)
        return bool(path and not installed and path.is_relative_to(self.project))

    def _typed(self, written: str) -> Hit | None:
        """Return what a type, or a callee, as written is: an imported name, or one of an imported module."""
        head, _, rest = written.strip("\"'").partition("[")[0].partition(".")
        hit = self.hits.get(head)
        if hit is None or not rest:
            return hit
        if hit.entry is not None and hit.entry.kind != "file":
            return None
        return self._find(f"{hit.module.name}.{rest}")

    def _made_by(self, written: str, depth: int) -> Hit | None:
        """Return the class of what a type, or a callee, as written makes; those may be methods of locals."""
        if depth > DEEPEST:
            return None
        hit = self._typed(written)
        owner, _, method = written.rpartition(".")
        if (
            hit is None
            and owner in self.held
            and (of := self._made_by(self.held[owner], depth + 1))
            and of.entry
        ):
            hit = self._from(of.module, f"{of.entry.name}.{method}")
        if hit and hit.entry and hit.entry.kind == "function":
            return self._from(hit.module, hit.entry.target)
        return hit

    def _from(self, module: Module, name: str) -> Hit | None:
        """Return what a name is in a module."""
        try:
            return self.names.seen_in(module, name.split("."), Search(self.deadline)) if name else None
        except NotRead:
            self.found.unread.add(f"{module.name}.{name}")
            return None

    # Members.

    def _receiver(self, members: dict[str, tuple[str, ...]], name: str, hit: Hit) -> None:
        """Add the members of a receiver where all of them are known: others would be made less likely."""
        try:
            entries = self._members(hit, 0)
        except NotRead:
            self.found.unread.add(name)
            return
        if entries and name not in members:
            listed = {entry.name.rpartition(".")[2]: described(entry) for entry in reversed(entries)}
            kept = [text for one, text in reversed(listed.items()) if not one.startswith("_")]
            if kept:
                members[name] = tuple(kept[:MOST_MEMBERS])

    def _members(self, hit: Hit, depth: int) -> list[Entry] | None:
        """Return what a class or module holds, a class's own first; None where some of it is not known."""
        entry = hit.entry
        if hit.doc or depth > 8:
            return None
        if entry is None or entry.kind == "file":
            return None if hit.module.folders else self._top(hit.module)
        if entry.kind != "class":
            return None
        found: list[Entry] = []
        for entries in self._entries(hit.module):
            found += entries.below(entry.name)
        for base in entry.bases:
            if base.rpartition(".")[2] in ("object", "ABC", "Protocol", "Generic"):
                continue
            above = self.names.seen_in(hit.module, base.split("."), Search(self.deadline))
            inherited = self._members(above, depth + 1) if above else None
            if inherited is None:
                return None
            found += inherited
        return found

    def _top(self, module: Module) -> list[Entry] | None:
        found: list[Entry] = []
        for entries in self._entries(module):
            if entries.of_kind("star"):
                return None
            found += [entry for entry in entries.below("") if entry.kind != "alias"]
        return found

    def _entries(self, module: Module) -> Iterator:
        for path in module.files:
            if (entries := self.names.entries(path, Search(self.deadline))) is not None:
                yield entries

    # Signatures.

    def _show(self, hit: Hit, score: float) -> None:
        """Add the signature of what is used, with the members that its user is likely to need."""
        entry, path = hit.entry, hit.path
        if path is None or hit.doc:
            return
        try:
            held = self._members(hit, 0) or []
        except NotRead:
            held = []
        if entry is not None and entry.kind == "function":
            lines = [f"def {_head(entry)}"[:LONGEST]]
        elif entry is not None and entry.kind == "class":
            made = next((one for one in held if one.name.endswith(".__init__")), None)
            made = f": def {_head(made)}" if made else ""
            lines = [f"{entry.signature}{made}"[:LONGEST], *self._lines(held)]
        elif entry is None or entry.kind == "file":
            lines = self._lines(held, "")
        else:
            return
        if lines:
            shown = Signatures(_shown(path), "\n".join(lines), score, entry.line if entry else 1)
            self.found.signatures.append(shown)

    def _lines(self, held: list[Entry], indent: str = "    ") -> list[str]:
        public = [one for one in held if not one.name.rpartition(".")[2].startswith("_")]

        def unlike(entry: Entry) -> int:
            return -len(self.near & set(re.split(r"[._]", entry.name)))

        chosen = sorted(public, key=unlike)[:MOST_SHOWN]
        kept = {id(one) for one in chosen}
        return [f"{indent}{_line(one)}" for one in public if id(one) in kept]


def _line(entry: Entry) -> str:
    return f"def {_head(entry)}"[:LONGEST] if entry.kind == "function" else described(entry)


def _head(entry: Entry) -> str:
    """Return a function's signature without what stands before its name."""
    found = _DEF.search(entry.signature)
    return found[1].rstrip(": ") if found else entry.signature


def described(entry: Entry) -> str:
    """Return a member as guided decoding takes it: `get(key: str) -> Row`, `limit: int`, `Store(…)`."""
    name = entry.name.rpartition(".")[2]
    if entry.kind == "class":
        return f"{name}(…)"
    if entry.kind != "function":
        return entry.signature.partition(" = ")[0][:LONGEST] or name
    head = _head(entry)
    if entry.signature.startswith("@property"):
        held = head.partition("->")[2].strip()
        return f"{name}: {held}"[:LONGEST] if held else name
    return head if len(head) <= LONGEST else f"{head[: LONGEST - 2].rpartition(',')[0] or name + '('}…)"


def _shown(path: Path) -> str:
    """Return a file's path as it is imported."""
    parts = path.parts
    for mark in ("site-packages", "dist-packages"):
        if mark in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(mark) :])
    return "/".join(parts[-3:])
