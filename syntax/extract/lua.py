"""Lua: functions by any name, tables as what they belong to, what is required."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import WORD
from syntax.extract.walk import Grammar, Reader

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
(function_declaration) @d
(chunk [(variable_declaration) (assignment_statement)] @d)
(do_statement (block [(variable_declaration) (assignment_statement)] @d))
(if_statement (block (assignment_statement) @d))
(assignment_statement (variable_list
  (dot_index_expression table: (identifier) @self (#eq? @self "self")))) @d
(function_call name: (identifier) @f (#any-of? @f "require" "dofile")) @d
"""
LOCALS = """
(parameters (identifier) @d)
[(assignment_statement) (for_generic_clause) (for_numeric_clause)] @d
"""
MOST_KEYS = 64


def _function(node: Node, here: Reader) -> None:
    _bound(here.text(node.child_by_field_name("name")), node, node, here)


def _bound(written: str, value: Node | None, whole: Node, here: Reader) -> None:
    """Add what `M.plant`, `M:walk` or `cut` is given."""
    words = WORD.findall(written)
    if not words:
        return
    *tables, name = words
    owner = ".".join(tables) or here.owner
    kind = value.type if value is not None else ""
    if value is not None and kind in ("function_definition", "function_declaration"):
        body = value.child_by_field_name("body") or value.children[-1]
        sort = "method" if owner else "function"
        here.define(name, sort, whole, owner=owner, body=body, enter=True)
        return
    sort = "attribute" if owner else "constant"
    here.define(name, sort, whole, owner=owner, type=_holds(value, here), most=1)
    if value is not None and kind == "table_constructor" and len(value.named_children) <= MOST_KEYS:
        inner = f"{owner}.{name}" if owner else name
        for one in value.named_children:
            key, given = one.child_by_field_name("name"), one.child_by_field_name("value")
            if key is not None and key.type == "identifier":
                function = given is not None and given.type == "function_definition"
                body = given.child_by_field_name("body") if given is not None and function else None
                sort = "method" if function else "attribute"
                most = 8 if function else 1
                here.define(here.text(key), sort, one, owner=inner, body=body, most=most)
    here.skip(whole)


def _assigned(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """Yield the targets of an assignment or a declaration, each with its value."""
    statement = node
    if node.type == "variable_declaration":
        inner = [child for child in node.named_children if child.type == "assignment_statement"]
        statement = inner[0] if inner else node
    listed = [child for child in statement.named_children if child.type == "variable_list"]
    given = [child for child in statement.named_children if child.type == "expression_list"]
    values = given[0].named_children if given else []
    for at, target in enumerate(listed[0].named_children if listed else ()):
        yield target, values[at] if at < len(values) else None


def _assignment(node: Node, here: Reader) -> None:
    place = here.place
    for target, value in _assigned(node):
        written = here.text(target)
        if place and place.inside:
            name = written.removeprefix("self.")
            new = place.owner and f"{place.owner}.{name}" not in here.known
            if new and written.startswith("self.") and name.isidentifier():
                here.define(name, "attribute", node, type=_holds(value, here), most=1)
            continue
        required = value is not None and here.source.startswith(b"require", value.start_byte)
        if not required and target.type in ("identifier", "dot_index_expression"):
            _bound(written, value, node, here)


def _require(node: Node, here: Reader) -> None:
    """`local x = require "a.b"`, `local y = require("c").d`, or for itself."""
    text = here.text(node.child_by_field_name("arguments"))
    module = text.strip("()'\"[] \t\n")
    outer, name = node.parent, ""
    if outer is not None and outer.type == "dot_index_expression":
        name, outer = here.text(outer.child_by_field_name("field")), outer.parent
    statement = outer.parent if outer is not None and outer.type == "expression_list" else None
    alias = ""
    for target, value in _assigned(statement) if statement is not None else ():
        if value is not None and value.start_byte <= node.start_byte < value.end_byte:
            alias = here.text(target)
    here.take(module, name, alias, node)


def _holds(value: Node | None, here: Reader) -> str:
    if value is None or value.type != "function_call":
        return ""
    callee = here.text(value.child_by_field_name("name")).replace(":", ".")
    return callee if callee.replace(".", "").isidentifier() else ""


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter, an assignment or a loop names."""
    if node.type == "identifier":
        yield here.text(node), ""
    elif node.type == "for_numeric_clause":
        yield here.text(node.child_by_field_name("name")), ""
    else:
        loop = node.type == "for_generic_clause"
        for target, value in _assigned(node):
            if target.type == "identifier":
                yield here.text(target), "" if loop else _holds(value, here)


GRAMMARS = {
    "lua": Grammar(
        QUERY,
        {
            "function_declaration": _function,
            "variable_declaration": _assignment,
            "assignment_statement": _assignment,
            "function_call": _require,
        },
        everywhere=frozenset(("assignment_statement", "function_call")),
        locals=LOCALS,
        names=names,
    )
}
