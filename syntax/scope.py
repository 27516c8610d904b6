"""What is at a cursor: the class and function it stands in, the local names there, the receiver before it.

The text may be unfinished: what stands before the cursor is parsed, completed by a name and by what closes
its brackets, so that everything round the cursor is right up to its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from syntax.brackets import CLOSER_OF, Bracket, scan
from syntax.extract.walk import MODULES, captures, grammar_of, read
from syntax.languages import parser
from syntax.receiver import Receiver, receiver
from syntax.tree import CLOSING_MARK

BEFORE_CHARACTERS = 10_000
"""What is read before the cursor, with the heads of what that stands in; it takes about 4 ms."""
MOST_HEADS = 12

_PLACEHOLDER = "x_"
_INDENT = re.compile(r"[ \t]*")
_CLOSES = re.compile(r"[)\]}{]|->")
_OPENS = re.compile(
    r"^(?:if|unless|case|when|while|until|for|begin|else|elsif|rescue|ensure|class|module|def|function|local)\b"
    r"|(?:[:{(\[,=>|]|\b(?:do|then|try))\s*(?:(?://|#|--|/\*).*)?$"
)
"""A line that something below may belong to; a string's lines that are indented less are none."""
_LABEL = re.compile(r"^(?!else|try|finally|default)\w+:$")
"""C's labels, and `public:`; they are indented less than what they stand in."""
_COMPOUND = re.compile(
    r"[ \t]*(?:async[ \t]+)?(?:if|elif|while|for|with|def|class|match|case|except|try|else|finally)\b"
)
_HEAD = re.compile(
    r"\b(?:(?P<kind>class|struct|interface|impl|trait|enum|object|module|namespace)|def|func|fn|function|fun)"
    r"[ \t]+(?:\([^)]*\)[ \t]*)?(?P<name>[^\W\d]\w*[?!]?)"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a cursor stands in. Types are as in `Symbol.type`: an annotation, or the callee that makes it."""

    owner: str = ""
    """The class, type or namespace round the cursor, dotted; of a Go method the receiver's type."""
    bases: tuple[str, ...] = ()
    """What the innermost class extends, as far as the text says."""
    function: str = ""
    """Qualified name of the outermost function round the cursor; empty outside of functions."""
    names: dict[str, str] = field(default_factory=dict)
    """Names of the function round the cursor, or of the text where there is none, that were given before the
    cursor, with the type of each; empty where nothing says. `self`, `this` and the like have the owner's."""
    receiver: Receiver = Receiver()
    """The expression right before the cursor."""


_SEMICOLONS = frozenset(("c", "cpp", "java", "csharp", "php", "rust"))
_SELF = {
    "python": ("self", "cls"),
    "rust": ("self", "Self"),
    "ruby": ("self",),
    "php": ("$this", "self", "static"),
}
_SELF["lua"] = ("self",)


def scope(text: str, cursor: int, language: str) -> Scope:
    """Return what stands at index `cursor` of `text`. Raises nothing; without a grammar only the receiver."""
    cursor = max(0, min(cursor, len(text)))
    before = text[:cursor]
    asked = receiver(before, language)
    ours = parser(language) if language in MODULES else None
    if ours is None:
        return Scope(receiver=asked)
    window = _window(before, language)
    whole = _completed(window, language, asked.partial)
    source = whole.encode("utf-8", "replace")
    root = ours.parse(source).root_node
    reader = read(root, source, whole.split("\n"), language)
    reader.leave(len(window.encode("utf-8", "replace")) - 1)
    if not reader.places and (found := _by_indent(before)):
        return Scope(*found, receiver=asked)
    function = next((place for place in reader.places if place.inside), None)
    names: dict[str, str] = {}
    bases: tuple[str, ...] = ()
    for place in reader.places:
        if place.draft and place.draft.kind in ("class", "type"):
            bases = place.draft.bases
    owner = reader.owner
    if owner:
        names |= dict.fromkeys(_SELF.get(language, ("this",)), owner)
    grammar = grammar_of(language)
    within = function.node if function and function.node else root
    if grammar.names:
        given = captures(within, language, grammar.locals)
        for node in sorted(given, key=lambda one: one.start_byte):
            for name, held in grammar.names(node, reader):
                if name != _PLACEHOLDER:
                    names[name] = held or names.get(name, "")
    name = function.name if function and not function.name.endswith(_PLACEHOLDER) else ""
    return Scope(owner, bases, name, names, asked)


def _window(before: str, language: str) -> str:
    """Return the end of a text from the head of what the cursor is in, after the heads of what that is in."""
    if len(before) <= BEFORE_CHARACTERS:
        return before
    start = before.find("\n", len(before) - BEFORE_CHARACTERS) + 1
    if start == 0:  # one long line
        return before[-BEFORE_CHARACTERS:]
    line = before.rfind("\n") + 1
    heads = _heads(before, line, len(_indent(before[line:])) + bool(_CLOSES.match(before[line:].lstrip())))
    far = [head for head in heads if head[0] < start]
    near = heads[len(far)][0] if len(far) < len(heads) else None
    above = "".join(before[first:last] for first, last in far)
    if near is not None:
        return above + before[near:]
    return above + _opened(before, start, language) + before[start:]


def _opens(line: str) -> bool:
    return bool(_OPENS.search(line)) and not _LABEL.match(line)


def _opened(text: str, at: int, language: str) -> str:
    """Return how the docstring or comment began that index `at` is in. The text begins outside of any."""
    if language == "python":
        return next((mark for mark in ('"""', "'''") if text.count(mark, 0, at) % 2), "")
    return "/*" if text.rfind("/*", 0, at) > text.rfind("*/", 0, at) else ""


def _heads(text: str, end: int, deeper: int) -> list[tuple[int, int]]:
    """Return where those lines above index `end` are that are each indented less than all that follows."""
    found: list[tuple[int, int]] = []
    wanted, last = -1, 0  # a line of this indentation that begins what the one below ends
    while end > 0 and (deeper > 0 or wanted >= 0) and len(found) < MOST_HEADS:
        start = text.rfind("\n", 0, end - 1) + 1
        line = text[start:end]
        stripped = line.strip()
        indent = len(line) - len(line.lstrip(" \t")) if stripped else 1 << 20
        if indent == wanted or (indent < deeper and (_CLOSES.match(stripped) or _opens(stripped))):
            last = last if wanted >= 0 else end
            deeper = indent
            wanted = indent if _CLOSES.match(stripped) else -1
            if wanted < 0:
                found.append((start, last))
        end = start
    return found[::-1]


def _completed(text: str, language: str, partial: str) -> str:
    """Return a text whose last statement ends and whose blocks are closed, as far as that can be told."""
    found = scan(text, language)
    line = text[text.rfind("\n") + 1 :]
    if found.kind == "string":
        text += CLOSING_MARK.get(found.delimiter, found.delimiter)
    elif found.kind == "comment":
        text += CLOSING_MARK.get(found.delimiter, "") + "\n" + _indent(line)
    if not partial or found.kind != "code":
        text += _PLACEHOLDER if found.kind != "string" else ""
    if language == "lua" and found.kind == "code":
        text += "()"  # a name alone is no statement
    at = len(found.opened)
    while (
        at and found.opened[at - 1].character in "([{" and not _is_block(found.opened[at - 1], text, language)
    ):
        at -= 1
        text += CLOSER_OF[found.opened[at].character]
    if language in _SEMICOLONS:
        text += ";"
    elif language == "python":
        if _COMPOUND.match(line) and found.kind == "code" and not text.rstrip().endswith(":"):
            text += ": pass"
        elif line.lstrip().startswith("@"):
            text += f"\n{_indent(line)}def {_PLACEHOLDER}(): pass"
    elif language == "ruby":
        indent = len(_indent(line))
        text += "\nend" * len(_heads(text, text.rfind("\n") + 1, indent))
    return text + "".join(f"\n{CLOSER_OF[b.character]}" for b in reversed(found.opened[:at])) + "\n"


def _is_block(bracket: Bracket, text: str, language: str) -> bool:
    """Tell whether an opener holds statements: a brace whose line goes on below."""
    return bracket.character == "{" and language != "python" and "\n" in text[bracket.at :]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _by_indent(before: str) -> tuple[str, tuple[str, ...], str] | None:
    """Return owner, bases and function as the heads above say that are indented less; None without any."""
    start = before.rfind("\n") + 1
    line = before[start:]
    owners: list[str] = []
    for first, last in _heads(before, start, len(_indent(line)) if line.strip() or line else 0):
        head = _HEAD.search(before, first, last)
        if head is None:
            continue
        if not head["kind"]:
            return ".".join(owners), (), ".".join([*owners, head["name"]])
        owners.append(head["name"])
    return (".".join(owners), (), "") if owners else None
