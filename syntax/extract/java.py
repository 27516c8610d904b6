"""Java: classes of every kind with fields, methods, components and constants, imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import STUB_LINES
from syntax.extract.walk import Grammar, Reader, bare

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
[(package_declaration) (import_declaration) (class_declaration) (interface_declaration)] @d
[(enum_declaration) (record_declaration) (annotation_type_declaration) (method_declaration)] @d
[(constructor_declaration) (compact_constructor_declaration) (field_declaration) (constant_declaration)] @d
[(enum_constant) (annotation_type_element_declaration)] @d
(record_declaration parameters: (formal_parameters (formal_parameter) @d))
"""
LOCALS = """
[(formal_parameter) (spread_parameter) (local_variable_declaration) (enhanced_for_statement)] @d
[(catch_formal_parameter) (resource) (instanceof_expression)] @d
(lambda_expression parameters: (identifier) @d)
(inferred_parameters (identifier) @d)
"""
_BASES = frozenset(("superclass", "super_interfaces", "extends_interfaces"))


def _package(node: Node, here: Reader) -> None:
    here.package = here.text(node.named_children[-1]) if node.named_children else ""


def _import(node: Node, here: Reader) -> None:
    """`import static a.B.c` takes c of module a.B, as `import a.B` takes B of module a."""
    paths = [child for child in node.named_children if child.type in ("scoped_identifier", "identifier")]
    path = here.text(paths[0]) if paths else ""
    if any(child.type == "asterisk" for child in node.named_children):
        here.take(path, "*", "", node)
    elif path:
        module, _, name = path.rpartition(".")
        here.take(module, name, name, node)


def _class(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    bases: list[str] = []
    for child in node.named_children:
        if child.type in _BASES:
            listed = child.named_children
            inner = listed[0].named_children if listed and listed[0].type == "type_list" else listed
            bases += [bare(here.text(one)) for one in inner]
    whole = node.type == "enum_declaration"
    here.define(
        here.text(named),
        "type" if whole else "class",
        node,
        bases=tuple(base for base in bases if base),
        body=None if whole else node.child_by_field_name("body"),
        most=STUB_LINES if whole else 8,
        at=named,
        enter=True,
    )


def _method(node: Node, here: Reader) -> None:
    named, held = node.child_by_field_name("name"), here.text(node.child_by_field_name("type"))
    body = node.child_by_field_name("body")
    here.define(here.text(named), "method", node, type=held, body=body, at=named, enter=True)


def _field(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    for one in node.children_by_field_name("declarator"):
        named = one.child_by_field_name("name")
        here.define(here.text(named), "attribute", node, type=held, most=1, at=named)


def _member(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    if node.type == "enum_constant":
        held = here.owner.rpartition(".")[2]
    here.define(here.text(node.child_by_field_name("name")), "attribute", node, type=held, most=1)


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter or a declaration names, `var` by what makes it."""
    field = node.child_by_field_name
    held = here.text(field("type") or (node.named_children[0] if len(node.named_children) > 1 else None))
    declared = node.children_by_field_name("declarator")
    if node.type == "spread_parameter":
        declared = [child for child in node.named_children if child.type == "variable_declarator"]
        held = next((here.text(c) for c in node.named_children if "type" in c.type), "") + "[]"
    for one in declared:
        value = one.child_by_field_name("value")
        yield here.text(one.child_by_field_name("name")), _holds(value, here) if held == "var" else held
    if not declared and (named := field("name") or (node if node.type == "identifier" else None)):
        if node.type == "instanceof_expression":
            held = here.text(field("right"))
        yield here.text(named), "" if held == "var" or named is node else held


def _holds(value: Node | None, here: Reader) -> str:
    if value is None:
        return ""
    if value.type == "object_creation_expression":
        return here.text(value.child_by_field_name("type"))
    if value.type == "method_invocation":
        of = here.text(value.child_by_field_name("object"))
        name = here.text(value.child_by_field_name("name"))
        return f"{of}.{name}" if of and bare(of) == of else "" if of else name
    return ""


_CLASSES = ("class_declaration", "interface_declaration", "enum_declaration", "record_declaration")
GRAMMARS = {
    "java": Grammar(
        QUERY,
        {
            "package_declaration": _package,
            "import_declaration": _import,
            **dict.fromkeys((*_CLASSES, "annotation_type_declaration"), _class),
            "method_declaration": _method,
            "constructor_declaration": _method,
            "compact_constructor_declaration": _method,
            "annotation_type_element_declaration": _method,
            "field_declaration": _field,
            "constant_declaration": _field,
            "enum_constant": _member,
            "formal_parameter": _member,
        },
        bodies=frozenset((*_CLASSES, "method_declaration")),
        locals=LOCALS,
        names=names,
    )
}
