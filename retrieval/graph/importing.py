"""The import that a file lacks, in its own style: the line, and the row before which it belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from posixpath import relpath

from retrieval.graph.missing import Imports
from retrieval.graph.modules import SUFFIXES, split
from retrieval.graph.resolve import Resolver
from retrieval.graph.types import File, Place
from syntax.facts import Import

MOST_USERS = 8
"""Files whose imports of a name are looked at."""


class Importing:
    """Writes the imports that one file lacks."""

    def __init__(self, graph: Resolver, imports: Imports, file: File, text: str) -> None:
        self.graph, self.imports, self.file, self.text = graph, imports, file, text

    def line(self, place: Place) -> str:
        """Return the line that imports a definition; empty where none is needed or nobody knows how.

        A member comes with its class: only what stands outside of everything can be imported.
        """
        if place.symbol.owner or place.path == self.file.path:
            return ""
        writer = WRITERS.get(self.file.family)
        return writer(self, place) if writer else ""

    @cached_property
    def row(self) -> int:
        """The row before which an import belongs."""
        return _row(self.file, self.text)

    @cached_property
    def absolute(self) -> bool:
        """Whether a Python file names its own package in full, as most of what it and its siblings import."""
        own = _dotted(self.graph, self.file.path).split(".")[0]
        relative = absolute = 0
        for _, imp in self.peers():
            relative += imp.module.startswith(".")
            absolute += imp.module.split(".")[0] == own
            if relative + absolute >= 12:
                break
        return absolute >= relative

    def peers(self) -> Iterator[tuple[File, Import]]:
        """Yield the imports of the file and then those of the others in its folder."""
        yield from ((self.file, imp) for imp in self.file.facts.imports)
        folder = self.file.path.rpartition("/")[0]
        for path in sorted(self.graph.modules.in_folder(folder))[:30]:
            other = self.graph.files.get(path)
            if other and other.path != self.file.path and other.family == self.file.family:
                yield from ((other, imp) for imp in other.facts.imports)

    def written(self, place: Place) -> Iterator[str]:
        """Yield the modules from which other files import a definition, as seen from this one."""
        folder = self.file.path.rpartition("/")[0]
        for path in self.imports.importing(place.symbol.name)[:MOST_USERS]:
            other = self.graph.files[path]
            for imp in other.facts.imports:
                if (
                    imp.name == place.symbol.name
                    and imp.alias == imp.name
                    and other.family == self.file.family
                ):
                    beside = path.rpartition("/")[0] == folder
                    if (beside or not imp.module.startswith(".")) and place in self.graph.imported(
                        other, imp
                    ):
                        yield imp.module


def _row(file: File, text: str) -> int:
    """Return the row after the last import at the head of a file, or where one would stand."""
    rows = text.split("\n")
    last = -1
    first_symbol = min((symbol.first for symbol in file.facts.symbols if not symbol.owner), default=len(rows))
    for imp in file.facts.imports:
        if imp.line < max(first_symbol, 1) or last < 0:
            last = max(last, imp.line)
    if last >= 0:
        return _statement_end(rows, last) + 1
    row = 0
    while (
        row < len(rows)
        and row < first_symbol
        and rows[row].startswith(("#!", "//", "/*", " *", "<?php", "# "))
    ):
        row += 1
    if file.family == "python" and row < len(rows) and (mark := rows[row].lstrip("rR")[:3]) in ('"""', "'''"):
        closed = row if rows[row].count(mark) > 1 else row + 1
        while closed < len(rows) - 1 and closed > row and mark not in rows[closed]:
            closed += 1
        row = closed + 1
    for at in range(row, min(len(rows), row + 40)):
        if rows[at].startswith(("package ", "namespace ", "#pragma once")):
            return at + 1
    return row


def _statement_end(rows: list[str], row: int) -> int:
    """Return the row a statement ends in that began at `row`, or in brackets opened above it."""
    depth = 0
    for at in range(row, min(len(rows), row + 60)):
        depth += sum(rows[at].count(mark) for mark in "({") - sum(rows[at].count(mark) for mark in ")}")
        if depth <= 0 and not rows[at].rstrip().endswith(("\\", ",")):
            return at
    return row


def _python(of: Importing, place: Place) -> str:
    graph, file, name = of.graph, of.file, place.symbol.name
    ways = Counter(module for module in of.written(place) if not (of.absolute and module.startswith(".")))
    if ways:
        return f"from {min(ways, key=lambda way: (-ways[way], len(way), way))} import {name}"
    dotted = _dotted(graph, place.path)
    own = _dotted(graph, file.path)
    package = own.split(".") if file.path.endswith("__init__.py") else own.split(".")[:-1]
    parts = dotted.split(".")
    if package and parts[0] == package[0] and not of.absolute:
        shared = 0
        while shared < min(len(package), len(parts)) and package[shared] == parts[shared]:
            shared += 1
        dots = "." * (len(package) - shared + 1)
        return f"from {dots}{'.'.join(parts[shared:])} import {name}"
    return f"from {dotted} import {name}" if dotted else ""


def _dotted(graph: Resolver, path: str) -> str:
    """Return a Python file's module name: its path below the last folder that is no package."""
    folder, base = split(path)
    parts = [] if base == "__init__" else [base]
    while folder and (f"{folder}/__init__.py" in graph.modules.paths):
        parts.insert(0, folder.rpartition("/")[2])
        folder = folder.rpartition("/")[0]
    if len(parts) == 1 and base != "__init__":  # a folder without __init__.py is a package, too
        parts = [*(part for part in folder.split("/") if part and part not in ("src", "lib")), *parts]
    return ".".join(parts)


