"""C and C++: functions, types with their members, globals, macros, what is included.

An `#include` takes everything of a file. C++ namespaces own nothing: the first of a file is its package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from syntax.definitions import SIGNATURE_LINES, STUB_LINES, WORD
from syntax.extract.walk import DOTTED, Grammar, Read, Reader, bare

if TYPE_CHECKING:
    from tree_sitter import Node

C = """
[(function_definition) (type_definition) (field_declaration) (enumerator)] @d
[(preproc_def) (preproc_function_def) (preproc_include)] @d
(struct_specifier body: (_)) @d
(union_specifier body: (_)) @d
(enum_specifier body: (_)) @d
(translation_unit (declaration) @d)
(declaration_list (declaration) @d)
(linkage_specification (declaration) @d)
(preproc_if (declaration) @d)
(preproc_ifdef (declaration) @d)
(preproc_else (declaration) @d)
(preproc_elif (declaration) @d)
"""
CPP = """
(class_specifier body: (_)) @d
(field_declaration_list (declaration) @d)
[(namespace_definition) (alias_declaration) (using_declaration) (template_declaration)] @d
[(concept_definition) (namespace_alias_definition)] @d
(template_declaration (declaration) @d)
"""
LOCALS = "[(parameter_declaration) (declaration)] @d"
LOCALS_CPP = "[(for_range_loop) (optional_parameter_declaration)] @d"
_GUARD = re.compile(r"_H(_|PP|XX)*$|_INCLUDED$", re.IGNORECASE)


def _declared(node: Node, here: Reader) -> Iterator[tuple[str, str, bool, Node]]:
    """Yield of each declarator its name, whose it says it is, whether it is a function, and itself."""
    for declarator in node.children_by_field_name("declarator"):
        inner, function = declarator, False
        while True:
            if inner.type == "function_declarator":
                of = inner.child_by_field_name("declarator")
                function = of is not None and of.type != "parenthesized_declarator"
            following = inner.child_by_field_name("declarator")
            if following is None and inner.type.endswith("declarator") and inner.named_children:
                following = inner.named_children[0]
            if following is None or following.end_byte <= following.start_byte:
                break
            inner = following
        written = here.text(inner)
        if "operator" in written:
            scope, _, name = written.rpartition("::")
        else:
            plain = re.sub(r"<[^<>]*>", "", written)
            scope, _, name = plain.rpartition("::")
        if name := name.strip():
            yield name, ".".join(WORD.findall(scope)), function, declarator


def _function(node: Node, here: Reader) -> None:
    held, body = here.text(node.child_by_field_name("type")), node.child_by_field_name("body")
    for name, scope, function, declarator in _declared(node, here):
        owner = scope or here.owner
        if WORD.match(name.lstrip("~")) and (function or not owner):
            kind = "method" if owner else "function"
            here.define(name, kind, node, owner=owner, type=held, body=body, at=declarator, enter=True)
            return
    here.skip(node)


def _declaration(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    for name, scope, function, declarator in _declared(node, here):
        owner = scope or here.owner
        if not WORD.match(name.lstrip("~")):
            continue
        if function:
            here.define(name, "method" if owner else "function", node, owner=owner, type=held)
        elif not scope or node.type == "field_declaration":
            kind = "attribute" if owner else "constant"
            given = _holds(declarator, here) if held == "auto" else held
            here.define(name, kind, node, owner=owner, type=given, most=1)


def _type(node: Node, here: Reader) -> None:
    named = node.child_by_field_name("name")
    name = re.sub(r"<[^<>]*>", "", here.text(named)).rpartition("::")[2]
    outer = here.place
    if not name or (outer and outer.draft and outer.draft.name == name and outer.end >= node.end_byte):
        return  # a typedef or a field has given it its name
    bases: list[str] = []
    for child in node.named_children:
        if child.type == "base_class_clause":
            for one in child.named_children:
                if one.type in ("type_identifier", "qualified_identifier", "template_type"):
                    bases.append(bare(here.text(one).replace("::", ".")))
    whole = node.type != "class_specifier"
    here.define(
        name,
        "type" if whole else "class",
        node,
        bases=tuple(base for base in bases if base),
        body=None if whole else node.child_by_field_name("body"),
        most=STUB_LINES if whole else SIGNATURE_LINES,
        at=named,
        enter=True,
    )


def _typedef(node: Node, here: Reader) -> None:
    of = node.child_by_field_name("type")
    tag = here.text(of.child_by_field_name("name")) if of is not None else ""
    body = of.child_by_field_name("body") if of is not None else None
    for name, _, _, declarator in list(_declared(node, here))[:1]:
        own = body is not None and tag in ("", name)
        held = "" if own else tag or here.text(of)
        here.define(name, "type", node, type=held, most=STUB_LINES, at=None if own else declarator, enter=own)


def _enumerator(node: Node, here: Reader) -> None:
    name = here.text(node.child_by_field_name("name"))
    here.define(name, "attribute" if here.owner else "constant", node, type=here.owner, most=1)


def _macro(node: Node, here: Reader) -> None:
    name = here.text(node.child_by_field_name("name"))
    call = node.type == "preproc_function_def"
    if call or not (_GUARD.search(name) and node.child_by_field_name("value") is None):
        here.define(name, "function" if call else "constant", node, owner="", most=1)


def _include(node: Node, here: Reader) -> None:
    here.take(here.text(node.child_by_field_name("path")).strip('<>"'), "*", "", node)


def _namespace(node: Node, here: Reader) -> None:
    here.package = here.package or here.text(node.child_by_field_name("name"))


def _using(node: Node, here: Reader) -> None:
    written = here.text(node).rstrip(";").split()
    if "namespace" in written:
        here.take(written[-1], "*", "", node)
    elif written:
        module, _, name = written[-1].rpartition("::")
        here.take(module, name, name, node)


def _alias(node: Node, here: Reader) -> None:
    held = here.text(node.child_by_field_name("type"))
    here.define(here.text(node.child_by_field_name("name")), "type", node, type=held, most=1)


def _template(node: Node, here: Reader) -> None:
    here.wrapper = node


def _holds(declarator: Node, here: Reader) -> str:
    value = declarator.child_by_field_name("value")
    if value is not None and value.type == "new_expression":
        return here.text(value.child_by_field_name("type"))
    if value is not None and value.type == "call_expression":
        callee = here.text(value.child_by_field_name("function"))
        return callee if DOTTED.fullmatch(callee.replace("::", ".").replace("->", ".")) else ""
    return ""


def names(node: Node, here: Reader) -> Iterator[tuple[str, str]]:
    """Yield what a parameter or a declaration names, `auto` by what makes it."""
    held = here.text(node.child_by_field_name("type"))
    for name, _, _, declarator in _declared(node, here):
        yield name, _holds(declarator, here) if held == "auto" else held


_READS: dict[str, Read] = {
    "function_definition": _function,
    "declaration": _declaration,
    "field_declaration": _declaration,
    "type_definition": _typedef,
    **dict.fromkeys(("struct_specifier", "union_specifier", "enum_specifier", "class_specifier"), _type),
    "enumerator": _enumerator,
    "preproc_def": _macro,
    "preproc_function_def": _macro,
    "preproc_include": _include,
    "namespace_definition": _namespace,
    "namespace_alias_definition": _namespace,
    "using_declaration": _using,
    "alias_declaration": _alias,
    "concept_definition": _alias,
    "template_declaration": _template,
}
GRAMMARS = {
    "c": Grammar(C, _READS, locals=LOCALS, names=names),
    "cpp": Grammar(C + CPP, _READS, locals=LOCALS + LOCALS_CPP, names=names),
}
