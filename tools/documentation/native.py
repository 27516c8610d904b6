"""Go and Rust names, from the sources in the module cache, the registry's cache and vendor folders."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.documentation import source_reader
from tools.documentation.choices import nearest, with_names
from tools.documentation.doc import Deadline, Doc, NotFound, meant, plain
from tools.documentation.files import Unreadable, bytes_of, is_folder, listed, text_of
from tools.documentation.index import Entry, Index

MOST_FILES = 400
"""Of a package or crate that are looked through."""
_GO_NAME = re.compile(r"[\w.~/-]+$")
_GO_REQUIRE = re.compile(r"^(?:require[ \t]+)?[ \t]*([\w.~/-]+\.[\w.~/-]+)[ \t]+(v[\w.+-]+)", re.M)
_RUST_NAME = re.compile(r"[A-Za-z_][\w-]*(?:(?:::|\.)[A-Za-z_]\w*)*$")


@dataclass(frozen=True)
class Place:
    """Source folders of one package."""

    name: str
    folder: Path
    version: str
    source: str


class Go:
    """The names of Go packages: the standard library's, and those that go.mod names."""

    def __init__(self, project: Path, index: Index, environ: Mapping[str, str] = os.environ) -> None:
        self.project, self.index, self.environ = project, index, environ

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return what is known of `net/http.Get`, `http.Client.Do` or `github.com/a/b.Name`; None where no
        such package is there. Raises NotFound where it is, and the name is not."""
        if not _GO_NAME.match(name) or ".." in name:
            return None
        start = name.rfind("/") + 1
        parts = name[start:].split(".")
        for cut in range(len(parts), 0, -1):
            path, rest = name[:start] + ".".join(parts[:cut]), parts[cut:]
            if place := next(self._places(path), None):
                return _answer(self.index, "go", name, place, _go_files(place.folder), rest, deadline)
        return None

    def _places(self, path: str) -> Iterator[Place]:
        """Yield the folders of a package by its import path, or by the last part of one."""
        required = self._required()
        places = [self.project / "vendor" / path] if required else []
        yield from (Place(path, place, _vendored(required, path), "Go package") for place in places
                    if _go_files(place))  # fmt: skip
        for cache in self._caches():
            for module, version in required.items():
                if path == module or path.startswith(module + "/") or module.split("/")[-1] == path:
                    inside = path[len(module) :].strip("/") if path.startswith(module) else ""
                    folder = cache / f"{_escaped(module)}@{_escaped(version)}" / inside
                    if _go_files(folder):
                        yield Place(path, folder, version, "Go package")
        for root in self._roots():
            for folder in (root / "src" / path, *((root / "src" / above / path) for above in _GO_ABOVE)):
                if _go_files(folder):
                    yield Place(path, folder, _go_version(root), "Go standard library")

    def _required(self) -> dict[str, str]:
        try:
            return dict(_GO_REQUIRE.findall(text_of(self.project / "go.mod")))
        except Unreadable:
            return {}

    def _caches(self) -> list[Path]:
        environ = self.environ
        home = Path(environ.get("HOME") or os.path.expanduser("~"))
        paths = [Path(path) / "pkg" / "mod" for path in environ.get("GOPATH", "").split(os.pathsep) if path]
        own = [Path(environ["GOMODCACHE"])] if environ.get("GOMODCACHE") else []
        return [path for path in (*own, *paths, home / "go" / "pkg" / "mod") if is_folder(path)]

    def _roots(self) -> list[Path]:
        found = [Path(self.environ["GOROOT"])] if self.environ.get("GOROOT") else []
        if program := shutil.which("go", path=self.environ.get("PATH", "")):
            found.append(Path(os.path.realpath(program)).parent.parent)
        return [*found, Path("/usr/local/go"), Path("/usr/lib/go"), Path("/usr/share/go")]


_GO_ABOVE = ("net", "encoding", "io", "path", "os", "text", "html", "math", "crypto", "container", "go")
"""Where packages of the standard library lie that go by their last name."""


def _vendored(required: Mapping[str, str], path: str) -> str:
    return next((version for module, version in required.items() if path.startswith(module)), "")


def _escaped(path: str) -> str:
    """Return a module's path as the cache has it: A as !a (https://go.dev/ref/mod#module-cache)."""
    return re.sub(r"[A-Z]", lambda letter: "!" + letter[0].lower(), path)


def _go_files(folder: Path) -> list[Path]:
    names = [name for name in listed(folder) if name.endswith(".go") and not name.endswith("_test.go")]
    return [folder / name for name in names[:MOST_FILES]]


def _go_version(root: Path) -> str:
    try:
        return text_of(root / "VERSION").split("\n")[0].removeprefix("go").strip()
    except Unreadable:
        return ""


