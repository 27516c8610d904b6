"""What can be read off the text at a cursor, cheaply: words around it, its position, what is typed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from retrieval.graph.types import Cursor
from syntax.scope import Scope, scope

WORD = re.compile(r"[^\W\d]\w*")
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
BEFORE, AFTER = 12_000, 6_000
"""Characters around the cursor whose words count."""
NEAR = 600
IMPORT = re.compile(
    r"^\s*(?:from\b.*\bimport\b|import\b|use\b|using\b|#\s*include\b|require\b|export\b.*\bfrom\b)"
)
POSITIONS = (
    ("raise", re.compile(r"\b(?:raise|throw(?:\s+new)?|except|catch|rescue)\b[\s(]*[\w.,\s]*$")),
    ("decorator", re.compile(r"^\s*@[\w.]*$")),
    ("bases", re.compile(r"\b(?:class|interface|struct)\s+\w+\s*(?:\(|<|:|extends|implements)[\w\s.,]*$")),
    ("type", re.compile(r"(?:->\s*|\b\w+\s*:\s*|\[\s*)[\w.\[, |\"']*$")),
    ("isinstance", re.compile(r"\b(?:isinstance|issubclass|instanceof|cast)\b[^)]*$")),
    ("define", re.compile(r"^\s*(?:async\s+)?(?:def|func|fn|function|fun)\s+$")),
    ("new", re.compile(r"\bnew\s+$")),
    ("argument", re.compile(r"[(,=]\s*$")),
    ("statement", re.compile(r"^\s*$")),
)


@dataclass(slots=True)
class Here:
    """A cursor's surroundings."""

    cursor: Cursor
    scope: Scope
    before: Counter[str]
    """Words before the cursor, without import lines."""
    after: Counter[str]
    near: dict[str, float]
    """Words next to the cursor, 1 on its line and less further away."""
    parts: frozenset[str]
    """Parts of the words on the cursor's line, in lower case."""
    wider: frozenset[str]
    """Parts of the words of the last lines and of the function's name."""
    position: str
    partial: str


def look_around(cursor: Cursor) -> Here:
    prefix, suffix = cursor.prefix[-BEFORE:], cursor.suffix[:AFTER]
    at = scope(cursor.prefix, len(cursor.prefix), cursor.language)
    partial = at.receiver.partial
    done = prefix[: len(prefix) - len(partial)] if partial else prefix
    line = done[done.rfind("\n") + 1 :]
    before = Counter(_words(done))
    after = Counter(_words(suffix))
    near: dict[str, float] = {}
    lines = done[-4000:].split("\n")
    for distance, text in enumerate(reversed(lines[-25:])):
        for word in WORD.findall(text):
            near.setdefault(word, 1 / (1 + distance / 5))
    for distance, text in enumerate(suffix[:2000].split("\n")[:12]):
        for word in WORD.findall(text):
            near.setdefault(word, 1 / (1 + distance / 5))
    position = next((name for name, pattern in POSITIONS if pattern.search(line)), "other")
    if at.receiver.parts and position in ("type", "argument", "statement"):
        position = "member"
    wider = frozenset(parts_of(" ".join([*lines[-4:], at.function, at.owner])))
    return Here(cursor, at, before, after, near, frozenset(parts_of(line)), wider, position, partial)


def parts_of(text: str) -> list[str]:
    """Return the parts of identifiers in lower case: `getUserName` is get, user, name."""
    return [_singular(part.lower()) for part in PARTS.findall(text) if len(part) > 2]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _words(text: str) -> list[str]:
    """Return the words of a text but for its import statements."""
    found: list[str] = []
    inside = False
    for line in text.split("\n"):
        if inside:
            inside = ")" not in line and "}" not in line
            continue
        if IMPORT.match(line):
            inside = ("(" in line and ")" not in line) or ("{" in line and "}" not in line)
            continue
        found += WORD.findall(line)
    return found
