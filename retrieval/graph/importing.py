"""The import that a file lacks, in its own style: the line, and the row before which it belongs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import relpath

from retrieval.graph.modules import SUFFIXES, split
from retrieval.graph.resolve import Resolver
from retrieval.graph.types import File, Place
from syntax.facts import Import

QUOTES = ('"', "'")
INDEXED = ("index.ts", "index.tsx", "index.js", "index.jsx")


def import_of(graph: Resolver, file: File, place: Place, text: str = "") -> tuple[str, int]:
    """Return the line that imports a definition into `file` and its row; an empty line where none is needed.

    A member comes with its class: only what stands outside of everything can be imported.
    """
    if place.symbol.owner or place.path == file.path:
        return "", 0
    writer = WRITERS.get(file.family)
    line = writer(graph, file, place, text) if writer else ""
    return (line, _row(file, text)) if line else ("", 0)


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
    while row < len(rows) and row < first_symbol and rows[row].startswith(("#!", "//", "/*", " *", "<?php", "# ")):
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


def _peers(graph: Resolver, file: File) -> Iterator[tuple[File, Import]]:
    """Yield the imports of a file and then those of the others in its folder."""
    yield from ((file, imp) for imp in file.facts.imports)
    folder = file.path.rpartition("/")[0]
    for path in sorted(graph.modules.in_folder(folder))[:30]:
        other = graph.files.get(path)
        if other and other.path != file.path and other.family == file.family:
            yield from ((other, imp) for imp in other.facts.imports)


def _python(graph: Resolver, file: File, place: Place, text: str) -> str:
    target, name = place.path, place.symbol.name
    for other, imp in _users(graph, place):  # as the others write it
        if not imp.module.startswith(".") or other.path.rpartition("/")[0] == file.path.rpartition("/")[0]:
            if imp.name == name and not (imp.module.startswith(".") and _absolute(graph, file)):
                return f"from {imp.module} import {name}"
    dotted = _dotted(graph, target)
    own = _dotted(graph, file.path)
    package = own.split(".") if file.path.endswith("/__init__.py") else own.split(".")[:-1]
    parts = dotted.split(".")
    if package and parts[0] == package[0] and not _absolute(graph, file):
        shared = 0
        while shared < min(len(package), len(parts)) and package[shared] == parts[shared]:
            shared += 1
        dots = "." * (len(package) - shared + 1)
        return f"from {dots}{'.'.join(parts[shared:])} import {name}"
    return f"from {dotted} import {name}"


def _absolute(graph: Resolver, file: File) -> bool:
    """Tell whether a Python file names its own package in full: as most of what it and its siblings import."""
    own = _dotted(graph, file.path).split(".")[0]
    relative = absolute = 0
    for _, imp in _peers(graph, file):
        relative += imp.module.startswith(".")
        absolute += imp.module.split(".")[0] == own
        if relative + absolute >= 12:
            break
    return absolute >= relative


def _users(graph: Resolver, place: Place) -> Iterator[tuple[File, Import]]:
    """Yield how others import a name, a few of them."""
    count = 0
    for path in sorted(graph.modules.in_folder(place.path.rpartition("/")[0])):
        other = graph.files.get(path)
        for imp in other.facts.imports if other else ():
            if imp.name == place.symbol.name and other and count < 3:
                if place in graph.imported(other, imp):
                    count += 1
                    yield other, imp


def _dotted(graph: Resolver, path: str) -> str:
    """Return a Python file's module name: its path below the last folder that is no package."""
    folder, base = split(path)
    parts = [] if base == "__init__" else [base]
    while folder and (f"{folder}/__init__.py" in graph.modules.paths):
        parts.insert(0, folder.rpartition("/")[2])
        folder = folder.rpartition("/")[0]
    if folder and (len(parts) <= 1) and folder.rpartition("/")[2] not in ("src", "lib", "tests", "test"):
        if f"{folder}/__init__.py" not in graph.modules.paths and base != "__init__":
            outer = [part for part in folder.split("/") if part not in ("src", "lib")]
            parts = [*outer, *parts]
    return ".".join(parts)


