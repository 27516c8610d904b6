"""Rust: items of modules, traits and impls; `impl Trait for T` makes the trait a base of T.

`mod tree;` is an import of module `self::tree`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import STUB_LINES, WORD
from syntax.extract.walk import Grammar, Reader, bare

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
[(use_declaration) (mod_item) (extern_crate_declaration) (struct_item) (union_item) (enum_item)] @d
[(trait_item) (impl_item) (function_item) (function_signature_item) (const_item) (static_item)] @d
[(type_item) (associated_type) (macro_definition) (enum_variant)] @d
(struct_item body: (field_declaration_list (field_declaration) @d))
(union_item body: (field_declaration_list (field_declaration) @d))
"""
LOCALS = """
[(parameter) (let_declaration) (for_expression) (let_condition)] @d
(closure_parameters (identifier) @d)
(function_item (parameters (self_parameter) @d))
"""


def _use(node: Node, here: Reader) -> None:
    argument = node.child_by_field_name("argument")
    exported = bool(node.named_children) and node.named_children[0].type == "visibility_modifier"
    if argument is not None:
        for module, name, alias in _used(argument, "", here):
            here.take(module, name, alias, node, exported)


def _used(node: Node, path: str, here: Reader) -> Iterator[tuple[str, str, str]]:
    """Yield module, name and alias of each thing that a tree of `use` names."""
    if node.type == "use_list":
        for child in node.named_children:
            yield from _used(child, path, here)
    elif node.type == "scoped_use_list":
        own = here.text(node.child_by_field_name("path"))
        if (listed := node.child_by_field_name("list")) is not None:
            yield from _used(listed, _joined(path, own), here)
    elif node.type == "use_wildcard":
        own = here.text(node.named_children[0]) if node.named_children else ""
        yield _joined(path, own), "*", ""
    elif node.type == "use_as_clause":
        whole = here.text(node.child_by_field_name("path"))
        module, _, name = _joined(path, whole).rpartition("::")
        if whole == "self":
            module, name = path, ""
        yield module, name, here.text(node.child_by_field_name("alias"))
    elif node.type == "self":
        yield path, "", path.rpartition("::")[2]
    elif node.type in ("identifier", "scoped_identifier", "crate", "super"):
        module, _, name = _joined(path, here.text(node)).rpartition("::")
        yield (module, name, name) if module else (name, "", name)


def _joined(path: str, more: str) -> str:
    return f"{path}::{more}" if path and more else path or more


def _crate(node: Node, here: Reader) -> None:
    name = here.text(node.child_by_field_name("name"))
    here.take(name, "", here.text(node.child_by_field_name("alias")) or name, node)


def _mod(node: Node, here: Reader) -> None:
    name, body = here.text(node.child_by_field_name("name")), node.child_by_field_name("body")
    if body is None:
        exported = node.named_children[0].type == "visibility_modifier"
        here.take(f"self::{name}", "", name, node, exported)
    else:
        here.define(name, "module", node, body=body, enter=True)


def _type(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    held = here.text(node.child_by_field_name("type"))
    whole = node.type != "trait_item"
    bounds = node.child_by_field_name("bounds") if not whole else None
    bases = tuple(bare(here.text(one)) for one in bounds.named_children) if bounds is not None else ()
    here.define(
        here.text(named),
        "type" if whole else "class",
        node,
        bases=tuple(base for base in bases if base),
        type=held,
        body=None if whole else node.child_by_field_name("body"),
        most=STUB_LINES,
        at=named,
        enter=True,
    )


def _impl(node: Node, here: Reader) -> None:
    of = _last(here.text(node.child_by_field_name("type")))
    trait = here.text(node.child_by_field_name("trait"))
    owner = f"{here.owner}.{of}" if here.owner else of
    if trait and of:
        here.bases.setdefault(owner, []).append(bare(trait) if "::" not in trait else trait.partition("<")[0])
    here.enter(node, owner)


def _last(written: str) -> str:
    words = WORD.findall(written.partition("<")[0])
    return words[-1] if words else ""


def _function(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    place = here.place
    kind = (
        "method"
        if place and place.owner and not (place.draft and place.draft.kind == "module")
        else "function"
    )
    returns = here.text(node.child_by_field_name("return_type"))
    body = node.child_by_field_name("body")
    here.define(here.text(named), kind, node, type=returns, body=body, at=named, enter=True)


def _constant(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    here.define(here.text(node.child_by_field_name("name")), "constant", node, type=held, most=1)


def _member(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    here.define(here.text(node.child_by_field_name("name")), "attribute", node, type=held, most=1)


def _holds(value: Node | None, here: Reader) -> str:
    while value is not None and value.type in ("try_expression", "await_expression", "reference_expression"):
        value = value.child_by_field_name("value") or (
            value.named_children[0] if value.named_children else None
        )
    if value is None:
        return ""
    if value.type == "struct_expression":
        return here.text(value.child_by_field_name("name"))
    if value.type == "call_expression":
        callee = here.text(value.child_by_field_name("function"))
        return callee if len(callee) < 80 and all(word.isidentifier() for word in callee.split("::")) else ""
    return ""


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter, `let` or a loop names: words of a pattern that are not types."""
    pattern = node.child_by_field_name("pattern")
    if node.type == "self_parameter":
        return
    held = here.text(node.child_by_field_name("type"))
    if node.type == "let_declaration" and not held:
        held = _holds(node.child_by_field_name("value"), here)
    words = [word for word in WORD.findall(here.text(pattern or node)) if word[0].islower() or word[0] == "_"]
    words = [word for word in words if word not in ("mut", "ref", "_")]
    for word in words:
        yield word, held if len(words) == 1 else ""


GRAMMARS = {
    "rust": Grammar(
        QUERY,
        {
            "use_declaration": _use,
            "extern_crate_declaration": _crate,
            "mod_item": _mod,
            "struct_item": _type,
            "union_item": _type,
            "enum_item": _type,
            "type_item": _type,
            "associated_type": _type,
            "trait_item": _type,
            "impl_item": _impl,
            "function_item": _function,
            "function_signature_item": _function,
            "const_item": _constant,
            "static_item": _constant,
            "macro_definition": _constant,
            "enum_variant": _member,
            "field_declaration": _member,
        },
        everywhere=frozenset(("use_declaration",)),
        bodies=frozenset(
            ("function_item", "impl_item", "struct_item", "enum_item", "trait_item", "mod_item")
        ),
        locals=LOCALS,
        names=names,
    )
}
