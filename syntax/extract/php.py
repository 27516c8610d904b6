"""PHP: classes of every kind with members, functions, constants, namespaces, what is used and required."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import SIGNATURE_LINES, STUB_LINES
from syntax.extract.walk import Grammar, Reader

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
[(namespace_definition) (namespace_use_declaration) (class_declaration) (interface_declaration)] @d
[(trait_declaration) (enum_declaration) (method_declaration) (function_definition) (const_declaration)] @d
[(property_declaration) (property_promotion_parameter) (enum_case) (use_declaration)] @d
[(require_expression) (require_once_expression) (include_expression) (include_once_expression)] @d
(assignment_expression left: (member_access_expression object: (variable_name) @o (#eq? @o "$this"))) @d
(program (expression_statement
  (function_call_expression
    function: (name) @f arguments: (arguments . (argument (_))) (#eq? @f "define")) @d))
"""
LOCALS = """
[(simple_parameter) (property_promotion_parameter) (variadic_parameter) (catch_clause)] @d
(assignment_expression left: (variable_name)) @d
(foreach_statement (variable_name) (variable_name) @d)
(foreach_statement (pair (variable_name) @d))
"""
_INCLUDES = ("require_expression", "require_once_expression", "include_expression", "include_once_expression")


def _bare(written: str) -> str:
    return written.replace("\\", ".").lstrip(".")


def _namespace(node: Node, here: Reader) -> None:
    here.package = here.package or here.text(node.child_by_field_name("name"))


def _use(node: Node, here: Reader) -> None:
    group = node.child_by_field_name("body")
    plain = [child for child in node.named_children if child.type == "namespace_name"]
    prefix = here.text(plain[0]) + "\\" if group is not None and plain else ""
    for clause in (group or node).named_children:
        if clause.type != "namespace_use_clause":
            continue
        alias = here.text(clause.child_by_field_name("alias"))
        parts = [child for child in clause.named_children if child.type in ("qualified_name", "name")]
        module, _, name = (prefix + here.text(parts[0] if parts else None)).strip("\\").rpartition("\\")
        here.take(module, name, alias or name, clause)


def _include(node: Node, here: Reader) -> None:
    text = here.text(node)
    mark = next((mark for mark in "'\"" if text.count(mark) >= 2), "")
    if mark:
        here.take(text.split(mark)[1].lstrip("/"), "*", "", node)


def _class(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    bases: list[str] = []
    for child in node.named_children:
        if child.type in ("base_clause", "class_interface_clause"):
            bases += [_bare(here.text(one)) for one in child.named_children]
    whole = node.type == "enum_declaration"
    here.define(
        here.text(named),
        "type" if whole else "class",
        node,
        bases=tuple(bases),
        body=None if whole else node.child_by_field_name("body"),
        most=STUB_LINES if whole else SIGNATURE_LINES,
        at=named,
        enter=True,
    )


def _traits(node: Node, here: Reader) -> None:
    used = [_bare(here.text(one)) for one in node.named_children if one.type in ("name", "qualified_name")]
    if here.owner:
        here.bases.setdefault(here.owner, []).extend(used)


def _function(node: Node, here: Reader) -> None:
    named, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    held = here.text(node.child_by_field_name("return_type"))
    kind = "method" if here.owner else "function"
    here.define(here.text(named), kind, node, type=held, body=body, at=named, enter=True)


def _property(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    for one in node.named_children:
        if one.type == "property_element":
            name = here.text(one.child_by_field_name("name")).lstrip("$")
            here.define(name, "attribute", node, type=held, most=1, at=one)


def _constant(node: Node, here: Reader) -> None:
    for one in node.named_children:
        if one.type == "const_element" and one.named_children:
            kind = "attribute" if here.owner else "constant"
            here.define(here.text(one.named_children[0]), kind, node, most=1)


def _defined(node: Node, here: Reader) -> None:
    given = node.child_by_field_name("arguments")
    name = here.text(given.named_children[0]).strip("'\"") if given is not None else ""
    if name.isidentifier():
        here.define(name, "constant", node, most=1)


def _member(node: Node, here: Reader) -> None:
    name = here.text(node.child_by_field_name("name")).lstrip("$")
    held = here.text(node.child_by_field_name("type"))
    here.define(
        name, "attribute", node, type=held or (here.owner if node.type == "enum_case" else ""), most=1
    )


def _assignment(node: Node, here: Reader) -> None:
    """`$this->root = …` in a method, where nothing has declared it."""
    left = node.child_by_field_name("left")
    name = here.text(left.child_by_field_name("name")) if left is not None else ""
    place = here.place
    if place and place.inside and place.owner and name and f"{place.owner}.{name}" not in here.known:
        held = _holds(node.child_by_field_name("right"), here)
        here.define(name, "attribute", node, type=held, most=1)


def _holds(value: Node | None, here: Reader) -> str:
    if value is None:
        return ""
    if value.type == "object_creation_expression" and value.named_children:
        return _bare(here.text(value.named_children[0]))
    if value.type == "function_call_expression":
        return _bare(here.text(value.child_by_field_name("function")))
    if value.type == "scoped_call_expression":
        scope = here.text(value.child_by_field_name("scope"))
        return f"{_bare(scope)}.{here.text(value.child_by_field_name('name'))}"
    place = here.place
    if value.type == "variable_name" and place and place.node is not None:
        listed = place.node.child_by_field_name("parameters")
        for one in listed.named_children if listed is not None else ():
            if here.text(one.child_by_field_name("name")) == here.text(value):
                return here.text(one.child_by_field_name("type"))
    return ""


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter, an assignment or a loop names, with the dollar."""
    named = node.child_by_field_name("name") or node.child_by_field_name("left")
    held = here.text(node.child_by_field_name("type")) or _holds(node.child_by_field_name("right"), here)
    yield here.text(named or (node if node.type == "variable_name" else None)), held


GRAMMARS = {
    "php": Grammar(
        QUERY,
        {
            "namespace_definition": _namespace,
            "namespace_use_declaration": _use,
            "class_declaration": _class,
            "interface_declaration": _class,
            "trait_declaration": _class,
            "enum_declaration": _class,
            "use_declaration": _traits,
            "method_declaration": _function,
            "function_definition": _function,
            "const_declaration": _constant,
            "property_declaration": _property,
            "property_promotion_parameter": _member,
            "enum_case": _member,
            **dict.fromkeys(_INCLUDES, _include),
            "assignment_expression": _assignment,
            "function_call_expression": _defined,
        },
        everywhere=frozenset((*_INCLUDES, "property_promotion_parameter", "assignment_expression")),
        bodies=frozenset(("class_declaration", "function_definition")),
        locals=LOCALS,
        names=names,
    )
}