def _javascript(graph: Resolver, file: File, place: Place, text: str) -> str:
    name = place.symbol.name
    written = [imp for _, imp in _peers(graph, file) if imp.module]
    module = ""
    for _, imp in _peers(graph, file):
        if imp.module and not imp.module.startswith("."):
            if place.path in graph.modules.find(file.path, "javascript", imp.module).paths:
                module = imp.module
                break
    if not module:
        module = _relative(file.path, place.path, [imp.module for imp in written])
    quote = "'" if text.count("from '") > text.count('from "') or (not text and False) else '"'
    if text.count("require('") > text.count('require("'):
        quote = "'"
    semicolon = ";" if not text or ";\n" in text else ""
    default = any(imp.name == name and imp.alias == "default" for imp in graph.files[place.path].facts.imports)
    if "require(" in text and "import " not in text:
        return f"const {{ {name} }} = require({quote}{module}{quote}){semicolon}"
    taken = name if default or name == "default" else f"{{ {name} }}"
    return f"import {taken} from {quote}{module}{quote}{semicolon}"


def _relative(path: str, target: str, written: Iterable[str]) -> str:
    """Return a module as a path from a file's folder, with a suffix where the file's other imports have one."""
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


def _go(graph: Resolver, file: File, place: Place, text: str) -> str:
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
    return f'\t"{path}"' if "import (" in text else f'import "{path}"'


def _rust(graph: Resolver, file: File, place: Place, text: str) -> str:
    for crate, folder in sorted(graph.modules.config.crates.items(), key=lambda item: -len(item[1])):
        root = f"{folder}/src/".lstrip("/")
        if place.path.startswith(root):
            inside = file.path.startswith(root)
            rest = place.path.removeprefix(root)
            break
    else:
        before, src, rest = place.path.rpartition("src/")
        inside, crate = file.path.startswith(before + src), before.rstrip("/").rpartition("/")[2].replace("-", "_")
    parts = [part for part in rest.removesuffix(".rs").split("/") if part not in ("lib", "main", "mod")]
    start = "crate" if inside else crate
    return f"use {'::'.join([start, *parts, place.symbol.name])};" if start else ""


def _of_package(mark: str, keyword: str, end: str, whole: bool = False):
    def write(graph: Resolver, file: File, place: Place, text: str) -> str:
        package = graph.files[place.path].facts.package
        if not package or package == file.facts.package:
            return ""
        if any(imp.module == package and imp.name == "*" for imp in file.facts.imports):
            return ""
        tail = "" if whole else f"{mark}{place.symbol.name}"
        return f"{keyword} {package}{tail}{';' if end else ''}"

    return write


def _java(graph: Resolver, file: File, place: Place, text: str) -> str:
    return _of_package(".", "import", ";" if file.language == "java" else "")(graph, file, place, text)


def _c(graph: Resolver, file: File, place: Place, text: str) -> str:
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
            if target.endswith(imp.module) and graph.modules.find(file.path, "c", imp.module).paths == (target,):
                return f'#include "{imp.module}"'
    folder = file.path.rpartition("/")[0]
    beside = target.rpartition("/")[0] == folder
    path = target.rpartition("/")[2] if beside else target.split("include/", 1)[-1]
    return f'#include "{path}"'


def _lua(graph: Resolver, file: File, place: Place, text: str) -> str:
    module = place.path.removesuffix(".lua").removesuffix("/init").replace("/", ".")
    module = module.split("lua.", 1)[-1] if module.startswith("lua.") else module
    return f'local {split(place.path)[1]} = require("{module}")'


def _ruby(graph: Resolver, file: File, place: Place, text: str) -> str:
    away = relpath("/" + place.path.removesuffix(".rb"), "/" + file.path.rpartition("/")[0])
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
