"""The text around a cursor as tree-sitter sees it: errors, what stands at the cursor, the block around it.

Only a few thousand characters are parsed, cut where a definition begins: a window that starts in the middle
of a string is ten times slower to parse, and its errors say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from syntax.brackets import CLOSER_OF, Bracket, Kind, Scan, scan
from syntax.languages import parser

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

BEFORE_CHARACTERS = 3000
"""What is parsed before the cursor at most; 10,000 parsed characters take about 1 ms."""
AFTER_CHARACTERS = 1200

_BLOCK = re.compile(
    r"(^|_)(block|body|suite|compound_statement|declaration_list|switch_body|match_block|statement_list)$"
)
_OPENS = re.compile(r"(?:[{(\[:]|\b(?:do|then|else))$")
_STRING = re.compile(r"string|template|heredoc|char_literal|character_literal|rune_literal")
_INSIDE_CODE = re.compile(r"interpolation|template_substitution|command_substitution")
_NO_BLOCK = (
    "pair",
    "slice",
    "type",
    "lambda",
    "dictionary",
    "typed_parameter",
    "keyword_separator",
    "label_name",
)


@dataclass(frozen=True, eq=False)
class Around:
    """A parsed window. `cursor` is the index in bytes of `before + after` where a text would go."""

    language: str
    before: str
    after: str
    cursor: int
    tree: Tree
    errors: int
    """ERROR and MISSING nodes as it stands."""
    read: Scan
    """What reading `before` has found."""


@lru_cache(maxsize=8)
def around(prefix: str, suffix: str, language: str) -> Around | None:
    """Parse what is useful of a window; None for a language without a grammar."""
    ours = parser(language)
    if ours is None:
        return None
    before, after = useful_before(prefix, language), useful_after(suffix)
    read = scan(before, language)
    tree = ours.parse(_whole(before, after, language, read))
    cursor = len(before.encode("utf-8", "replace"))
    return Around(language, before, after, cursor, tree, count_errors(tree), read)


@lru_cache(maxsize=16)
def parsed_with(place: Around, text: str) -> Tree:
    """Parse the window with `text` at the cursor."""
    ours = parser(place.language)
    assert ours is not None
    return ours.parse(_whole(place.before, text + place.after, place.language, place.read))


def _whole(before: str, after: str, language: str, read: Scan) -> bytes:
    text = before + after
    in_code = read.kind == "code"
    closers = cut_off(text, language, len(before) if in_code else 0, read.opened if in_code else ())
    return (text + closers).encode("utf-8", "replace")


@lru_cache(maxsize=64)
def error_delta(place: Around, text: str) -> int:
    """Return how many ERROR and MISSING nodes the window gets by `text` at the cursor; negative if fewer."""
    return count_errors(parsed_with(place, text)) - place.errors


def count_errors(tree: Tree) -> int:
    total, nodes = 0, [tree.root_node]
    while nodes:
        node = nodes.pop()
        if node.has_error:
            total += node.is_error or node.is_missing
            nodes.extend(node.children)
    return total


def stands_in(place: Around) -> Kind:
    """Tell what a text at the cursor becomes part of."""
    if place.cursor == 0:
        return "code"
    node: Node | None = place.tree.root_node.descendant_for_byte_range(place.cursor - 1, place.cursor)
    while node is not None and node.parent is not None:
        if node.is_error or _INSIDE_CODE.search(node.type):
            break
        if "comment" in node.type:
            source = (node.text or b"").decode("utf-8", "replace")
            return "comment" if node.end_byte > place.cursor or _line_comment_goes_on(source) else "code"
        if _STRING.search(node.type) and node.start_byte < place.cursor < node.end_byte:
            return "string"
        node = node.parent
    if node is not None and _INSIDE_CODE.search(node.type):
        return "code"
    return scan(place.before, place.language).kind if place.tree.root_node.has_error else "code"


def block_starts(place: Around) -> bool | None:
    """Tell whether a block of statements opens left of the cursor; None where the tree cannot say."""
    at = len(place.before.rstrip(" \t").encode("utf-8", "replace"))
    if at == 0:
        return False
    token = place.tree.root_node.descendant_for_byte_range(at - 1, at)
    parent = token.parent if token else None
    if token is None or parent is None or token.is_error or parent.is_error:
        return None
    if token.type == ":":
        return parent.type not in _NO_BLOCK and "type" not in parent.type and "parameter" not in parent.type
    if token.type in ("{", "then", "do", "else", "repeat", "begin", "=>"):
        return True
    return None


def body_is_empty(place: Around) -> bool | None:
    """Tell whether the block that opens left of the cursor is empty; None where the tree cannot say."""
    at = len(place.before.rstrip(" \t").encode("utf-8", "replace"))
    token = place.tree.root_node.descendant_for_byte_range(max(0, at - 1), at)
    owner = token.parent if token else None
    if owner is None or owner.is_error:
        return None
    body = owner if _BLOCK.search(owner.type) else owner.child_by_field_name("body")
    body = body or owner.child_by_field_name("consequence")
    if body is None or body.is_error:
        return None
    return all("comment" in child.type for child in body.named_children)


def block_end(place: Around, text: str) -> int | None:
    """Return how many characters of `text` belong to the block the cursor is in, its closing mark included.

    None where the text stays inside, where there is no block, and where errors make the tree a guess.
    """
    start = place.cursor + len(text) - len(text.lstrip())  # white space is one byte each
    root = parsed_with(place, text).root_node
    node: Node | None = root.descendant_for_byte_range(start, start + 1)
    while node is not None and (node.start_byte >= start or not _BLOCK.search(node.type)):
        if _BLOCK.search(node.type) and node.parent is not None and node.parent.start_byte < place.cursor:
            break  # the body's first statement is the text's
        node = node.parent
    if node is None or node.parent is None or node.is_error or node.has_error:
        return None
    inside = node.end_byte - place.cursor
    encoded = text.encode("utf-8", "replace")
    if not 0 < inside < len(encoded.rstrip()):
        return None
    return len(encoded[:inside].decode("utf-8", "replace"))


def useful_before(prefix: str, language: str) -> str:
    """Return the end of `prefix` from a line where a definition can begin: one that is not indented."""
    start = max(0, len(prefix) - BEFORE_CHARACTERS)
    if start:
        start = prefix.find("\n", start) + 1 or start
    elif not prefix[:1].isspace():
        return prefix
    found = re.compile(r"^(?=[A-Za-z_@#<$/])", re.MULTILINE).search(prefix, start)
    if found and found.start() < prefix.rfind("\n"):
        return prefix[found.start() :]
    return ("if 1:\n" if language == "python" else "") + prefix[start:]


def useful_after(suffix: str) -> str:
    """Return the beginning of `suffix`, in whole lines."""
    if len(suffix) > AFTER_CHARACTERS:
        end = suffix.rfind("\n", 0, AFTER_CHARACTERS)
        suffix = suffix[:end] if end >= 0 else suffix[:AFTER_CHARACTERS]
    while (end := suffix.rstrip().rfind("\n")) > 0 and _OPENS.search(suffix[end:].rstrip()):
        suffix = suffix[:end]  # what this line opens has been cut off
    return suffix


def cut_off(text: str, language: str, start: int = 0, before: tuple[Bracket, ...] = ()) -> str:
    """Return the closing brackets that the end of a window has cut off; `start` and `before` as in `scan`.

    A bracket is cut off, not missing, where every line after it is indented deeper than its own.
    """
    filled = text.rstrip()
    last = filled[filled.rfind("\n") + 1 :]
    if not last[:1].isspace():
        return ""
    opened = [b for b in scan(filled, language, start, before).opened if b.character != "repeat"]
    return "".join(
        f"\n{b.indent}{CLOSER_OF[b.character]}" for b in reversed(opened) if stays_inside(filled, b)
    )


def stays_inside(text: str, opener: Bracket) -> bool:
    """Tell whether every line after a bracket is indented deeper than the bracket's."""
    line_end = text.find("\n", opener.at)
    if line_end < 0:
        return False
    least = len(opener.indent)
    return not re.compile(rf"\n[ \t]{{0,{least}}}(?![ \t\n])").search(text, line_end)


def _line_comment_goes_on(source: str) -> bool:
    return "\n" not in source and not source.endswith(("*/", "]]"))
