"""JavaScript and TypeScript names, from the declaration files (`.d.ts`) of packages in node_modules."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tools.documentation import source_reader
from tools.documentation.choices import nearest, with_names
from tools.documentation.doc import Deadline, Doc, NotFound, meant, plain
from tools.documentation.files import Unreadable, is_file, is_folder, listed, text_of
from tools.documentation.index import Entries, Entry, Index

FOLDERS_UP = 6
DEEPEST = 30
MOST_STARS = 500
"""Files that one hands on as a whole; a package of single functions has hundreds."""
MOST_WHOLES = 8
"""Things of a file that may be what it exports as a whole."""
_NAME = re.compile(r"(?:@[\w.~-]+/)?[\w~-][\w.~-]*(?:/[\w.~-]+)*$")
_ENDINGS = (".d.ts", ".d.mts", ".d.cts", ".ts", ".tsx", "/index.d.ts", "/index.d.mts")
_SCRIPT = re.compile(r"\.([mc]?)[jt]sx?$")


@dataclass(frozen=True)
class Package:
    """A package in a node_modules folder."""

    name: str
    folder: Path
    about: dict[str, Any]
    """Its package.json."""

    @property
    def version(self) -> str:
        return str(self.about.get("version", ""))


@dataclass
class Search:
    """One look-up on its way: what was gone through leads nowhere, or is under way."""

    deadline: Deadline
    length: int
    """Of the name that was asked for: no longer one is looked into further."""
    seen: set[tuple[Path, str]] = field(default_factory=set)


class JavaScript:
    """The names of the packages in a project's node_modules folders."""

    def __init__(self, project: Path, index: Index) -> None:
        self.index = index
        places = (folder / "node_modules" for folder in (project, *project.parents[:FOLDERS_UP]))
        self.folders = tuple(place for place in places if is_folder(place))

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return what is known of `react.useState`, `@scope/package.name` or `package/part.name`; None where
        no such package is there. Raises NotFound where it is, and the name is not."""
        if not self.folders or not _NAME.match(name) or ".." in name:
            return None
        for specifier, rest in _cuts(name):
            if (file := self.declarations(specifier)) is None:
                continue
            package, path = file
            found = self._follow(path, rest, Search(deadline, len(rest)), 0)
            if found:
                return self._doc(name, package, *found)
            if rest:
                raise NotFound(self._missing(name, specifier, rest, package, path, deadline))
        return None

    def similar(self, name: str) -> list[str]:
        """Return packages with a name like that of `name`, put in its place."""
        names: list[str] = []
        for folder in self.folders:
            for one in listed(folder):
                scoped = one.startswith("@") and one != "@types"
                names += [f"{one}/{inner}" for inner in listed(folder / one)] if scoped else [one]
        start = name.rfind("/") + 1
        last, dot, rest = name[start:].partition(".")
        return [one + dot + rest for one in nearest(name[:start] + last, names, 3, 0.75)]

    # Packages.

    def declarations(self, specifier: str) -> tuple[Package, Path] | None:
        """Return the package that an import names, and the file that declares what it holds."""
        scoped = specifier.startswith("@")
        parts = specifier.split("/")
        name, inside = "/".join(parts[: 1 + scoped]), "/".join(parts[1 + scoped :])
        types = "@types/" + name.removeprefix("@").replace("/", "__")
        for wanted in (name, types):
            for folder in self.folders:
                package = _package(name, folder / wanted)
                path = _types(package, inside) if package else None
                if package and path:
                    own = _package(name, folder / name)
                    return replace(package, about=own.about) if own and wanted == types else package, path
        return None

    # Names.

    def _follow(
        self, path: Path, rest: list[str], search: Search, depth: int
    ) -> tuple[Path, Entry | None] | None:
        """Return the file and the entry that a name of a file leads to; of no name the file's own."""
        search.deadline.check()
        step = path, ".".join(rest)
        if depth > DEEPEST or step in search.seen:
            return None
        search.seen.add(step)
        try:
            entries = self.index.entries(
                path, source_reader.NAMES["typescript"], source_reader.reader("typescript")
            )
        except Unreadable:
            return None
        if not rest:
            return path, entries.get("")
        wanted = ".".join(rest)
        entry = entries.get(wanted)
        if entry and entry.kind not in ("alias", "star"):
            return path, entry
        head = entries.get(rest[0])
        if head and head.kind == "alias" and (found := self._onward(path, head, rest[1:], search, depth)):
            return found
        for space in ("", *_spaces(entries)):  # `export = React`, where React is a namespace
            inside = f"{space}." if space and space != rest[0] else ""
            entry = entries.get(inside + wanted)
            if entry and entry.kind not in ("alias", "star"):
                return path, entry
            for cut in range(len(rest) - 1, 0, -1):
                owner = entries.get(inside + ".".join(rest[:cut]))
                above = (*owner.bases, owner.target) if owner and owner.kind != "alias" else ()
                for base in filter(None, above):  # what a class extends, or the type of a constant
                    for start in dict.fromkeys((inside, "")):
                        names = [*(start + base).split("."), *rest[cut:]]
                        if names != rest and (found := self._follow(path, names, search, depth + 1)):
                            return found
        stars = entries.of_kind("star")[:MOST_STARS]
        for star in sorted(stars, key=lambda star: rest[0] not in star.name):  # by its file's name first
            if found := self._onward(path, star, rest, search, depth):
                return found
        for whole in _wholes(entries) if len(rest) <= search.length else ():
            if whole != rest[0] and (found := self._follow(path, [whole, *rest], search, depth + 1)):
                return found
        return None

    def _onward(
        self, path: Path, entry: Entry, rest: list[str], search: Search, depth: int
    ) -> tuple[Path, Entry | None] | None:
        """Follow an import or an export of another file."""
        module, _, name = entry.target.partition("#")
        names = [name, *rest] if name not in ("", "*") else rest
        if not module:
            return self._follow(path, names, search, depth + 1) if names[:1] != [entry.name] else None
        target = _beside(path, module) if module.startswith(".") else None
        if not module.startswith("."):
            known = self.declarations(module)
            target = known[1] if known else None
        return self._follow(target, names, search, depth + 1) if target else None

    # Answers.

    def _doc(self, name: str, package: Package, path: Path, entry: Entry | None) -> Doc:
        text = entry.text if entry else ""
        if entry is None or not entry.name:
            about = str(package.about.get("description", ""))
            text = with_names(text or about, self._names(path, ""))
        elif entry.kind == "class":
            text = with_names(text, self._names(path, entry.name), "Members")
        where = f"{path}:{entry.line if entry else 1}"
        return Doc(name, entry.signature if entry else "", plain(text), package.version, where, ".d.ts")

    def _names(self, path: Path, owner: str) -> list[str]:
        try:
            entries = self.index.entries(
                path, source_reader.NAMES["typescript"], source_reader.reader("typescript")
            )
        except Unreadable:
            return []
        found = [entry.name for entry in entries.below(owner)]
        if not owner:
            for space in _spaces(entries):
                found += [entry.name for entry in entries.below(space)]
        return list(dict.fromkeys(one.rpartition(".")[2] for one in found))

    def _missing(
        self, name: str, specifier: str, rest: list[str], package: Package, path: Path, deadline: Deadline
    ) -> str:
        holder, owner = specifier, ""
        if (
            len(rest) > 1
            and (found := self._follow(path, rest[:-1], Search(deadline, len(rest)), 0))
            and found[1]
        ):
            path, owner, holder = found[0], found[1].name, ".".join([specifier, *rest[:-1]])
        names = self._names(path, owner)
        if not owner:  # what it hands on of its other files
            for target in self._stars(path):
                names += self._names(target, "")
        close = [f"{holder}.{one}" for one in nearest(rest[-1], names)]
        of = f"{holder} {package.version}".rstrip()
        return f"{name} was not found: {rest[-1]} is not declared in {of}{meant(close)}"

    def _stars(self, path: Path) -> list[Path]:
        try:
            entries = self.index.entries(
                path, source_reader.NAMES["typescript"], source_reader.reader("typescript")
            )
        except Unreadable:
            return []
        modules = [star.target.partition("#")[0] for star in entries.of_kind("star")[:MOST_STARS]]
        return [target for one in modules if one.startswith(".") and (target := _beside(path, one))]


