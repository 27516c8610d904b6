"""Go: types with their fields and methods, functions, constants, imports by the name they go by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import STUB_LINES, WORD
from syntax.extract.walk import DOTTED, Grammar, Reader, bare

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
[(package_clause) (import_spec) (function_declaration) (method_declaration)] @d
[(type_spec) (type_alias) (const_spec) (method_elem)] @d
(source_file (var_declaration (var_spec) @d))
(source_file (var_declaration (var_spec_list (var_spec) @d)))
(struct_type (field_declaration_list (field_declaration name: (_)) @d))
"""
LOCALS = """
(parameter_declaration) @d
(variadic_parameter_declaration) @d
[(short_var_declaration) (var_spec) (range_clause)] @d
"""
_VERSION = re.compile(r"/v\d+$|\.v\d+$")


def _package(node: Node, here: Reader) -> None:
    here.package = here.text(node.named_children[0]) if node.named_children else ""


def _import(node: Node, here: Reader) -> None:
    path = here.text(node.child_by_field_name("path")).strip('"`')
    alias = here.text(node.child_by_field_name("name"))
    if alias == ".":
        here.take(path, "*", "", node)
    else:
        last = _VERSION.sub("", path).rpartition("/")[2].removeprefix("go-")
        here.take(path, "", "" if alias == "_" else alias or last, node)


def _function(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    receiver = here.text(node.child_by_field_name("receiver")).partition("[")[0]
    words = WORD.findall(receiver)
    kind = "method" if words or node.type == "method_elem" else "function"
    here.define(
        here.text(named),
        kind,
        node,
        owner=words[-1] if words else None,
        type=here.text(node.child_by_field_name("result")),
        body=node.child_by_field_name("body"),
        at=named,
        enter=node.type != "method_elem",
    )


def _type(node: Node, here: Reader) -> None:
    named, value = node.child_by_field_name("name"), node.child_by_field_name("type")
    bases: list[str] = []
    held = ""
    if value is not None and value.type in ("struct_type", "interface_type"):
        fields = value.named_children
        for one in fields[0].named_children if value.type == "struct_type" and fields else fields:
            if one.type == "field_declaration" and one.child_by_field_name("name") is None:
                bases.append(bare(here.text(one).lstrip("*")))
            elif one.type == "type_elem":
                bases.append(bare(here.text(one)))
    else:
        held = here.text(value)
    here.wrapper = node.parent if _alone(node) else None
    here.define(
        here.text(named),
        "type",
        node,
        bases=tuple(base for base in bases if base),
        type=held,
        most=STUB_LINES,
        enter=True,
    )


def _alone(node: Node) -> bool:
    return node.parent is not None and node.parent.end_byte == node.end_byte


def _values(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    names = [one for one in node.children_by_field_name("name") if one.is_named]
    value = node.child_by_field_name("value")
    values = value.named_children if value is not None else []
    here.wrapper = node.parent if _alone(node) else None
    for at, named in enumerate(names):
        given = held or (_holds(values[at], here) if at < len(values) else "")
        if (name := here.text(named)) != "_":
            here.define(name, "constant", node, type=given, most=1)


def _field(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    for named in node.children_by_field_name("name"):
        if named.is_named:
            here.define(here.text(named), "attribute", node, type=held, most=1)


def _holds(value: Node, here: Reader) -> str:
    if value.type == "unary_expression" and value.named_children:
        value = value.named_children[-1]
    if value.type == "composite_literal":
        return here.text(value.child_by_field_name("type"))
    if value.type == "call_expression":
        callee = here.text(value.child_by_field_name("function"))
        if callee == "new":
            given = value.child_by_field_name("arguments")
            return here.text(given.named_children[0]) if given and given.named_children else ""
        return callee if DOTTED.fullmatch(callee) else ""
    if value.type == "type_assertion_expression":
        return here.text(value.child_by_field_name("type"))
    return ""


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter or a declaration names; of a call's several values, the first has the callee."""
    field = node.child_by_field_name
    if (left := field("left")) is not None:
        right = field("right")
        values = right.named_children if right is not None and node.type != "range_clause" else []
        for at, target in enumerate(left.named_children):
            yield here.text(target), _holds(values[at], here) if at < len(values) else ""
        return
    held, value = here.text(field("type")), field("value")
    values = value.named_children if value is not None else []
    for at, target in enumerate(one for one in node.children_by_field_name("name") if one.is_named):
        yield here.text(target), held or (_holds(values[at], here) if at < len(values) else "")


GRAMMARS = {
    "go": Grammar(
        QUERY,
        {
            "package_clause": _package,
            "import_spec": _import,
            "function_declaration": _function,
            "method_declaration": _function,
            "method_elem": _function,
            "type_spec": _type,
            "type_alias": _type,
            "const_spec": _values,
            "var_spec": _values,
            "field_declaration": _field,
        },
        locals=LOCALS,
        names=names,
    )
}
