"""What of a text is code: for telling whether a change touched anything but comments and documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import parse

if TYPE_CHECKING:
    from tree_sitter import Node

DOCUMENTED = frozenset(("module", "class_definition", "function_definition"))
"""What has its documentation as a string that is its first statement, in Python."""


def code_of(text: str, language: str) -> tuple[str, ...] | None:
    """Return the tokens of a text without comments and docstrings; None without a grammar, or for what does
    not parse.
    """
    tree = parse(text.encode("utf-8", "replace"), language, len(text))
    if tree is None or tree.root_node.has_error:
        return None
    return tuple(_tokens(tree.root_node, language))


def errors(text: str, language: str) -> list[int]:
    """Return the lines, from 0, at which a text does not parse; none without a grammar."""
    tree = parse(text.encode("utf-8", "replace"), language, len(text))
    if tree is None or not tree.root_node.has_error:
        return []
    found: list[int] = []
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(node.start_point.row)
        elif node.has_error:
            waiting.extend(node.children)
    return sorted(found)


def comments(text: str, language: str) -> list[tuple[int, int]]:
    """Return where the comments of a text are, as offsets of characters; none without a grammar."""
    data = text.encode("utf-8", "replace")
    tree = parse(data, language, len(text))
    found: list[tuple[int, int]] = []
    waiting = [] if tree is None else [tree.root_node]
    while waiting:
        node = waiting.pop()
        if "comment" in node.type:
            found.append((node.start_byte, node.end_byte))
        else:
            waiting += node.children
    if len(data) == len(text):
        return sorted(found)
    # Bytes to characters in one pass.
    known, at, done = {0: 0}, 0, 0
    for place in sorted({place for span in found for place in span}):
        at += len(data[done:place].decode("utf-8", "replace"))
        known[place], done = at, place
    return sorted((known[start], known[end]) for start, end in found)


def _tokens(node: Node, language: str) -> Iterator[str]:
    if "comment" in node.type or node.type == "line_continuation":
        return
    if node.type == "string" or node.child_count == 0:
        # A string as a whole: what stands inside is one thing, blanks and all.
        yield (node.text or b"").decode("utf-8", "replace")
        return
    documentation = _docstring(node) if language == "python" else None
    for child in node.children:
        if child != documentation:
            yield from _tokens(child, language)


def _docstring(node: Node) -> Node | None:
    """Return the statement that documents a module, class or function, if `node` is its body."""
    if node.type != "module" and not (
        node.parent and node.parent.type in DOCUMENTED and node.type == "block"
    ):
        return None
    first = next((child for child in node.children if child.type != "comment"), None)
    return first if first and first.type == "string" else None
