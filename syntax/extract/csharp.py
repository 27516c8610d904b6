"""C#: types of every kind with their members, namespaces, usings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import STUB_LINES
from syntax.extract.walk import DOTTED, Grammar, Reader, bare

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
[(namespace_declaration) (file_scoped_namespace_declaration) (using_directive)] @d
[(class_declaration) (struct_declaration) (interface_declaration) (record_declaration)] @d
[(enum_declaration) (delegate_declaration) (enum_member_declaration) (property_declaration)] @d
[(method_declaration) (constructor_declaration) (operator_declaration) (indexer_declaration)] @d
[(field_declaration) (event_field_declaration) (event_declaration)] @d
(record_declaration (parameter_list (parameter) @d))
"""
LOCALS = """
[(parameter) (local_declaration_statement) (foreach_statement) (catch_declaration)] @d
[(declaration_pattern) (declaration_expression) (using_statement)] @d
"""


def _namespace(node: Node, here: Reader) -> None:
    """The first namespace of a file is its package; what it holds belongs to no owner."""
    name = here.text(node.child_by_field_name("name"))
    here.package = here.package or name


def _using(node: Node, here: Reader) -> None:
    alias = node.child_by_field_name("name")
    targets = [child for child in node.named_children if child != alias]
    path = here.text(targets[-1]) if targets else ""
    if not path:
        return
    if alias is not None:
        module, _, name = path.rpartition(".")
        here.take(module, name, here.text(alias), node)
    else:
        here.take(path, "*", "", node)


def _type(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    bases: list[str] = []
    for child in node.named_children:
        if child.type == "base_list":
            bases += [bare(here.text(one)) for one in child.named_children]
    whole = node.type in ("enum_declaration", "delegate_declaration")
    here.define(
        here.text(named),
        "type" if whole else "class",
        node,
        bases=tuple(base for base in bases if base),
        type=here.text(node.child_by_field_name("type")),
        body=None if whole else node.child_by_field_name("body"),
        most=STUB_LINES if whole else 8,
        at=named,
        enter=True,
    )


def _method(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name") or node.child_by_field_name("operator")
    held = here.text(node.child_by_field_name("returns") or node.child_by_field_name("type"))
    if named is not None:
        body = node.child_by_field_name("body")
        here.define(here.text(named), "method", node, type=held, body=body, at=named, enter=True)


def _property(node: Node, here: Reader) -> None:
    named, held = node.child_by_field_name("name"), here.text(node.child_by_field_name("type"))
    name = here.text(named) or "this"
    here.define(name, "attribute", node, type=held, most=1, at=named)
    here.skip(node)  # accessors


def _field(node: Node, here: Reader) -> None:
    for declared in node.named_children:
        if declared.type == "variable_declaration":
            held = here.text(declared.child_by_field_name("type"))
            for one in declared.named_children:
                if (
                    named := one.child_by_field_name("name")
                ) is not None and one.type == "variable_declarator":
                    here.define(here.text(named), "attribute", node, type=held, most=1, at=named)


def _member(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    here.define(here.text(node.child_by_field_name("name")), "attribute", node, type=held, most=1)


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter or a declaration names, `var` by what makes it."""
    declared = [child for child in node.named_children if child.type == "variable_declaration"]
    if declared:
        held = here.text(declared[0].child_by_field_name("type"))
        for one in declared[0].named_children:
            if one.type == "variable_declarator":
                value = one.named_children[-1] if len(one.named_children) > 1 else None
                name = here.text(one.child_by_field_name("name"))
                yield name, _holds(value, here) if held == "var" else held
        return
    named = node.child_by_field_name("name") or node.child_by_field_name("left")
    held = here.text(node.child_by_field_name("type"))
    if named is not None:
        yield here.text(named), "" if held == "var" else held


def _holds(value: Node | None, here: Reader) -> str:
    if value is not None and value.type == "await_expression" and value.named_children:
        value = value.named_children[-1]
    if value is not None and value.type == "object_creation_expression":
        return here.text(value.child_by_field_name("type"))
    if value is not None and value.type == "invocation_expression":
        callee = here.text(value.child_by_field_name("function"))
        return callee if DOTTED.fullmatch(callee) else ""
    return ""


_CLASSES = ("class_declaration", "struct_declaration", "interface_declaration", "record_declaration")
GRAMMARS = {
    "csharp": Grammar(
        QUERY,
        {
            "namespace_declaration": _namespace,
            "file_scoped_namespace_declaration": _namespace,
            "using_directive": _using,
            **dict.fromkeys((*_CLASSES, "enum_declaration", "delegate_declaration"), _type),
            "method_declaration": _method,
            "constructor_declaration": _method,
            "operator_declaration": _method,
            "indexer_declaration": _property,
            "property_declaration": _property,
            "event_declaration": _property,
            "field_declaration": _field,
            "event_field_declaration": _field,
            "enum_member_declaration": _member,
            "parameter": _member,
        },
        locals=LOCALS,
        names=names,
    )
}
