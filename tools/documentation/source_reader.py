"""What one file of TypeScript, Go or Rust says, by tree-sitter: definitions with the comments above them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from retrieval.graph.render import signature
from syntax.extract import facts
from syntax.extract.walk import bare
from syntax.facts import Symbol
from tools.documentation.doc import MOST_SIGNATURE, plain
from tools.documentation.files import text_of
from tools.documentation.index import Entry, Read

NAMES = {"typescript": "typescript 1", "go": "go 1", "rust": "rust 1"}
"""Of these readers, in the index; another number has every file read again."""
MOST_COMMENT = 400
"""Lines of a comment."""
MOST_OVERLOADS = 6
KINDS = {"function": "function", "method": "function", "class": "class", "type": "class", "module": "class"}
_BESIDE = re.compile(r"^\s*(?:#!?\[|@\w)")
"""Attributes and decorators, which stand between a comment and what it is about."""
_LINE = {"typescript": "//", "go": "//", "rust": "///"}
_STAR = re.compile(r"^\s*\*+ ?")
_TAG = re.compile(r"\{@(?:link|linkcode|linkplain)\s+([^}|]+?)(?:[\s|]+([^}]+))?\}")
_TOP = {
    "typescript": re.compile(r"\s*(/\*\*.*?\*/)\s*(?=/\*|import\b|export \*)", re.DOTALL),
    "go": re.compile(r"(?:\A|\n)((?://[^\n]*\n)+|/\*.*?\*/\n)package\b", re.DOTALL),
    "rust": re.compile(r"\s*((?:[ \t]*//![^\n]*\n)+)"),
}


def reader(language: str) -> Callable[[Path], Read]:
    """Return the reader of a language; it raises Unreadable."""
    return lambda path: _read(path, language)


def _read(path: Path, language: str) -> Read:
    text = text_of(path).replace("\r\n", "\n")
    found, lines = facts(text, language), text.split("\n")
    made: dict[str, Entry] = {}
    count: dict[str, int] = {}
    for symbol in found.symbols:
        name = symbol.qualified
        entry = _entry(symbol, lines, language)
        known = made.get(name)
        if known is None:
            made[name] = entry
        elif known.kind == entry.kind == "function" and count.get(name, 1) < MOST_OVERLOADS:
            count[name] = count.get(name, 1) + 1
            both = f"{known.signature}\n{entry.signature}"[:MOST_SIGNATURE]
            made[name] = replace(known, signature=both, text=known.text or entry.text)
    for taken in found.imports:
        target = f"{taken.module}#{taken.name}"
        if taken.name == "*":
            made.setdefault(
                f"*{taken.module}", Entry(f"*{taken.module}", "star", "", "", taken.line + 1, target)
            )
        elif taken.alias:
            made.setdefault(taken.alias, Entry(taken.alias, "alias", "", "", taken.line + 1, target))
    if top := _TOP[language].match(text) or (_TOP[language].search(text) if language == "go" else None):
        made[""] = Entry("", "file", "", uncommented(top[1]))
    return Read(tuple(made.values()))


def _entry(symbol: Symbol, lines: list[str], language: str) -> Entry:
    kind = KINDS.get(symbol.kind, "attribute")
    inline = "\n" not in symbol.stub and symbol.stub.strip() != lines[symbol.first].strip()
    text = "" if inline else comment_above(lines, symbol.first, _LINE[language])
    held = bare(symbol.type) if kind == "attribute" else ""
    head = signature(symbol, MOST_SIGNATURE)
    return Entry(symbol.qualified, kind, head, text, symbol.first + 1, held, symbol.bases)


def comment_above(lines: list[str], first: int, mark: str) -> str:
    """Return the comment that ends right above a line, without its marks."""
    at = first - 1
    while at >= 0 and _BESIDE.match(lines[at]):
        at -= 1
    end = at + 1
    if at >= 0 and lines[at].rstrip().endswith("*/"):
        while at >= 0 and end - at < MOST_COMMENT and "/*" not in lines[at]:
            at -= 1
        if at < 0 or not lines[at].lstrip().startswith("/*"):
            return ""
        return uncommented("\n".join(lines[at:end]))
    while at >= 0 and end - at <= MOST_COMMENT and lines[at].lstrip().startswith(mark):
        at -= 1
    return uncommented("\n".join(lines[at + 1 : end]))


def uncommented(comment: str) -> str:
    """Return the text of a comment, its links in words."""
    text = comment.strip()
    if text.startswith("/*"):
        text = text.removesuffix("*/").removeprefix("/**").removeprefix("/*").removeprefix("!")
        lines = [_STAR.sub("", line) for line in text.split("\n")]
    else:
        lines = [re.sub(r"^\s*//[/!]? ?", "", line) for line in text.split("\n")]
    joined = "\n".join(line.rstrip() for line in lines).strip()
    return plain(_TAG.sub(lambda tag: tag[2] or tag[1], joined), 20_000)
