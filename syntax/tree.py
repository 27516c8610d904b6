"""The text around a cursor as tree-sitter sees it: errors, what stands at the cursor, the block around it.

Only a few thousand characters are parsed; window.py says which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from syntax.brackets import CLOSER_OF, Kind, Scan, scan
from syntax.languages import parser
from syntax.window import conditional, cut_off, open_conditions, stays_inside, useful_after, useful_before

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_BLOCK = re.compile(
    r"(^|_)(block|body|suite|compound_statement|declaration_list|switch_body|match_block|statement_list)$"
)
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
CLOSING_MARK = {'"""': '"""', "'''": "'''", "/*": "*/", "--[[": "]]", "[[": "]]", "`": "`"}


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
    unclosed: str
    """How the string or comment began that the window ends in; empty where it ends in code."""


@lru_cache(maxsize=8)
def around(prefix: str, suffix: str, language: str) -> Around | None:
    """Parse what is useful of a window; None for a language without a grammar."""
    ours = parser(language)
    if ours is None:
        return None
    before, after = useful_before(prefix, language, suffix), useful_after(suffix)
    if language in ("c", "cpp"):
        before = conditional(before, before + after)
    read = scan(before, language)
    end = _end(before, after, language, read)
    unclosed = "" if end.kind == "code" else end.delimiter
    if unclosed == "/*" and not after.rstrip().rpartition("\n")[2].lstrip().startswith("*"):
        unclosed = ""  # it is not cut off: code follows what was begun
    tree = ours.parse(_whole(before, after, language, end, unclosed))
    cursor = len(before.encode("utf-8", "replace"))
    return Around(language, before, after, cursor, tree, count_errors(tree), read, unclosed)


@lru_cache(maxsize=16)
def parsed_with(place: Around, text: str) -> Tree:
    """Parse the window with `text` at the cursor."""
    ours = parser(place.language)
    assert ours is not None
    after = text + place.after
    end = _end(place.before, after, place.language, place.read)
    return ours.parse(_whole(place.before, after, place.language, end, place.unclosed))


def _whole(before: str, after: str, language: str, end: Scan, unclosed: str) -> bytes:
    """Return what is parsed: what the window has cut off is closed. `end` is what reading it found."""
    text = (before + after).rstrip()
    if end.kind != "code":
        text += CLOSING_MARK.get(end.delimiter, "") if end.delimiter == unclosed else ""
    text += cut_off(text, end.opened)
    if language in ("c", "cpp"):
        text += "\n#endif" * open_conditions(text)[1]
    return f"{text}\n".encode("utf-8", "replace")


def _end(before: str, after: str, language: str, read: Scan) -> Scan:
    after = after.rstrip()
    if read.kind == "code":
        return scan(before + after, language, len(before), read.opened)
    return scan(before + after, language)


@lru_cache(maxsize=64)
def error_delta(place: Around, text: str) -> int:
    """Return how many ERROR and MISSING nodes the window gets by `text` at the cursor; negative if fewer."""
    return count_errors(parsed_with(place, text)) - place.errors


@lru_cache(maxsize=8)
def understood(place: Around) -> bool:
    """Tell whether what stands above the cursor's line parses, with what it leaves open closed.

    It may not, though it is right: macros, dialects, a window that begins at the wrong place. What stands
    after the last blank line may be unfinished, as a decorator is.
    """
    above = place.before[: place.before.rfind("\n") + 1].rstrip()
    return _parses(above, place.language) or _parses(above[: above.rfind("\n\n")], place.language)


def _parses(above: str, language: str) -> bool:
    """Tell whether the beginning of a file has no errors once what it leaves open is closed."""
    ours = parser(language)
    assert ours is not None
    read = scan(f"{above}\n", language)
    if read.kind != "code":
        return False
    if language == "python" and above.endswith(":"):
        line = above[above.rfind("\n") + 1 :]
        above += f"\n{line[: len(line) - len(line.lstrip())]} pass"
    above += "".join(f"\n{b.indent}{CLOSER_OF[b.character]}" for b in reversed(read.opened))
    if language in ("c", "cpp"):
        above += "\n#endif" * open_conditions(above)[1]
    return not ours.parse(f"{above}\n".encode("utf-8", "replace")).root_node.has_error


def left_open(place: Around, text: str) -> bool:
    """Tell whether a bracket of `text` stays open, as far as the window goes."""
    whole = (place.before + text + place.after).rstrip()
    start, end = len(place.before), len(place.before) + len(text)
    opened = scan(whole, place.language, start).opened
    return any(b.at < end and not stays_inside(whole, b) for b in opened)


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


def _line_comment_goes_on(source: str) -> bool:
    return "\n" not in source and not source.endswith(("*/", "]]"))
