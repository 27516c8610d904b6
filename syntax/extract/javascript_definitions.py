"""What JavaScript and TypeScript define: classes, types, fields, functions by any name, variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import SIGNATURE_LINES, STUB_LINES, WORD
from syntax.extract.walk import DOTTED, Read, Reader, bare

if TYPE_CHECKING:
    from tree_sitter import Node

CLOSURES = frozenset(("arrow_function", "function_expression", "generator_function"))
CLASSES = frozenset(("class",))
_RENAMED = re.compile(r"[\w$]+\s*:|=[^,}\]]*")
"""What of a pattern is no name of its own: `{a: b = 1}` names b."""
MOST_KEYS = 64
"""Keys of an object that are attributes of its name; with more it is a table of data."""


def annotation(node: Node | None, here: Reader) -> str:
    return here.text(node).lstrip("-?:! \t\n").strip()


def _class(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    name = here.text(named) or "default"
    here.define(
        name,
        "class",
        node,
        bases=_bases(node, here),
        body=node.child_by_field_name("body"),
        at=named,
        enter=True,
    )


def _bases(node: Node, here: Reader) -> tuple[str, ...]:
    found: list[str] = []
    for child in node.named_children:
        if child.type in ("class_heritage", "extends_clause", "implements_clause", "extends_type_clause"):
            inner = _bases(child, here)
            found += inner or [bare(here.text(child).removeprefix("extends"))]
        elif node.type != child.type and node.type.endswith("clause") and child.type != "type_arguments":
            found.append(bare(here.text(child)))
    return tuple(base for base in found if base)


def _function(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    name = here.text(named).strip("'\"[]") or "default"
    kind = "method" if here.owner else "function"
    returns = annotation(node.child_by_field_name("return_type"), here)
    here.define(
        name, kind, node, type=returns, body=node.child_by_field_name("body"), at=named, enter=True
    )  # fmt: skip


def _type(node: Node, here: Reader) -> None:
    named, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    interface = node.type == "interface_declaration"
    plain = value is not None and value.type not in ("object_type", "intersection_type")
    here.define(
        here.text(named),
        "class" if interface else "type",
        node,
        bases=_bases(node, here),
        type=here.text(value) if plain else "",
        body=node.child_by_field_name("body") if interface else None,
        most=SIGNATURE_LINES if interface else STUB_LINES,
        at=named,
        enter=True,
    )


def _field(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name") or node.child_by_field_name("property")
    value = node.child_by_field_name("value")
    name = here.text(named).strip("'\"[]")
    if not name:
        return
    if value is not None and value.type in CLOSURES:
        returns = annotation(value.child_by_field_name("return_type"), here)
        here.define(name, "method", node, type=returns, body=value.child_by_field_name("body"), enter=True)
        return
    held = annotation(node.child_by_field_name("type"), here) or holds(value, here)
    here.define(name, "attribute", node, type=held, most=1, at=named)


def _signature(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    returns = annotation(node.child_by_field_name("return_type"), here)
    here.define(here.text(named).strip("'\"[]"), "method", node, type=returns, at=named)


def _member(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name") or node
    here.define(here.text(named), "attribute", node, most=1)


def _parameter(node: Node, here: Reader) -> None:
    """A constructor's parameter that is an attribute, too: `constructor(private readonly api: Api)`."""
    named = node.child_by_field_name("pattern")
    place = here.place
    if named is not None and place and place.inside and place.owner:
        here.define(
            here.text(named),
            "attribute",
            node,
            type=annotation(node.child_by_field_name("type"), here),
            most=1,
        )


def _module(node: Node, here: Reader) -> None:
    name = here.text(node.child_by_field_name("name")).strip("'\"")
    if node.type == "internal_module":
        here.define(name, "module", node, body=node.child_by_field_name("body"), enter=True)
    else:
        here.enter(node, here.owner)  # `declare module "x"`: what it holds goes by its own name


def _variables(node: Node, here: Reader) -> None:
    for child in node.named_children:
        named, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if named is None or named.type != "identifier":
            continue
        if value is not None and here.source.startswith(b"require(", value.start_byte):
            continue
        here.leave(child.start_byte)
        whole = node if node.named_child_count == 1 else child
        bound(here.text(named), child, value, whole, here)


