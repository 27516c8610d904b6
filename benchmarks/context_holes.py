"""The holes of context.py: names of other files in real packages, anything else in these, and invented APIs.

A cross-file name is found without the index: by ast, a name that some other file of the project defines and
this one does not, and that no built-in type has. Its hole is its first use, or its only one behind a dot.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.invented import Invented
from inference.lines import split_lines
from inference.prompts import window
from settings.schema import Completion

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "settings",
    "syntax",
    "inference",
    "retrieval",
    "lsp_server",
    "nearside",
    "benchmarks",
    "training",
)
SHORTEST = 3
"""Characters of a name; shorter ones are guessed."""
PER_FILE = 4
"""Holes of a file at most, so that no large one outweighs the rest."""
BUILT_IN = frozenset(dir(builtins)).union(
    *(dir(kind) for kind in (str, bytes, int, float, list, dict, set, tuple, type, Exception, property)),
    *(dir(kind) for kind in (Path, re.Pattern, re.Match, ast.AST)),
    ("read", "write", "readline", "readlines", "close", "flush", "seek", "append", "popleft", "send", "recv"),
)
"""Names that mostly are of no file of the project, even where one has them, too."""


@dataclass(frozen=True)
class Hole:
    """A name and the rest of its line, taken out of a file."""

    project: str
    path: str
    language: str
    kind: str
    """`invented`; of real ones `member` behind a dot, `imported` name or `other`."""
    name: str
    prefix: str
    suffix: str
    """What a prompt sees around it."""
    text: str
    """The whole file without it."""
    expected: str
    """The rest of the line; it begins with the name."""


def modules() -> dict[str, str]:
    """Our own files by their paths; no model was trained on them."""
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in files}


def invented(project: Invented) -> list[Hole]:
    """The holes of a made-up project."""
    return [
        hole_at(project.name, use.path, project.language, "invented", project.texts[use.path], use.start)
        for use in project.uses
    ]


def real(project: str, texts: Mapping[str, str], most: int, chance: Random) -> list[Hole]:
    """At most `most` cross-file holes of a project in Python, and as many others of the same files."""
    trees = {path: tree for path, text in texts.items() if "\r" not in text and (tree := _parsed(text))}
    defined = {path: _defined(tree) for path, tree in trees.items()}
    count = Counter(name for names in defined.values() for name in names)
    found: list[Hole] = []
    others: list[Hole] = []
    for path in chance.sample(sorted(trees), len(trees)):
        if len(found) >= most:
            break
        foreign = {name for name in count if name not in defined[path] and name not in BUILT_IN}
        places = list(_cross_file(trees[path], texts[path], foreign))
        places = chance.sample(places, min(len(places), PER_FILE, most - len(found)))
        found += [hole_at(project, path, "python", kind, texts[path], start) for kind, start in places]
        text = texts[path]
        rest = [start for start in _names(trees[path], text) if _name(text, start) not in foreign]
        for start in chance.sample(rest, min(len(rest), len(places))):
            others.append(hole_at(project, path, "python", "other", texts[path], start))
    return found + others


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _defined(tree: ast.Module) -> set[str]:
    """Names of functions, classes, module and class variables, and attributes of self."""
    names: set[str] = set()
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for statement in (statement for body in bodies for statement in body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(statement.name)
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        targets = (statement.target,) if isinstance(statement, ast.AnnAssign) else targets
        names.update(target.id for target in targets if isinstance(target, ast.Name))
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                names.add(name)
    return {name for name in names if len(name) >= SHORTEST and not name.startswith("__")}


def _cross_file(tree: ast.Module, text: str, foreign: set[str]) -> Iterator[tuple[str, int]]:
    """Kind and place of first uses of imported names, and of only uses of members."""
    starts = line_starts(text)
    nodes = list(ast.walk(tree))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    imported = {alias.name for node in imports for alias in node.names if not alias.asname}
    words = Counter(re.findall(r"\w+", text))
    uses = [node for node in nodes if isinstance(node, (ast.Name, ast.Attribute))]
    places = [(place_of(node, text, starts), node) for node in uses]
    seen: set[str] = set()
    for start, node in sorted(places, key=lambda place: place[0]):
        if isinstance(node, ast.Attribute) and node.attr in foreign and words[node.attr] == 1:
            yield "member", start
        elif isinstance(node, ast.Name) and node.id in foreign & imported - own - seen:
            seen.add(node.id)
            yield "imported", start


def _names(tree: ast.Module, text: str) -> list[int]:
    """Places of names that are read or called in functions."""
    starts = line_starts(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    uses = {node for function in functions for statement in function.body for node in ast.walk(statement)
            if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)}  # fmt: skip
    return sorted({place_of(node, text, starts) for node in uses})


def line_starts(text: str) -> list[int]:
    """Offsets of lines as Python's parser counts them."""
    return [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]


def place_of(node: ast.Name | ast.Attribute, text: str, starts: list[int]) -> int:
    """Offset of a name, of an attribute's last one."""
    if isinstance(node, ast.Name):
        line, column, back = node.lineno, node.col_offset, 0
    else:
        line, column, back = node.end_lineno or 1, node.end_col_offset or 0, len(node.attr)
    start = starts[line - 1]
    return start + len(text[start : start + column].encode()[:column].decode("utf-8", "ignore")) - back


def _name(text: str, start: int) -> str:
    return re.split(r"\W", text[start : start + 200], maxsplit=1)[0]


def hole_at(project: str, path: str, language: str, kind: str, text: str, start: int) -> Hole:
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    expected = text[start:end].rstrip()
    lines = split_lines(text[:start] + text[end:])
    line = text.count("\n", 0, start)
    prefix, suffix = window(lines, line, start - (text.rfind("\n", 0, start) + 1), Completion())
    whole = text[:start] + text[end:]
    return Hole(project, path, language, kind, _name(text, start), prefix, suffix, whole, expected)
