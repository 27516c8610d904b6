"""Golds without a resolver: names that exactly one place of a package defines and another file uses.

Plain patterns find definitions, so names defined twice are left out: what is measured is somewhat easier than
life for whoever goes by names, and members of types are there only where their name is unique.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random

from benchmarks.retrieval.golds import IMPORTS, Gold, import_spans

DEFINED = {
    "typescript": re.compile(
        r"^export\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?"
        r"(class|interface|function|type|enum|const)\*?\s+([A-Za-z_$][\w$]*)"
    ),
    "go": re.compile(r"^(func|type|var|const)\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w*)"),
    "rust": re.compile(
        r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:(?:async|unsafe|const|extern\s+\"C\")\s+)*"
        r"(fn|struct|enum|trait|type|union|static|const)\s+([A-Za-z_]\w*)"
    ),
}
SHORTEST, SHORTEST_METHOD = 4, 8
"""Characters; short names of methods are those of the standard library, too."""
WORD = re.compile(r"[A-Za-z_$][\w$]*")
NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\[^'\n]+)'|`[^`]*`", re.S)
"""Comments, strings and characters. Longer strings in single quotes stay, as lifetimes of Rust do."""


def golds(texts: Mapping[str, str], language: str, wanted: int, per_file: int, seed: int) -> list[Gold]:
    """Return at most `wanted` golds of a package, at most `per_file` of one file, drawn at random."""
    defined = _defined(texts, language)
    chance = Random(seed)
    paths = sorted(texts)
    chance.shuffle(paths)
    found: list[Gold] = []
    for path in paths:
        some = list(_of_file(path, texts[path], language, defined))
        found += chance.sample(some, min(per_file, len(some)))
        if len(found) >= wanted:
            break
    return found[:wanted]


def _defined(texts: Mapping[str, str], language: str) -> dict[str, tuple[str, int, str]]:
    """Return path, line and kind of each name that is defined once; a Go or Rust member is a `method`."""
    every: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for path, text in texts.items():
        for number, line in enumerate(_blank(text).split("\n")):
            if found := DEFINED[language].match(line):
                member = line.startswith("func (") or (found[1] == "fn" and line[:1].isspace())
                every[found[2]].append((path, number, "method" if member else found[1]))
    once = {name: places[0] for name, places in every.items() if len(places) == 1}
    least = {name: SHORTEST_METHOD if place[2] == "method" else SHORTEST for name, place in once.items()}
    return {name: place for name, place in once.items() if len(name) >= least[name]}


def _of_file(
    path: str, text: str, language: str, defined: Mapping[str, tuple[str, int, str]]
) -> Iterator[Gold]:
    code = _blank(text)
    lines = text.split("\n")
    imported = {number for first, last in import_spans(text, language) for number in range(first, last + 1)}
    imports = "\n".join(found[0] for found in IMPORTS[language].finditer(text))
    seen: set[str] = set()
    for number, line in enumerate(code.split("\n")):
        if number in imported:
            continue
        for word in WORD.finditer(line):
            name = word[0]
            if name in seen or name not in defined:
                continue
            seen.add(name)
            gold_path, gold_line, kind = defined[name]
            before = lines[number][: word.start()]
            if gold_path == path or not lines[number].startswith(name, word.start()):
                continue
            root = _seen_from(path, imports, language, name, before, line[word.end() :], gold_path, kind)
            if root is not None:
                yield Gold(path, number, word.start(), name, gold_path, gold_line, kind, root)


def _seen_from(
    path: str, imports: str, language: str, name: str, before: str, after: str, gold_path: str, kind: str
) -> str | None:
    """Return what must be imported for a use to mean the gold, "" for nothing, None if unclear."""
    folder, gold_folder = path.rpartition("/")[0], gold_path.rpartition("/")[0]
    dotted = re.search(r"(\w*)(?:\.|::)$", before)
    if language == "go":
        package = gold_folder.rpartition("/")[2]
        reached = folder == gold_folder or (package and f'/{gold_folder}"' in imports)
        if not reached:
            return None
        if kind == "method":
            return "" if dotted and after.startswith("(") else None
        if folder == gold_folder:
            return "" if not dotted else None
        return package if dotted and dotted[1] == package else None
    if language == "rust" and kind == "method":
        return "" if before.endswith(".") and after.startswith(("(", "::")) else None
    if dotted:
        return None
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    mentions = [part for part in re.split(r";|\n(?=import)", imports) if word.search(part)]
    ours = any("from" not in part or re.search(r"['\"]\.", part) for part in mentions)
    return name if mentions and (language == "rust" or ours) else None


def _blank(text: str) -> str:
    """Blank out comments and strings, every character where it was."""
    return NOISE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