def _cuts(name: str) -> list[tuple[str, list[str]]]:
    """Return the ways to part a name into what is imported and what is of it, the longest import first."""
    start = name.rfind("/") + 1
    parts = name[start:].split(".")
    cuts = range(len(parts), 0, -1)
    return [(name[:start] + ".".join(parts[:cut]), parts[cut:]) for cut in cuts]


def _spaces(entries: Entries) -> list[str]:
    """Return the namespaces of a file that may be what it exports as a whole."""
    top = [entry for entry in entries.of_kind("class") if "." not in entry.name]
    spaces = [one.name for one in top if "namespace " in one.signature or "module " in one.signature]
    return spaces[:MOST_WHOLES]


def _wholes(entries: Entries) -> list[str]:
    """Return what a file may export as a whole: its default, and constants of a type."""
    constants = [
        entry.name for entry in entries.of_kind("attribute") if entry.target and "." not in entry.name
    ]
    return [*(["default"] if entries.get("default") else []), *constants[:MOST_WHOLES]]


def _package(name: str, folder: Path) -> Package | None:
    try:
        about = json.loads(text_of(folder / "package.json"))
    except Unreadable:
        return Package(name, folder, {}) if is_folder(folder) else None
    except (ValueError, RecursionError):
        about = {}
    return Package(name, folder, about if isinstance(about, dict) else {})


