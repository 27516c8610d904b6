"""Which modules may define or hand on a name that is given without one, by a search of their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.documentation.environment import Environment
from tools.documentation.files import Unreadable, bytes_of, listed
from tools.documentation.modules import PRIVATE

LARGEST = 400_000
"""Bytes of a module that is searched."""


def modules_with(name: str, environment: Environment) -> Iterator[str]:
    """Yield top-level modules whose text defines or imports `name`, the likeliest first: those of the
    standard library and those with short names."""
    pattern = re.compile(rb"(?:^|\n)(?:async )?(?:def|class) %b\b|\bimport\b[^\n]*\b%b\b|^    %b,$"
                         % ((re.escape(name.encode()),) * 3), re.M)  # fmt: skip
    for folders in (environment.library[:1], environment.site):
        files = [file for folder in folders for file in _files(folder)]
        for module, path in sorted(files, key=lambda file: (len(file[0]), file[0])):
            try:
                if pattern.search(bytes_of(path, LARGEST)):
                    yield module
            except Unreadable:
                continue


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for name in listed(folder):
        stem, _, ending = name.partition(".")
        if not stem.isidentifier() or PRIVATE.search(stem):
            continue
        if ending in ("py", "pyi"):
            yield stem, folder / name
        elif not ending:
            for inner in ("__init__.py", "__init__.pyi"):
                if (folder / name / inner).is_file():
                    yield stem, folder / name / inner
                    break
