"""Python: classes, functions, what classes and modules hold, attributes set in methods, imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import WORD
from syntax.extract.walk import DOTTED, Grammar, Reader

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
[(class_definition) (function_definition) (decorated_definition)] @d
[(import_statement) (import_from_statement) (type_alias_statement)] @d
(module (assignment) @d)
(class_definition body: (block (assignment) @d))
(if_statement (block (assignment) @d))
(else_clause (block (assignment) @d))
(try_statement (block (assignment) @d))
(except_clause (block (assignment) @d))
(with_statement (block (assignment) @d))
(assignment left: (attribute object: (identifier) @self (#any-of? @self "self" "cls"))) @d
(assignment left: (pattern_list (attribute object: (identifier) @self (#any-of? @self "self" "cls")))) @d
"""


_OTHERS = frozenset(("attribute", "subscript", "comment"))
"""Targets of an assignment that are no local names."""

LOCALS = """
(function_definition parameters: (parameters (_) @d))
(lambda parameters: (lambda_parameters (_) @d))
[(assignment) (for_statement) (for_in_clause) (as_pattern) (named_expression)] @d
(block [(function_definition) (class_definition)] @d)
"""


def _class(node: Node, here: Reader) -> None:
    bases = node.child_by_field_name("superclasses")
    names = []
    for child in bases.named_children if bases else ():
        if child.type == "keyword_argument" or child.type == "comment":
            continue
        if found := DOTTED.match(here.text(child)):
            names.append(found[0])
    body = node.child_by_field_name("body")
    named = node.child_by_field_name("name")
    if named:
        here.define(here.text(named), "class", node, bases=tuple(names), body=body, at=named, enter=True)


def _function(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    if named:
        returns = here.text(node.child_by_field_name("return_type"))
        body = node.child_by_field_name("body")
        kind = "method" if here.owner else "function"
        here.define(here.text(named), kind, node, body=body, type=returns, at=named, enter=True)


def _decorated(node: Node, here: Reader) -> None:
    here.wrapper = node


def _assignment(node: Node, here: Reader) -> None:
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    place = here.place
    if left is None:
        return
    if right is not None and right.type == "assignment":
        _assignment(right, here)
        while right is not None and right.type == "assignment":
            right = right.child_by_field_name("right")
    method = bool(place and place.inside)
    several = left.type in ("pattern_list", "tuple_pattern")
    for target in left.named_children if several else (left,):
        if method:
            if not place or not place.owner or target.type != "attribute":
                continue
            of = target.child_by_field_name("object")
            if here.text(of) not in ("self", "cls"):
                continue
            name = here.text(target.child_by_field_name("attribute"))
            if f"{place.owner}.{name}" in here.known:
                continue
        elif target.type == "identifier":
            name = here.text(target)
        else:
            continue
        held = here.text(node.child_by_field_name("type"))
        if not held and right is not None and not several:
            held = _holds(right, here)
        kind = "attribute" if here.owner else "constant"
        here.define(name, kind, node, type=held, most=1)


def _holds(value: Node, here: Reader) -> str:
    """Return the type a value surely has: what is called, or the annotation of the parameter it is."""
    if value.type == "await":
        value = value.named_children[0] if value.named_children else value
    if value.type == "call":
        callee = here.text(value.child_by_field_name("function"))
        return callee if DOTTED.fullmatch(callee) else ""
    place = here.place
    if value.type == "identifier" and place and place.node:
        return parameters(place.node, here).get(here.text(value), "")
    if value.type == "boolean_operator":  # x or Foo()
        for side in ("right", "left"):
            child = value.child_by_field_name(side)
            if child is not None and (held := _holds(child, here)):
                return held
    return ""


def parameters(function: Node, here: Reader) -> dict[str, str]:
    """Return a function's annotated parameters by name."""
    found: dict[str, str] = {}
    listed = function.child_by_field_name("parameters")
    for one in listed.named_children if listed else ():
        held = one.child_by_field_name("type")
        if held is None:
            continue
        named = one.child_by_field_name("name") or (one.named_children[0] if one.named_children else None)
        found[here.text(named).lstrip("*")] = here.text(held)
    return found


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield the names that a parameter, an assignment, a loop or a `with` gives, each with its type."""
    field = node.child_by_field_name
    held = here.text(field("type"))
    if node.type == "assignment":
        target, value = field("left"), field("right")
        if target is not None and target.type == "identifier":
            yield here.text(target), held or (_holds(value, here) if value else "")
            return
    elif node.type == "named_expression":
        target, value = field("name"), field("value")
        yield here.text(target), _holds(value, here) if value else ""
        return
    elif node.type in ("function_definition", "class_definition"):
        yield here.text(field("name")), here.text(field("return_type"))
        return
    elif node.type == "as_pattern":
        target, value = field("alias"), node.named_children[0] if node.named_children else None
        if target is not None and target.named_child_count == 1 and value is not None and value != target:
            caught = value.type in ("identifier", "attribute")  # `except Error as error`
            yield here.text(target), here.text(value) if caught else _holds(value, here)
            return
    elif node.type in ("for_statement", "for_in_clause"):
        target = field("left")
    else:
        target = field("name") or node
        if node.type.startswith("typed") and target == node:
            target = node.named_children[0]
    for word in WORD.findall(here.text(target)) if target is not None and target.type not in _OTHERS else ():
        yield word, held


def _alias(node: Node, here: Reader) -> None:
    left = here.text(node.child_by_field_name("left"))
    if found := DOTTED.match(left.removeprefix("type ")):
        here.define(found[0], "type", node, type=here.text(node.child_by_field_name("right")))


def _import(node: Node, here: Reader) -> None:
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            module, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            here.take(here.text(module), "", here.text(alias), node, True)
        else:
            module = here.text(child)
            here.take(module, "", module.partition(".")[0], node, True)


def _from(node: Node, here: Reader) -> None:
    module = "".join(here.text(node.child_by_field_name("module_name")).split())
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            name = here.text(child.child_by_field_name("name"))
            here.take(module, name, here.text(child.child_by_field_name("alias")), child, True)
        else:
            name = here.text(child)
            here.take(module, name, name, child, True)
    if any(child.type == "wildcard_import" for child in node.named_children):
        here.take(module, "*", "", node, True)


GRAMMARS = {
    "python": Grammar(
        QUERY,
        {
            "class_definition": _class,
            "function_definition": _function,
            "decorated_definition": _decorated,
            "assignment": _assignment,
            "type_alias_statement": _alias,
            "import_statement": _import,
            "import_from_statement": _from,
        },
        everywhere=frozenset(("assignment", "import_statement", "import_from_statement")),
        bodies=frozenset(("class_definition", "function_definition")),
        locals=LOCALS,
        names=names,
    )
}