class Rust:
    """The names of crates, of the versions that Cargo.lock names, and of the standard library's sources."""

    def __init__(self, project: Path, index: Index, environ: Mapping[str, str] = os.environ) -> None:
        self.project, self.index = project, index
        home = Path(environ.get("HOME") or os.path.expanduser("~"))
        self.cargo = Path(environ.get("CARGO_HOME") or home / ".cargo")
        self.rustup = Path(environ.get("RUSTUP_HOME") or home / ".rustup")

    def look(self, name: str, deadline: Deadline) -> Doc | None:
        """Return what is known of `serde::Deserialize` or `tokio::fs::read`; None where no such crate is
        there. Raises NotFound where it is, and the name is not."""
        if not _RUST_NAME.match(name):
            return None
        crate, *rest = re.split(r"::|\.", name)
        place = next(self._places(crate), None)
        if place is None:
            return None
        files = sorted(_rust_files(place.folder), key=lambda path: _by_modules(path, rest))
        if rest:  # reading all of a large crate takes seconds
            wanted = rest[-1].encode()
            named = [path for path in files if _mentions(path, wanted, deadline)]
            named = named or files[:20]
            return _answer(self.index, "rust", name, place, named, rest, deadline)
        return _answer(self.index, "rust", name, place, files[:1], rest, deadline)

    def _places(self, crate: str) -> Iterator[Place]:
        if crate in ("std", "core", "alloc"):
            for chain in listed(self.rustup / "toolchains"):
                folder = self.rustup / "toolchains" / chain / "lib/rustlib/src/rust/library" / crate / "src"
                if is_folder(folder):
                    yield Place(crate, folder, chain, "Rust standard library")
            return
        versions = self._locked(crate)
        names = {crate, crate.replace("_", "-")}
        for name in sorted(names):
            folder = self.project / "vendor" / name
            if is_folder(folder / "src"):
                yield Place(name, folder / "src", _crate_version(folder), "crate")
        found: list[tuple[bool, tuple[int, ...], Place]] = []
        for registry in listed(self.cargo / "registry" / "src"):
            root = self.cargo / "registry" / "src" / registry
            for folder in listed(root):
                name, _, version = folder.rpartition("-")
                if name in names and is_folder(root / folder / "src"):
                    place = Place(name, root / folder / "src", version, "crate")
                    found.append((version in versions, tuple(map(int, re.findall(r"\d+", version))), place))
        yield from (place for _, _, place in sorted(found, key=lambda item: item[:2], reverse=True))

    def _locked(self, crate: str) -> set[str]:
        try:
            lock: Any = tomllib.loads(text_of(self.project / "Cargo.lock", 10_000_000))
            packages = lock.get("package", ())
        except (Unreadable, ValueError, RecursionError):
            return set()
        return {
            str(one.get("version", ""))
            for one in packages
            if isinstance(one, dict) and str(one.get("name", "")).replace("-", "_") == crate.replace("-", "_")
        }


def _crate_version(folder: Path) -> str:
    try:
        about: Any = tomllib.loads(text_of(folder / "Cargo.toml")).get("package", {})
        return str(about.get("version", ""))
    except (Unreadable, ValueError, AttributeError):
        return ""


def _rust_files(folder: Path) -> Iterator[Path]:
    """Yield a crate's files, its root first; links are not followed."""
    waiting, count = [folder], 0
    while waiting and count < MOST_FILES:
        here = waiting.pop(0)
        for name in listed(here):
            path = here / name
            if name.endswith(".rs"):
                count += 1
                yield path
            elif "." not in name and not path.is_symlink() and is_folder(path):
                waiting.append(path)


def _by_modules(path: Path, rest: list[str]) -> tuple[int, bool, int, str]:
    """Order files by how many of a name's modules are in their path; lib.rs and mod.rs before others."""
    parts = {*path.parts, path.stem}
    root = path.name in ("lib.rs", "mod.rs")
    return -sum(part in parts for part in rest[:-1]), not root, len(path.parts), str(path)


def _mentions(path: Path, name: bytes, deadline: Deadline) -> bool:
    deadline.check()
    try:
        return name in bytes_of(path)
    except Unreadable:
        return False


def _answer(
    index: Index,
    language: str,
    name: str,
    place: Place,
    files: list[Path],
    rest: list[str],
    deadline: Deadline,
) -> Doc:
    """Look a name up in the files of a package. Raises NotFound."""
    name_of, read = source_reader.NAMES[language], source_reader.reader(language)
    wanted, names, top = ".".join(rest), [], None
    best: tuple[Path, Entry] | None = None
    for path in files:
        deadline.check()
        try:
            entries = index.entries(path, name_of, read)
        except Unreadable:
            continue
        if not rest:
            own = entries.get("")
            top = (path, own) if own and (top is None or not top[1].text) else top
            names += [entry.name for entry in entries.below("") if _is_public(entry, language)]
            continue
        for cut in range(len(rest)):
            entry = entries.get(".".join(rest[cut:]))
            if entry and entry.kind not in ("alias", "star", "file") and _better(entry, best):
                best = path, entry
        names += [entry.name for entry in entries.below(".".join(rest[:-1]) if len(rest) > 1 else "")]
        if best and best[1].text and best[1].name == wanted:
            break
    if not rest:
        path, entry = top or (files[0] if files else place.folder, None)
        text = with_names(entry.text if entry else "", list(dict.fromkeys(names)))
        return Doc(name, "", plain(text), place.version, f"{path}:1", place.source)
    if best:
        path, entry = best
        where = f"{path}:{entry.line}"
        return Doc(name, entry.signature, plain(entry.text), place.version, where, place.source)
    holder = name[: -len(rest[-1])].rstrip(".:")
    mark = name[len(holder) : len(name) - len(rest[-1])]
    close = [f"{holder}{mark}{one}" for one in nearest(rest[-1], [one.rpartition(".")[2] for one in names])]
    raise NotFound(
        f"{name} was not found: {rest[-1]} is not in {place.name} {place.version}".rstrip() + meant(close)
    )


def _better(entry: Entry, best: tuple[Path, Entry] | None) -> bool:
    """Tell whether an entry says more than the best so far: the first counts, or one with a text."""
    return best is None or bool(entry.text and not best[1].text)


def _is_public(entry: Entry, language: str) -> bool:
    return entry.name[:1].isupper() if language == "go" else entry.signature.startswith("pub ")