def _javascript(of: Importing, place: Place) -> str:
    graph, file, text, name = of.graph, of.file, of.text, place.symbol.name
    written = [imp for _, imp in of.peers() if imp.module]
    module = ""
    for imp in written:
        named = not imp.module.startswith(".")
        if named and place.path in graph.modules.find(file.path, "javascript", imp.module).paths:
            module = imp.module
            break
    if not module:
        module = _relative(file.path, place.path, [imp.module for imp in written])
    quote = "'" if text.count("from '") > text.count('from "') else '"'
    if text.count("require('") > text.count('require("'):
        quote = "'"
    semicolon = ";" if not text or ";\n" in text else ""
    default = any(
        imp.name == name and imp.alias == "default" for imp in graph.files[place.path].facts.imports
    )
    if "require(" in text and "import " not in text:
        return f"const {{ {name} }} = require({quote}{module}{quote}){semicolon}"
    taken = name if default or name == "default" else f"{{ {name} }}"
    return f"import {taken} from {quote}{module}{quote}{semicolon}"


def _relative(path: str, target: str, written: Iterable[str]) -> str:
    """Return a module as a path from a file's folder, with a suffix where its other imports have one."""
    folder = path.rpartition("/")[0]
    away = relpath("/" + target, "/" + folder)
    relative = [module for module in written if module.startswith(".")]
    suffix = next((s for s in sorted(SUFFIXES["javascript"], key=len, reverse=True) if away.endswith(s)), "")
    ending = any(module.endswith((".js", ".mjs", ".ts", ".tsx", ".jsx")) for module in relative)
    stem = away[: len(away) - len(suffix)]
    if ending:
        as_js = any(module.endswith(".js") for module in relative)
        stem += ".js" if as_js and suffix in (".ts", ".tsx", ".js", ".jsx") else suffix
    elif stem.endswith("/index") or stem == "index":
        stem = stem.removesuffix("index").rstrip("/") or "."
    return stem if stem.startswith(".") else f"./{stem}"


def _go(of: Importing, place: Place) -> str:
    graph, file = of.graph, of.file
    folder = place.path.rpartition("/")[0]
    if folder == file.path.rpartition("/")[0]:
        return ""
    for module, root in graph.modules.config.go_modules:
        if not root or folder == root or folder.startswith(root + "/"):
            path = "/".join(part for part in (module, folder[len(root) :].strip("/")) if part)
            break
    else:
        path = folder
    known = {imp.module for imp in file.facts.imports}
    if path in known:
        return ""
    return f'\t"{path}"' if "import (" in of.text else f'import "{path}"'


def _rust(of: Importing, place: Place) -> str:
    graph, file = of.graph, of.file
    before, src, rest = place.path.rpartition("src/")
    folder = before.rstrip("/")
    inside = file.path.startswith(before + src)
    crates = {where: crate for crate, where in graph.modules.config.crates.items()}
    crate = crates.get(folder, folder.rpartition("/")[2].replace("-", "_"))
    parts = [part for part in rest.removesuffix(".rs").split("/") if part not in ("lib", "main", "mod")]
    start = "crate" if inside else crate
    return f"use {'::'.join([start, *parts, place.symbol.name])};" if start else ""


def _of_package(mark: str, keyword: str, end: str, whole: bool = False) -> Callable[[Importing, Place], str]:
    def write(of: Importing, place: Place) -> str:
        graph, file = of.graph, of.file
        package = graph.files[place.path].facts.package
        if not package or package == file.facts.package:
            return ""
        if any(imp.module == package and imp.name == "*" for imp in file.facts.imports):
            return ""
        tail = "" if whole else f"{mark}{place.symbol.name}"
        return f"{keyword} {package}{tail}{';' if end else ''}"

    return write


def _java(of: Importing, place: Place) -> str:
    return _of_package(".", "import", ";" if of.file.language == "java" else "")(of, place)


def _c(of: Importing, place: Place) -> str:
    graph, file = of.graph, of.file
    target = place.path
    if not target.rpartition(".")[2].startswith(("h", "H", "inc", "i")):
        headers = [path for path in graph.modules.twins(target) if path.rpartition(".")[2].startswith("h")]
        if not headers:
            return ""
        target = headers[0]
    if target in graph.open_to(file):
        return ""
    for other in graph.files.values() if len(graph.files) < 500 else ():
        for imp in other.facts.imports if other.family == "c" else ():
            if target.endswith(imp.module) and graph.modules.find(file.path, "c", imp.module).paths == (
                target,
            ):
                return f'#include "{imp.module}"'
    folder = file.path.rpartition("/")[0]
    beside = target.rpartition("/")[0] == folder
    path = target.rpartition("/")[2] if beside else target.split("include/", 1)[-1]
    return f'#include "{path}"'


def _lua(of: Importing, place: Place) -> str:
    module = place.path.removesuffix(".lua").removesuffix("/init").replace("/", ".")
    module = module.split("lua.", 1)[-1] if module.startswith("lua.") else module
    return f'local {split(place.path)[1]} = require("{module}")'


def _ruby(of: Importing, place: Place) -> str:
    away = relpath("/" + place.path.removesuffix(".rb"), "/" + of.file.path.rpartition("/")[0])
    return f'require_relative "{away}"'


WRITERS = {
    "python": _python,
    "javascript": _javascript,
    "go": _go,
    "rust": _rust,
    "java": _java,
    "csharp": _of_package(".", "using", ";", whole=True),
    "php": _of_package("\\", "use", ";"),
    "c": _c,
    "lua": _lua,
    "ruby": _ruby,
}
