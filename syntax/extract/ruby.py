"""Ruby: classes and modules with what is mixed into them, methods, accessors, constants, what is required."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import WORD
from syntax.extract.walk import Grammar, Reader

if TYPE_CHECKING:
    from tree_sitter import Node

_REQUIRES = ("require", "require_relative", "load", "autoload")
_MIXES = ("include", "extend", "prepend")
_ACCESSORS = ("attr_reader", "attr_writer", "attr_accessor", "cattr_accessor", "mattr_accessor")
_DECLARES = ("class_attribute", "has_many", "has_one", "belongs_to", "scope", "define_method", "alias_method")
_CALLS = " ".join(f'"{one}"' for one in (*_REQUIRES, *_MIXES, *_ACCESSORS, *_DECLARES))
QUERY = f"""
[(class) (module) (singleton_class) (method) (singleton_method) (alias)] @d
(assignment left: [(constant) (instance_variable)]) @d
(operator_assignment left: (instance_variable)) @d
(call method: (identifier) @f (#any-of? @f {_CALLS})) @d
"""
LOCALS = """
(method_parameters (_) @d)
(block_parameters (_) @d)
(assignment left: (identifier)) @d
(exception_variable (identifier) @d)
"""


def _class(node: Node, here: Reader) -> None:
    named, above = node.child_by_field_name("name"), node.child_by_field_name("superclass")
    base = here.text(above.named_children[0]) if above is not None and above.named_children else ""
    outer, _, name = here.text(named).replace("::", ".").strip(".").rpartition(".")
    owner = f"{here.owner}.{outer}" if here.owner and outer else outer or here.owner
    plain = ".".join(WORD.findall(base.partition("(")[0]))
    kind = "module" if node.type == "module" else "class"
    body = node.child_by_field_name("body")
    here.define(name, kind, node, owner=owner, bases=(plain,) if plain else (), body=body, most=1, enter=True)


def _singleton(node: Node, here: Reader) -> None:
    here.enter(node, here.owner)


def _method(node: Node, here: Reader) -> None:
    named, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    kind = "method" if here.owner else "function"
    until = body or (node.children[-1] if node.children[-1].type == "end" else None)
    here.define(here.text(named), kind, node, body=until, enter=True)


def _alias(node: Node, here: Reader) -> None:
    name = here.text(node.child_by_field_name("name")).lstrip(":")
    here.define(name, "method" if here.owner else "function", node, most=1)


def _assignment(node: Node, here: Reader) -> None:
    left, place = node.child_by_field_name("left"), here.place
    name = here.text(left)
    held = _holds(node.child_by_field_name("right"), here)
    if name.startswith("@"):
        if place and place.owner and f"{place.owner}.{name}" not in here.known:
            here.define(name, "attribute", node, type=held, most=1)
    elif not (place and place.inside):
        here.define(name, "constant", node, type=held, most=1)


def _call(node: Node, here: Reader) -> None:
    called = here.text(node.child_by_field_name("method"))
    given = node.child_by_field_name("arguments")
    arguments = given.named_children if given is not None else []
    place = here.place
    if called in _REQUIRES:
        if arguments and "string" in arguments[-1].type:
            module = here.text(arguments[-1]).strip("'\"")
            relative = called == "require_relative" and not module.startswith(".")
            here.take(f"./{module}" if relative else module, "*", "", node)
    elif place and place.inside:
        return
    elif called in _MIXES:
        if here.owner:
            bases = [".".join(WORD.findall(here.text(one))) for one in arguments if one.type != "self"]
            here.bases.setdefault(here.owner, []).extend(bases)
    elif here.owner:
        for one in arguments if called in _ACCESSORS else arguments[:1]:
            if one.type == "simple_symbol":
                kind = "method" if called in ("define_method", "alias_method", "scope") else "attribute"
                here.define(here.text(one).lstrip(":"), kind, node, most=1)


def _holds(value: Node | None, here: Reader) -> str:
    """Return what a call makes: `Foo::Bar.new(1)` is `Foo::Bar`."""
    if value is None or value.type != "call":
        return ""
    of = here.text(value.child_by_field_name("receiver"))
    method = here.text(value.child_by_field_name("method"))
    if method == "new" and of.replace("::", "").isidentifier():
        return of
    return f"{of}.{method}" if of and of.replace("::", "").isidentifier() else "" if of else method


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter or an assignment names."""
    named = node.child_by_field_name("name") or node.child_by_field_name("left") or node
    held = _holds(node.child_by_field_name("right"), here)
    for word in WORD.findall(here.text(named)):
        yield word, held


GRAMMARS = {
    "ruby": Grammar(
        QUERY,
        {
            "class": _class,
            "module": _class,
            "singleton_class": _singleton,
            "method": _method,
            "singleton_method": _method,
            "alias": _alias,
            "assignment": _assignment,
            "operator_assignment": _assignment,
            "call": _call,
        },
        everywhere=frozenset(("assignment", "operator_assignment", "call")),
        bodies=frozenset(("class", "module", "method", "singleton_method")),
        locals=LOCALS,
        names=names,
    )
}
