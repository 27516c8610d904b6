"""Kotlin: classes, objects, functions and properties, imports. Its grammar has hardly any named fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.extract.walk import Grammar, Reader, bare

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
[(package_header) (import_header) (class_declaration) (object_declaration) (companion_object)] @d
[(function_declaration) (secondary_constructor) (type_alias) (enum_entry)] @d
(source_file (property_declaration) @d)
(class_body (property_declaration) @d)
(enum_class_body (property_declaration) @d)
(primary_constructor (class_parameter (binding_pattern_kind)) @d)
"""
LOCALS = """
(function_value_parameters (parameter) @d)
(lambda_parameters (variable_declaration) @d)
(for_statement (variable_declaration) @d)
(property_declaration) @d
"""
_TYPES = frozenset(("user_type", "nullable_type", "function_type"))
_NAMES = ("type_identifier", "simple_identifier")


def _child(node: Node, *kinds: str) -> Node | None:
    return next((child for child in node.named_children if child.type in kinds), None)


def _held(node: Node, here: Reader) -> str:
    return here.text(next((child for child in node.named_children if child.type in _TYPES), None))


def _package(node: Node, here: Reader) -> None:
    here.package = here.text(_child(node, "identifier"))


def _import(node: Node, here: Reader) -> None:
    path = here.text(_child(node, "identifier"))
    if _child(node, "wildcard_import") is not None:
        here.take(path, "*", "", node)
        return
    module, _, name = path.rpartition(".")
    alias = _child(node, "import_alias")
    here.take(module, name, here.text(_child(alias, *_NAMES)) if alias is not None else name, node)


def _class(node: Node, here: Reader) -> None:
    named = _child(node, *_NAMES)
    if named is None and node.type != "companion_object":
        return
    bases: list[str] = []
    for child in node.named_children:
        if child.type == "delegation_specifier":
            bases.append(bare(here.text(child)))
    body = _child(node, "class_body", "enum_class_body")
    if node.type == "companion_object":  # what it holds goes by the name of its class
        here.enter(node, here.owner)
        return
    here.define(
        here.text(named), "class", node, bases=tuple(b for b in bases if b), body=body, at=named, enter=True
    )


def _function(node: Node, here: Reader) -> None:
    named = _child(node, "simple_identifier")
    receiver = node.child_by_field_name("receiver")
    owner = bare(here.text(receiver)) if receiver is not None else None
    after = [child for child in node.named_children if child.type in _TYPES]
    held = here.text(after[-1]) if after and after[-1] != receiver else ""
    kind = "method" if owner or here.owner else "function"
    name = here.text(named) or "constructor"
    body = _child(node, "function_body", "statements")
    here.define(name, kind, node, owner=owner, type=held, body=body, at=named, enter=True)


def _alias(node: Node, here: Reader) -> None:
    here.define(here.text(_child(node, "type_identifier")), "type", node, type=_held(node, here), most=1)


def _property(node: Node, here: Reader) -> None:
    for name, held in names(node, here):
        here.define(name, "attribute" if here.owner else "constant", node, type=held, most=1)
    here.skip(node)  # getters and lambdas


def _member(node: Node, here: Reader) -> None:
    named = _child(node, "simple_identifier")
    held = _held(node, here) or here.owner.rpartition(".")[2]
    here.define(here.text(named), "attribute", node, type=held, most=1)


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter or a property names, with its type or what makes it."""
    declared = _child(node, "variable_declaration") or node
    value = node.named_children[-1] if node.named_children else None
    held = _held(declared, here)
    if not held and value is not None and value.type == "call_expression" and value.named_children:
        held = bare(here.text(value.named_children[0]))
    if (name := here.text(_child(declared, "simple_identifier"))) != "":
        yield name, held


GRAMMARS = {
    "kotlin": Grammar(
        QUERY,
        {
            "package_header": _package,
            "import_header": _import,
            "class_declaration": _class,
            "object_declaration": _class,
            "companion_object": _class,
            "function_declaration": _function,
            "secondary_constructor": _function,
            "type_alias": _alias,
            "property_declaration": _property,
            "enum_entry": _member,
            "class_parameter": _member,
        },
        bodies=frozenset(("class_declaration", "object_declaration", "function_declaration")),
        locals=LOCALS,
        names=names,
    )
}
