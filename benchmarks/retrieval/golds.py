"""Queries: a cursor before the first use of a name that another file defines, and where that is.

Who says where it is knows nothing of our graph: for Python jedi (jedi_golds.py), for the others plain
patterns (named.py). At the cursor the name and the rest of its line are missing; the lines below are there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gold:
    """One use, and its definition. Lines count from 0, columns in characters."""

    path: str
    line: int
    column: int
    name: str
    gold_path: str
    gold_line: int
    kind: str
    root: str
    """What has to be imported for it: the name itself, or what stands before its dots."""


@dataclass(frozen=True, slots=True)
class Query:
    package: str
    language: str
    gold: Gold
    head: str
    """The definition as its file has it, up to its name, without modifiers: `def run`, `type Reader`."""
    prefix: str
    suffix: str
    without: str | None
    """The prefix without the lines that import it; None if none does."""


MODIFIERS = re.compile(
    r"^(?:(?:export|default|declare|abstract|public|private|protected|static|readonly|override|async|unsafe|"
    r"pub(?:\([^)]*\))?|extern\s+\"C\"|const(?=\s+fn))\s+)+"
)
IMPORTS = {
    "typescript": re.compile(r"^(?:import|export)\b(?:[^;'\"=()]*?\bfrom)?\s*['\"][^'\"\n]*['\"];?", re.M),
    "go": re.compile(r"^import\s*\([^)]*\)|^import[^(\n]*\"[^\"\n]*\"", re.M),
    "rust": re.compile(
        r"^[ \t]*(?:pub(?:\([^)]*\))?\s+)?(?:use|extern\s+crate|mod)\s[^;{]*(?:\{[^;]*\})?;", re.M
    ),
}


def import_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Return first and last line of each import of a file, by patterns, or for Python by its own parser."""
    if language == "python":
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return []
        nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
        return sorted((node.lineno - 1, (node.end_lineno or node.lineno) - 1) for node in nodes)
    spans = []
    for found in IMPORTS[language].finditer(text):
        first = text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip()))
        spans.append((first, text.count("\n", 0, found.end())))
    return spans


def query(package: str, language: str, gold: Gold, read: Callable[[str], str]) -> Query:
    """Cut the hole; `read` returns the text of a file of the package."""
    text = read(gold.path)
    lines = text.split("\n")
    before = [*lines[: gold.line], lines[gold.line][: gold.column]]
    suffix = "\n".join(["", *lines[gold.line + 1 :]])
    return Query(
        package,
        language,
        gold,
        head(read(gold.gold_path).split("\n")[gold.gold_line], gold.name),
        "\n".join(before),
        suffix,
        _without(before, text, language, gold),
    )


def head(line: str, name: str) -> str:
    """Return what a definition's line says up to its name: `def run` of `async def run(self):`."""
    found = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", line)
    text = " ".join((line[: found.end()] if found else line).split())
    return MODIFIERS.sub("", text)


def _without(before: list[str], text: str, language: str, gold: Gold) -> str | None:
    """Take out the lines that import the gold: of one name in a list only its line, where it has its own."""
    if not gold.root:
        return None
    word = re.compile(rf"(?<![\w$]){re.escape(gold.root)}(?![\w$])")
    gone: set[int] = set()
    for first, last in import_spans(text, language):
        if last >= gold.line:
            continue
        has = [number for number in range(first, last + 1) if word.search(before[number])]
        if has and (first in has or last in has):
            has = list(range(first, last + 1))
        gone.update(has)
    if not gone:
        return None
    return "\n".join(line for number, line in enumerate(before) if number not in gone)
