"""Import string -> files, per language. Knows paths, packages and a few configuration files, no texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from retrieval.graph.config import Config
from retrieval.graph.types import File, Module

SUFFIXES = {
    "python": (".py", ".pyi"),
    "javascript": (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte"),
    "lua": (".lua",),
    "ruby": (".rb",),
    "rust": (".rs",),
}
INDEX = {"python": "__init__", "javascript": "index", "lua": "init", "rust": "mod"}
"""What a file is named that stands for its folder."""
WRITTEN_AS = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
"""TypeScript imports a file under the name it will be compiled to."""
ROOTS = frozenset(("", "src", "lib", "python", "lua"))
"""Folders whose modules have names of one part everywhere; other folders' have them among themselves."""
NOTHING = Module(())


class Modules:
    """The workspace's paths, and what imports name among them."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        """Path -> family."""
        self.config = Config()
        self._by_base: dict[str, set[str]] = defaultdict(set)
        """Base name without its suffix -> paths; of a file that stands for its folder also the folder's."""
        self._folders: dict[str, set[str]] = defaultdict(set)
        """Folder -> paths right in it."""
        self._folder_ends: dict[str, set[str]] = defaultdict(set)
        """Last part of a folder's name -> folders."""
        self._packages: dict[tuple[str, str], set[str]] = defaultdict(set)
        """Family and package -> paths."""
        self._cache: dict[tuple[str, str, str], Module] = {}

    def add(self, file: File) -> None:
        path, family = file.path, file.family
        if file.facts.package:
            self._packages[family, file.facts.package].add(path)
        if path in self.paths:
            return
        self._cache.clear()
        self.paths[path] = family
        folder, base = split(path)
        self._by_base[base].add(path)
        if base == INDEX.get(family):
            self._by_base[split(folder)[1]].add(path)
        self._folders[folder].add(path)
        self._folder_ends[folder.rpartition("/")[2]].add(folder)
        while folder and folder not in self._folders:
            folder = folder.rpartition("/")[0]

    def remove(self, file: File, *, gone: bool = True) -> None:
        """Forget a file, or with `gone` false only what its text says of its package."""
        path = file.path
        if file.facts.package:
            self._packages[file.family, file.facts.package].discard(path)
        if not gone or self.paths.pop(path, None) is None:
            return
        self._cache.clear()
        folder, base = split(path)
        self._by_base[base].discard(path)
        self._by_base[split(folder)[1]].discard(path)
        inside = self._folders[folder]
        inside.discard(path)
        if not inside:
            del self._folders[folder]
            self._folder_ends[folder.rpartition("/")[2]].discard(folder)

    def configure(self, path: str, text: str) -> None:
        self.config.put(path, text)
        self._cache.clear()

    def find(self, importer: str, family: str, module: str) -> Module:
        """Return what `module` names in a file; nothing for what is not of this workspace."""
        folder = importer.rpartition("/")[0]
        key = folder if family != "rust" else importer, family, module
        known = self._cache.get(key)
        if known is None:
            finder = getattr(self, f"_{family}", None)
            known = finder(importer, folder, module) if finder else NOTHING
            self._cache[key] = known
        return known

    def package(self, family: str, name: str) -> tuple[str, ...]:
        return tuple(sorted(self._packages.get((family, name), ())))

    def named(self, base: str) -> list[str]:
        """Return the files of a name without its suffix."""
        return sorted(path for path in self._by_base.get(base, ()) if split(path)[1] == base)

    def in_folder(self, folder: str) -> Iterable[str]:
        return self._folders.get(folder, ())

    def submodule(self, folder: str, name: str, family: str) -> Module:
        """Return the module `name` right in a package's folder."""
        return self._file(f"{folder}/{name}" if folder else name, family)

    def _file(self, stem: str, family: str) -> Module:
        """Return the file of a path without its suffix, or the folder it is."""
        for suffix in SUFFIXES[family]:
            if stem + suffix in self.paths:
                return Module((stem + suffix,), stem if family == "rust" else "")
        index = INDEX.get(family)
        for suffix in SUFFIXES[family]:
            if index and (path := f"{stem}/{index}{suffix}".lstrip("/")) in self.paths:
                return Module((path,), stem)
        if family == "python" and stem in self._folders:
            return Module((), stem)
        return NOTHING

    # Python

    def _python(self, importer: str, folder: str, module: str) -> Module:
        name = module.lstrip(".")
        dots = len(module) - len(name)
        if dots:
            for _ in range(dots - 1):
                folder = folder.rpartition("/")[0]
            parts = [folder, *name.split(".")] if name else [folder]
            stem = "/".join(part for part in parts if part)
            if not name:
                found = self._file(stem, "python")
                return found if found.paths else Module((), stem)
            return self._file(stem, "python")
        return self._dotted(folder, name.replace(".", "/"), "python")

    def _dotted(self, folder: str, tail: str, family: str) -> Module:
        """Return the file or package whose path ends in `tail`, the one nearest to `folder`."""
        roots: list[tuple[int, int, str]] = []
        last = tail.rpartition("/")[2]
        for path in self._by_base.get(last, ()):
            if self.paths[path] != family:
                continue
            stem = _stem(path)
            if stem.endswith("/" + INDEX.get(family, "?")):
                stem = stem.rpartition("/")[0]
            if stem == tail or stem.endswith("/" + tail):
                root = stem[: -len(tail)].rstrip("/")
                roots.append((-_shared(root, folder), root.count("/") + bool(root), root))
        if family == "python":
            for package in self._folder_ends.get(last, ()):
                if package == tail or package.endswith("/" + tail):
                    root = package[: -len(tail)].rstrip("/")
                    roots.append((-_shared(root, folder), root.count("/") + bool(root), root))
        for _, _, root in sorted(roots):
            # A root inside of a package is none: `import logging` in pkg/a.py is not pkg/logging.py.
            if family == "python" and root and f"{root}/__init__.py" in self.paths:
                continue
            # Nor is any folder one for a single name: it may well be the standard library's.
            if "/" not in tail and root not in ROOTS and not f"{folder}/".startswith(f"{root}/"):
                continue
            return self._file(f"{root}/{tail}" if root else tail, family)
        return NOTHING

    # JavaScript and TypeScript

    def _javascript(self, importer: str, folder: str, module: str) -> Module:
        if module.startswith("."):
            return self._script(_join(folder, module))
        for stem in self.config.aliases(folder, module):
            if (found := self._script(stem)).paths:
                return found
        where = self.config.workspace_package(module)
        if where:
            package, rest = where
            starts = (rest, f"src/{rest}") if rest else self.config.entries(package)
            for start in starts:
                if (found := self._script(_join(package, start))).paths:
                    return found
        return NOTHING

    def _script(self, stem: str) -> Module:
        if stem in self.paths:
            return Module((stem,))
        head, dot, suffix = stem.rpartition(".")
        for other in WRITTEN_AS.get(dot + suffix, ()):
            if head + other in self.paths:
                return Module((head + other,))
        return self._file(stem, "javascript")

    # Go

    def _go(self, importer: str, folder: str, module: str) -> Module:
        if module.startswith("."):
            return self._folder(_join(folder, module), "go")
        for name, root in self.config.go_modules:
            if module == name or module.startswith(name + "/"):
                return self._folder(_join(root, module[len(name) + 1 :]), "go")
        if self.config.go_modules:
            return NOTHING
        candidates = [
            known
            for known in self._folder_ends.get(module.rpartition("/")[2], ())
            if known and (module.endswith("/" + known) or known == module)
        ]
        return self._folder(max(candidates, key=len), "go") if candidates else NOTHING

    def _folder(self, folder: str, family: str) -> Module:
        paths = (path for path in self._folders.get(folder, ()) if self.paths[path] == family)
        return Module(tuple(sorted(path for path in paths if not path.endswith("_test.go"))))

    # Rust

    def _rust(self, importer: str, folder: str, module: str) -> Module:
        parts = module.split("::")
        first = parts[0]
        if first == "crate":
            root = self._crate_root(importer)
            return self._mod(root, parts[1:])
        own = _own_folder(importer)
        if first in ("self", "super"):
            at = own
            for index, part in enumerate(parts):
                if part == "super":
                    at = at.rpartition("/")[0]
                elif part != "self":
                    return self._mod(at, parts[index:])
            return self._mod(at, [])
        local = self._mod(own, parts)
        if local.paths:
            return local
        crate = self.config.crates.get(first.replace("-", "_"))
        return self._mod(f"{crate}/src".lstrip("/"), parts[1:]) if crate is not None else NOTHING

    def _crate_root(self, importer: str) -> str:
        folder = importer.rpartition("/")[0]
        while folder:
            if f"{folder}/lib.rs" in self.paths or f"{folder}/main.rs" in self.paths:
                return folder
            folder = folder.rpartition("/")[0]
        return ""

    def _mod(self, root: str, parts: list[str]) -> Module:
        """Return the file of a path of modules; what is no file is a name within the last one."""
        if not parts:
            for name in ("lib.rs", "main.rs", "mod.rs"):
                if (path := f"{root}/{name}".lstrip("/")) in self.paths:
                    return Module((path,), root)
            return Module((f"{root}.rs",), root) if f"{root}.rs" in self.paths else NOTHING
        return self._file("/".join([root, *parts]).lstrip("/"), "rust")

    # Languages whose files say their package, and those that name a path

    def _java(self, importer: str, folder: str, module: str) -> Module:
        return Module(self.package("java", module))

    def _csharp(self, importer: str, folder: str, module: str) -> Module:
        return Module(self.package("csharp", module))

    def _php(self, importer: str, folder: str, module: str) -> Module:
        return Module(self.package("php", module.strip("\\")))

    def _lua(self, importer: str, folder: str, module: str) -> Module:
        return self._dotted(folder, module.replace(".", "/"), "lua")

    def _ruby(self, importer: str, folder: str, module: str) -> Module:
        beside = self._file(_join(folder, module.removesuffix(".rb")), "ruby")
        return beside if beside.paths else self._dotted(folder, module.removesuffix(".rb"), "ruby")

    def _c(self, importer: str, folder: str, module: str) -> Module:
        module = module.strip('"<>')
        beside = _join(folder, module)
        if beside in self.paths:
            return Module((beside,))
        base = split(module)[1]
        ends = [
            path
            for path in self._by_base.get(base, ())
            if self.paths[path] == "c" and (path == module or path.endswith("/" + module))
        ]
        best = min(ends, key=lambda path: (-_shared(path, folder), len(path), path), default="")
        return Module((best,)) if best else NOTHING

    def twins(self, path: str) -> tuple[str, ...]:
        """Return the sources of a C header, or the headers of a source: same name, another suffix."""
        return tuple(
            other
            for other in sorted(self._by_base.get(split(path)[1], ()))
            if other != path and self.paths[other] == "c"
        )


def split(path: str) -> tuple[str, str]:
    """Return a path's folder and its base name without suffixes (`x.d.ts` is `x`)."""
    folder, _, name = path.rpartition("/")
    return folder, name.partition(".")[0] or name


def _stem(path: str) -> str:
    folder, base = split(path)
    return f"{folder}/{base}" if folder else base


def _join(folder: str, path: str) -> str:
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _own_folder(path: str) -> str:
    """Return the folder of a Rust file's submodules."""
    folder, base = split(path)
    if base in ("lib", "main", "mod"):
        return folder
    return f"{folder}/{base}" if folder else base


def _shared(one: str, other: str) -> int:
    """Return how many folders two paths have in common from the top."""
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right or not left:
            break
        count += 1
    return count