def bound(name: str, declared: Node, value: Node | None, whole: Node, here: Reader, owner: str = "") -> None:
    """Add what a name is given: a function, a class, an object with members, or anything else."""
    owner = owner or here.owner
    kind = value.type if value is not None else ""
    if value is not None and kind in CLOSURES:
        returns = annotation(value.child_by_field_name("return_type"), here)
        body = value.child_by_field_name("body")
        sort = "method" if owner else "function"
        here.define(name, sort, whole, owner=owner, type=returns, body=body, enter=True)
    elif value is not None and kind in CLASSES:
        body = value.child_by_field_name("body")
        here.define(name, "class", whole, owner=owner, bases=_bases(value, here), body=body, enter=True)
    else:
        held = annotation(declared.child_by_field_name("type"), here) or holds(value, here)
        if value is not None and kind in ("as_expression", "satisfies_expression") and value.named_children:
            value = value.named_children[0]
        sort = "attribute" if owner else "constant"
        here.define(name, sort, whole, owner=owner, type=held, most=1, enter=True)
        if value is not None and value.type == "object":
            _keys(value, here)
        elif value is not None and value.type not in ("call_expression", "new_expression", "object", "array"):
            here.places[-1].inside = True


def _keys(value: Node, here: Reader) -> None:
    pairs = value.named_children
    for pair in pairs if len(pairs) <= MOST_KEYS else ():
        given = pair.child_by_field_name("value") if pair.type == "pair" else None
        if given is not None and given.type not in CLOSURES:
            name = here.text(pair.child_by_field_name("key")).strip("'\"[]")
            here.define(name, "attribute", pair, type=holds(given, here), most=1)


def holds(value: Node | None, here: Reader) -> str:
    if value is not None and value.type == "await_expression" and value.named_children:
        value = value.named_children[0]
    if value is None:
        return ""
    if value.type == "new_expression":
        return bare(here.text(value.child_by_field_name("constructor")))
    if value.type == "call_expression":
        callee = here.text(value.child_by_field_name("function"))
        return callee if DOTTED.fullmatch(callee) else ""
    if value.type in ("as_expression", "satisfies_expression") and len(value.named_children) > 1:
        return here.text(value.named_children[1])
    place = here.place
    if value.type == "identifier" and place and place.inside and place.node:
        return parameters(place.node, here).get(here.text(value), "")
    return ""


def parameters(function: Node, here: Reader) -> dict[str, str]:
    """Return a function's annotated parameters by name."""
    listed = function.child_by_field_name("parameters")
    found: dict[str, str] = {}
    for one in listed.named_children if listed else ():
        if (held := one.child_by_field_name("type")) is not None:
            found[here.text(one.child_by_field_name("pattern"))] = annotation(held, here)
    return found


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield the names that a parameter, a declaration or a loop gives, each with its type."""
    field = node.child_by_field_name
    target = field("pattern") or field("name") or field("left") or field("parameter")
    if node.type in ("function_declaration", "class_declaration"):
        yield here.text(target), annotation(field("return_type"), here)
        return
    target = target or node
    value = field("value")
    if target.type == "identifier":
        yield here.text(target), annotation(field("type"), here) or holds(value, here)
    elif target.type in ("object_pattern", "array_pattern", "rest_pattern"):
        for word in WORD.findall(_RENAMED.sub("", here.text(target))):
            yield word, ""


READS: dict[str, Read] = {
    "class_declaration": _class,
    "abstract_class_declaration": _class,
    "function_declaration": _function,
    "generator_function_declaration": _function,
    "method_definition": _function,
    "function_signature": _function,
    "method_signature": _signature,
    "abstract_method_signature": _signature,
    "interface_declaration": _type,
    "type_alias_declaration": _type,
    "enum_declaration": _type,
    "internal_module": _module,
    "module": _module,
    "field_definition": _field,
    "public_field_definition": _field,
    "property_signature": _field,
    "property_identifier": _member,
    "enum_assignment": _member,
    "required_parameter": _parameter,
    "optional_parameter": _parameter,
    "lexical_declaration": _variables,
    "variable_declaration": _variables,
}