def _types(package: Package, inside: str) -> Path | None:
    """Return the file that declares a package, or a part of it."""
    about = package.about
    written: list[str] = []
    if chosen := _condition(about.get("exports"), f"./{inside}" if inside else "."):
        written.append(chosen)
    if not inside:
        written += [value for key in ("types", "typings") if isinstance(value := about.get(key), str)]
        written += [value for key in ("module", "main") if isinstance(value := about.get(key), str)]
        written.append("index")
    else:
        written.append(inside)
    for path in written:
        if found := _declared(package.folder, path):
            return found
    return None


def _condition(exports: Any, part: str, depth: int = 0) -> str:
    """Return the path that package.json's exports give for a part, types before all else."""
    if depth > 8:
        return ""
    if isinstance(exports, str):
        return exports if part == "." or depth else ""
    if isinstance(exports, list):
        return next((found for one in exports[:8] if (found := _condition(one, part, depth + 1))), "")
    if not isinstance(exports, dict):
        return ""
    if any(str(key).startswith(".") for key in exports):
        if part in exports:
            return _condition(exports[part], ".", depth + 1)
        for key, value in list(exports.items())[:200]:
            before, star, after = str(key).partition("*")
            if star and part.startswith(before) and part.endswith(after) and len(part) >= len(key):
                middle = part[len(before) : len(part) - len(after)]
                return _condition(value, ".", depth + 1).replace("*", middle)
        return ""
    if part != ".":
        return ""
    for key in ("types", "import", "require", "node", "default"):
        if key in exports and (found := _condition(exports[key], ".", depth + 1)):
            return found
    return ""


def _declared(folder: Path, written: str) -> Path | None:
    """Return the declaration file that a path of a package names or has beside it; none outside of it."""
    base = folder / written.removeprefix("./")
    if ".." in Path(written).parts or Path(written).is_absolute():
        return None
    return _first_file(base)


def _beside(path: Path, module: str) -> Path | None:
    return _first_file(Path(*path.parent.joinpath(module).parts)) if "\0" not in module else None


def _first_file(base: Path) -> Path | None:
    text = str(base)
    choices = [text] if text.endswith((".d.ts", ".d.mts", ".d.cts", ".ts", ".mts")) else []
    if script := _SCRIPT.search(text):
        choices += [f"{text[: script.start()]}.d.{script[1]}ts", f"{text[: script.start()]}.d.ts"]
    choices += [text + ending for ending in _ENDINGS]
    return next((Path(choice) for choice in choices if is_file(choice)), None)
