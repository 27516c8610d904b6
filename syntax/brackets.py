"""Brackets, strings and comments found by reading alone: what serves where there is no grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

Kind = Literal["code", "comment", "string"]

PAIRS = {")": "(", "]": "[", "}": "{"}
CLOSER_OF = {"(": ")", "[": "]", "{": "}", "function": "end", "if": "end", "do": "end", "repeat": "until"}
"""What closes an opener. The words are Lua's, whose blocks have no brackets."""

_HASH = {"python", "ruby", "sh", "shellscript", "yaml", "toml", "perl", "r", "makefile", "dockerfile"}
_DASHES = {"lua", "sql", "haskell"}
_BACKTICKS = {"javascript", "javascriptreact", "typescript", "typescriptreact", "go"}

_SINGLE = r"'(?:\\.|[^'\\\n])*(?:'|(?=\n)|\Z)"
_CHARACTER = r"'(?:\\[^\n]+?|[^'\\\n])'"


@dataclass(frozen=True)
class Bracket:
    character: str
    at: int
    """Index in the text."""
    indent: str
    """White space its line begins with."""


@dataclass(frozen=True)
class Scan:
    """What reading a text once has found."""

    opened: tuple[Bracket, ...]
    """Openers nothing has closed, the innermost last."""
    closing: tuple[Bracket, ...]
    """Closers of what was opened before the text, in their order."""
    kind: Kind
    """What the end of the text stands in."""
    delimiter: str
    """How the string or comment at the end began."""


def comment_mark(language: str) -> str:
    """Return what begins a comment up to the end of its line."""
    return "#" if language in _HASH else "--" if language in _DASHES else "//"


def scan(text: str, language: str, start: int = 0, before: tuple[Bracket, ...] = ()) -> Scan:
    """Read `text` from index `start`, where code stands and the brackets `before` are open."""
    opened = list(before)
    closing: list[Bracket] = []
    kind: Kind = "code"
    delimiter = ""
    line, indent = -1, ""
    for match in _tokens(language).finditer(text, start):
        token, name = match[0], match.lastgroup
        if name == "bracket":
            at = match.start()
            begins = text.rfind("\n", 0, at) + 1
            if begins != line:
                line, indent = begins, _indent(text, begins, at)
            bracket = Bracket(token, at, indent)
            if token in CLOSER_OF:
                opened.append(bracket)
            elif (at := _opener(opened, bracket, text)) is not None:
                del opened[at:]  # whatever was opened inside was never closed
            else:
                closing.append(bracket)
        elif match.end() == len(text) and not _ended(token, name or ""):
            kind = "comment" if "comment" in (name or "") else "string"
            delimiter = _delimiter(token)
    return Scan(tuple(opened), tuple(closing), kind, delimiter)


def inside_text(before: str, text: str, at: int, language: str) -> bool:
    """Tell whether index `at` of `text`, which follows `before`, is inside a string or a block comment."""
    place = len(before) + at
    for match in _tokens(language).finditer(before + text):
        if match.start() >= place:
            return False
        if match.end() > place and match.lastgroup != "bracket":
            return True
    return False


def closes(closer: str, opener: str) -> bool:
    return CLOSER_OF.get(opener) == closer


def begins_line(bracket: Bracket, text: str) -> bool:
    return text[text.rfind("\n", 0, bracket.at) + 1 : bracket.at] == bracket.indent


def _opener(opened: list[Bracket], closer: Bracket, text: str) -> int | None:
    """Return which opener a closer belongs to: where it begins a line, one whose line is indented alike."""
    if not opened:
        return None
    last = opened[-1]
    if closes(closer.character, last.character) and last.indent == closer.indent:
        return len(opened) - 1
    fits = [at for at, bracket in enumerate(opened) if closes(closer.character, bracket.character)]
    if fits and begins_line(closer, text):
        alike = [at for at in fits if opened[at].indent == closer.indent]
        return (alike or fits)[-1]
    return fits[-1] if fits else None


def _indent(text: str, begins: int, at: int) -> str:
    line = text[begins:at]
    return line[: len(line) - len(line.lstrip())]


@cache
def _tokens(language: str) -> re.Pattern[str]:
    comments = [rf"(?P<comment>{re.escape(comment_mark(language))}[^\n]*)"]
    strings: list[str] = []
    if language in _HASH:
        strings.append(r'(?P<long>"""(?:\\.|[^\\])*?(?:"""|\Z)|' + r"'''(?:\\.|[^\\])*?(?:'''|\Z))")
    elif language == "lua":
        comments.insert(0, r"(?P<blockcomment>--\[\[.*?(?:\]\]|\Z))")
        strings.append(r"(?P<long>\[\[.*?(?:\]\]|\Z))")
    elif language not in _DASHES:
        comments.insert(0, r"(?P<blockcomment>/\*.*?(?:\*/|\Z))")
    if language in _BACKTICKS:
        strings.append(r"(?P<tick>`(?:\\.|[^`\\])*(?:`|\Z))")
    strings.append('(?P<double>"(?:\\\\.|[^"\\\\\\n])*(?:"|(?=\\n)|\\Z))')
    if language in ("rust", "c", "cpp", "java", "go"):
        strings.append(rf"(?P<single>{_CHARACTER})")
    else:
        strings.append(rf"(?P<single>{_SINGLE})")
    words = r"|\b(?:function|if|do|repeat|end|until)\b" if language == "lua" else ""
    return re.compile("|".join([*comments, *strings, rf"(?P<bracket>[()\[\]{{}}]{words})"]), re.DOTALL)


def _delimiter(token: str) -> str:
    for mark in ('"""', "'''", "/*", "--[[", "[[", "//", "--"):
        if token.startswith(mark):
            return mark
    return token[:1]


def _ended(token: str, name: str) -> bool:
    """Tell whether a string or comment that reaches the end of the text is over there."""
    if name == "comment":
        return False
    mark = _delimiter(token)
    end = {"/*": "*/", "--[[": "]]", "[[": "]]"}.get(mark, mark)
    if len(token) < len(mark) + len(end) or not token.endswith(end):
        return False
    body = token[len(mark) : -len(end)]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 0
