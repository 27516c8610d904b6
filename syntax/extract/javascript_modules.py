"""What JavaScript and TypeScript take from other files and hand out, by both kinds of modules.

What a file exports under another name is an import from no module: `export default Tree` is the name `Tree`
of module "" with the alias `default`, and so is `module.exports = Tree`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syntax.extract.javascript_definitions import CLASSES, CLOSURES, bound, holds
from syntax.extract.walk import DOTTED, Read, Reader

if TYPE_CHECKING:
    from tree_sitter import Node


def _assignment(node: Node, here: Reader) -> None:
    """`exports.plant = …`, `module.exports = …`, `Tree.prototype.walk = …`, `this.root = …`."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    of, named = left.child_by_field_name("object"), left.child_by_field_name("property")
    owner, name = here.text(of), here.text(named)
    place = here.place
    if owner == "this":
        inside = place is not None and place.inside and place.owner
        if place and inside and f"{place.owner}.{name}" not in here.known:
            here.define(name, "attribute", node, type=holds(right, here), most=1)
        return
    if place and place.inside:
        return
    if right.type == "assignment_expression":
        _assignment(right, here)
        return
    owner = owner.removesuffix(".prototype")
    if (owner, name) == ("module", "exports"):
        _default(right, node, here)
    elif owner in ("exports", "module.exports"):
        if right.type == "identifier":
            here.take("", here.text(right), name, node, True)
        elif right.type != "call_expression" or not here.source.startswith(b"require(", right.start_byte):
            bound(name, node, right, node, here)
    elif DOTTED.fullmatch(owner) and owner not in ("window", "process.env") and name != "prototype":
        bound(name, node, right, node, here, owner)


def _default(value: Node, whole: Node, here: Reader) -> None:
    """`export default …` and `module.exports = …`."""
    if value.type == "identifier":
        here.take("", here.text(value), "default", whole, True)
    elif value.type in CLOSURES or value.type in CLASSES:
        bound(here.text(value.child_by_field_name("name")) or "default", whole, value, whole, here)
    elif value.type == "object":
        for one in value.named_children:
            key, given = one.child_by_field_name("key"), one.child_by_field_name("value")
            if one.type == "pair" and given is not None and given.type == "identifier":
                if (name := here.text(given)) != (alias := here.text(key).strip("'\"")):
                    here.take("", name, alias, one, True)
            elif one.type == "spread_element" and here.text(one).startswith("...require("):
                here.take(_module_name(one, here), "*", "", one, True)


def _pair(node: Node, here: Reader) -> None:
    value = node.child_by_field_name("value")
    name = here.text(node.child_by_field_name("key")).strip("'\"[]")
    if value is not None and DOTTED.fullmatch(name):
        bound(name, node, value, node, here)


def _module_name(node: Node, here: Reader) -> str:
    """Return the first string in what `require(…)` or `import(…)` is given."""
    text = here.text(node)
    for mark in "'\"`":
        if text.count(mark) >= 2:
            return text.split(mark)[1]
    return ""


def _import(node: Node, here: Reader) -> None:
    module = here.text(node.child_by_field_name("source")).strip("'\"`")
    clause = next((child for child in node.named_children if child.type == "import_clause"), None)
    if clause is None:
        if module:
            here.take(module, "", "", node)
        return
    for child in clause.named_children:
        if child.type == "identifier":
            here.take(module, "default", here.text(child), child)
        elif child.type == "namespace_import":
            here.take(module, "", here.text(child.named_children[0]) if child.named_children else "", child)
        else:
            _specified(child, module, here, False)


def _specified(clause: Node, module: str, here: Reader, exported: bool) -> None:
    for one in clause.named_children:
        name = here.text(one.child_by_field_name("name"))
        alias = here.text(one.child_by_field_name("alias")) or name
        if name and (module or name != alias):
            here.take(module, name, alias, one, exported)


def _export(node: Node, here: Reader) -> None:
    here.wrapper = node
    source, value = node.child_by_field_name("source"), node.child_by_field_name("value")
    module = here.text(source).strip("'\"`")
    for child in node.named_children:
        if child.type == "export_clause":
            _specified(child, module, here, True)
            return
        if child.type == "namespace_export":
            here.take(module, "", here.text(child.named_children[-1]), child, True)
            return
    if module:
        here.take(module, "*", "", node, True)
    elif value is not None:
        _default(value, node, here)
    elif here.source.startswith(b"default", node.start_byte + 7):
        named = node.child_by_field_name("declaration")
        if named is not None and (name := here.text(named.child_by_field_name("name"))):
            here.take("", name, "default", node, True)


def _call(node: Node, here: Reader) -> None:
    """`const x = require("m")`, `const {a, b: c} = await import("m")`, `require("m").y`, or for itself."""
    module, outer, name = _module_name(node, here), node.parent, ""
    if outer is not None and outer.type == "member_expression":
        name, outer = here.text(outer.child_by_field_name("property")), outer.parent
    if outer is not None and outer.type == "await_expression":
        outer = outer.parent
    target = (
        outer.child_by_field_name("name")
        if outer is not None and outer.type == "variable_declarator"
        else None
    )
    if target is None or target.type == "identifier":
        here.take(module, name, here.text(target) or name, node)
        return
    for one in target.named_children:
        key, value = one.child_by_field_name("key"), one.child_by_field_name("value")
        taken = here.text(key) if key is not None else here.text(one)
        here.take(module, taken, here.text(value) if value is not None else taken, one)


READS: dict[str, Read] = {
    "assignment_expression": _assignment,
    "pair": _pair,
    "call_expression": _call,
    "import_statement": _import,
    "export_statement": _export,
}
