"""Which functions of a text have no body yet: it is empty, or only says that it is to be written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from syntax.definitions import parse

if TYPE_CHECKING:
    from tree_sitter import Node

DEEP = 5
"""Levels between a definition's node and the one with the body: exports, decorators, declarators."""
LONGEST = 400
"""Characters of a statement that may say that something is to be written."""
UNWRITTEN = re.compile(
    r"(pass|\.\.\.|return NotImplemented|todo!\(.*|unimplemented!\(.*|TODO\(.*"
    r"|(raise|throw|panic|fatalError|error|assert)\b.*(NotImplemented|Unsupported|not.{0,3}implemented|TODO).*)"
    r"[;,]?",
    re.IGNORECASE | re.DOTALL,
)


def stubs(text: str, language: str, spans: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Return those of the definitions at `spans`, first and last line from 0, that have no body yet."""
    tree = parse(text.encode("utf-8", "replace"), language, len(text))
    if tree is None:
        return frozenset()
    lines = text.split("\n")
    found = []
    for first, last in spans:
        if last >= len(lines):
            continue
        indent = len(lines[first]) - len(lines[first].lstrip())
        node = tree.root_node.descendant_for_point_range((first, indent), (first, indent))
        while node and node.parent and _inside(node.parent, first, last):
            node = node.parent
        body = _body(node) if node else None
        if body is not None and _unwritten(body):
            found.append((first, last))
    return frozenset(found)


def _inside(node: Node, first: int, last: int) -> bool:
    return node.start_point.row >= first and node.end_point.row <= last


def _body(node: Node) -> Node | None:
    """Return the nearest body in or below a node."""
    level = [node]
    for _ in range(DEEP):
        for each in level:
            if body := each.child_by_field_name("body"):
                return body
        level = [child for each in level for child in each.named_children]
    return None


def _unwritten(body: Node) -> bool:
    statements = [node for node in body.named_children if "comment" not in node.type]
    if statements and _is_text(statements[0]):
        statements = statements[1:]  # what documents it
    if body.type not in ("block", "statement_block", "body", "body_statement") and "block" not in body.type:
        return False  # the expression of an arrow function is its body
    if len(statements) > 1:
        return False
    if not statements:
        return True
    said = (statements[0].text or b"").decode("utf-8", "replace")
    return len(said) <= LONGEST and UNWRITTEN.fullmatch(said.strip()) is not None


def _is_text(node: Node) -> bool:
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_children else node
    return inner.type == "string"
