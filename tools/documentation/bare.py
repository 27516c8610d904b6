"""Which modules may define or hand on a name that is given without one: the names at the top of each file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tools.documentation.doc import Deadline
from tools.documentation.environment import Environment
from tools.documentation.files import bytes_of, is_file, listed
from tools.documentation.index import Entry, Index, Read
from tools.documentation.modules import PRIVATE

READER = "tops 1"
LARGEST = 400_000
"""Bytes of a module that is looked through."""
_TOP = re.compile(rb"^(?:async def|def|class) (\w+)", re.M)
_IMPORTS = re.compile(rb"^from [^\n]+? import (\([^)]*\)|[^\n]*)", re.M)
_WORD = re.compile(rb"\w+")


def modules_with(name: str, environment: Environment, index: Index, deadline: Deadline) -> Iterator[str]:
    """Yield top-level modules whose text defines or imports `name`, the likeliest first: those of the
    standard library and those with short names."""
    for folders in (environment.library[:1], environment.site):
        files = [file for folder in folders for file in _files(str(folder))]
        ordered = {path: module for module, path in sorted(files, key=lambda file: (len(file[0]), *file))}
        for path in index.holding(ordered, name, READER, _tops):
            deadline.check()
            yield ordered[path]


def _tops(path: Path) -> Read:
    """Read the names a file defines or imports, as its lines look: a hint, to be checked."""
    data = bytes_of(path, LARGEST)
    names = set(_TOP.findall(data))
    for imported in _IMPORTS.findall(data):
        names.update(_WORD.findall(imported))
    texts = {name.decode("utf-8", "replace") for name in names}
    return Read(tuple(Entry(name, "name") for name in texts))


def _files(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the modules at the top of a folder, with their files."""
    for name in listed(folder):
        stem, _, ending = name.partition(".")
        if not stem.isidentifier() or PRIVATE.search(stem):
            continue
        if ending in ("py", "pyi"):
            yield stem, os.path.join(folder, name)
        elif not ending:
            inner = (os.path.join(folder, name, file) for file in ("__init__.py", "__init__.pyi"))
            if found := next(filter(is_file, inner), None):
                yield stem, found
