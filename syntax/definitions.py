"""What a text defines, and which names it uses: by tree-sitter where there is a grammar, by words elsewhere.

Meant for a thread: the text is handed over in small pieces and the GIL let go of at each, so that whoever
answers keystrokes meanwhile waits for one piece, not for the whole parse.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from syntax.languages import GRAMMARS

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

Kind = Literal["function", "method", "class", "type", "constant", "attribute", "module"]

STUB_LINES = 16
"""Lines of a stub: a signature and, of a class, the heads of its members."""
SIGNATURE_LINES = 8
LONGEST_LINE = 240
"""Characters of a line that a stub may hold; what is longer is data."""
LARGEST = 400_000
"""Characters of a text that is parsed; what is larger is generated, and takes a second."""
PIECE = 4096
"""Bytes handed to the parser at a time."""
SLICE = 0.001
"""Seconds of parsing until the GIL is let go of."""
NODES_A_SLICE = 200


def _kinds(names: str) -> frozenset[str]:
    """Return types of nodes, of all grammars together: where two use one name, they mean much the same."""
    return frozenset(names.split())


FUNCTIONS = _kinds(
    "function_definition function_declaration generator_function_declaration function_item "
    "function_signature_item function_signature method_definition method_declaration method_signature "
    "abstract_method_signature constructor_declaration compact_constructor_declaration "
    "preproc_function_def"
)
CLASSES = _kinds(
    "class_definition class_declaration abstract_class_declaration class_specifier trait_item "
    "interface_declaration record_declaration annotation_type_declaration"
)
TYPES = _kinds(
    "type_alias_declaration type_alias_statement enum_declaration enum_specifier enum_item struct_item "
    "struct_specifier union_specifier union_item type_item type_spec type_alias type_definition "
    "alias_declaration"
)
BODILESS = frozenset(("struct_specifier", "union_specifier", "enum_specifier", "class_specifier"))
"""In C a mention of a type; a definition only with a body."""
CONSTANTS = _kinds("const_spec var_spec const_item static_item macro_definition preproc_def")
BINDINGS = _kinds("lexical_declaration variable_declaration assignment_statement assignment declaration")
"""Statements that may name a function, or a constant, in what they assign or declare."""
FIELDS = _kinds(
    "field_definition public_field_definition property_signature field_declaration enum_constant assignment "
    "declaration constant_declaration"
)
CLOSURES = _kinds("arrow_function function_expression function_definition generator_function")
IMPL = "impl_item"
CONTAINERS = _kinds(
    "export_statement decorated_definition namespace_definition internal_module ambient_declaration mod_item "
    "declaration_list template_declaration linkage_specification expression_statement type_declaration "
    "const_declaration var_declaration var_spec_list preproc_ifdef preproc_if preproc_else preproc_elif "
    "if_statement try_statement else_clause block statement_block ERROR"
)
"""What may stand round a definition that is not inside another."""

WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Definition:
    """One definition. Lines count from 0 and `last` is still part of it."""

    name: str
    kind: Kind
    first: int
    last: int
    stub: str
    """The signature as the text has it, without its body; of a class, the heads of its members too."""
    owner: str = ""
    """Name of the class, type or table it belongs to."""

    @property
    def qualified(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


def definitions(text: str, language: str) -> tuple[Definition, ...]:
    """Return what `text` defines outside of function bodies, in its order; nothing without a grammar."""
    tree = parse(text.encode("utf-8", "replace"), language, len(text))
    if tree is None:
        return ()
    lines = text.split("\n")
    found: list[Definition] = []
    _collect(tree.root_node, lines, "", found)
    return tuple(found)


def identifiers(text: str, language: str) -> list[tuple[str, int]]:
    """Return the names `text` uses and the line of each, in its order; not those in comments and strings.

    Without a grammar these are all its words.
    """
    tree = parse(text.encode("utf-8", "replace"), language, len(text))
    if tree is None:
        lines = enumerate(text.split("\n"))
        return [(word, number) for number, line in lines for word in WORD.findall(line)]
    return [
        (node.text.decode("utf-8", "replace"), node.start_point.row)
        for node in _leaves(tree.root_node)
        if node.text and (node.type.endswith("identifier") or node.type == "name")
    ]


def parse(source: bytes, language: str, length: int) -> Tree | None:
    """Parse a whole text of `length` characters; None without a grammar and for what is too large."""
    name = GRAMMARS.get(language)
    if name is None or length > LARGEST:
        return None
    from tree_sitter_language_pack import get_parser

    parser = get_parser(name)  # type: ignore[arg-type]  # of its own: others may parse in other threads
    if len(source) <= 2 * PIECE:
        return parser.parse(source)
    paused = time.perf_counter()

    def read(offset: int, _: object) -> bytes:
        nonlocal paused
        if time.perf_counter() - paused > SLICE:
            time.sleep(0)
            paused = time.perf_counter()
        return source[offset : offset + PIECE]

    return parser.parse(read, encoding="utf8")


def _leaves(root: Node) -> Iterator[Node]:
    cursor, seen = root.walk(), 0
    while True:
        if cursor.goto_first_child():
            continue
        if cursor.node:
            yield cursor.node
        seen += 1
        if seen % NODES_A_SLICE == 0:
            time.sleep(0)
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _collect(node: Node, lines: list[str], owner: str, found: list[Definition]) -> None:
    """Append what is defined right under `node`, looking through what merely wraps a definition."""
    for child in node.named_children:
        if len(found) % 16 == 0:
            time.sleep(0)
        kind = child.type
        if kind in FUNCTIONS:
            name, own = _name(child)
            if name:
                stub = "\n".join(_signature(child, lines))
                of = own or owner
                found.append(_definition(name, "method" if of else "function", child, stub, of))
        elif kind in CLASSES or (kind in TYPES and not (kind in BODILESS and _body(child) is None)):
            name, _ = _name(child)
            if name:
                whole = kind in TYPES
                stub = _cut(lines, child, STUB_LINES) if whole else _class_stub(child, lines)
                found.append(_definition(name, "type" if whole else "class", child, "\n".join(stub), owner))
            body = _body(child)
            if body and kind in CLASSES:
                _collect(body, lines, name or owner, found)
        elif kind in CONSTANTS:
            name, _ = _name(child)
            if name:
                found.append(_definition(name, "constant", child, "\n".join(_cut(lines, child, 1)), owner))
        elif kind in BINDINGS:
            found += _bound(child, lines, owner)
        elif kind == IMPL:
            of, body = child.child_by_field_name("type"), _body(child)
            if of and body:
                _collect(body, lines, _word(of), found)
        elif kind in CONTAINERS:
            _collect(child, lines, owner, found)


def _bound(statement: Node, lines: list[str], owner: str) -> Iterator[Definition]:
    """Yield the functions and constants a statement names: `const f = () => 1`, `X = 1`."""
    if declarator := statement.child_by_field_name("declarator"):  # C: a prototype or a global
        function = _has(declarator, "function_declarator")
        name, own = _name(statement)
        if name and (function or not owner):
            stub = "\n".join(_cut(lines, statement, SIGNATURE_LINES if function else 1))
            kind: Kind = "constant" if not function else "method" if own or owner else "function"
            yield _definition(name, kind, statement, stub, own or owner)
        return
    for target, value in _assigned(statement):
        function = value is not None and value.type in CLOSURES
        imported = value is not None and (value.text or b"").startswith(b"require")
        name, own = _spelled(target)
        if not name or imported or (owner and not function) or (own and not function):
            continue
        head = _signature(value, lines, statement) if function and value else _cut(lines, statement, 1)
        kind = "constant" if not function else "method" if own or owner else "function"
        yield _definition(name, kind, statement, "\n".join(head), own or owner)


def _assigned(statement: Node) -> list[tuple[Node, Node | None]]:
    """Return the targets of a declaration or an assignment, each with its value if it has one."""
    left = statement.child_by_field_name("left")
    if left:
        return [(left, statement.child_by_field_name("right"))]
    pairs: list[tuple[Node, Node | None]] = []
    for child in statement.named_children:
        if child.type == "variable_declarator" and (name := child.child_by_field_name("name")):
            pairs.append((name, child.child_by_field_name("value")))
        elif child.type == "assignment_statement":
            pairs += _assigned(child)
    if statement.type == "assignment_statement":
        names = [c for c in statement.named_children if c.type == "variable_list"]
        values = [c for c in statement.named_children if c.type == "expression_list"]
        if names and values and names[0].named_children and values[0].named_children:
            pairs.append((names[0].named_children[0], values[0].named_children[0]))
    return pairs


def _definition(name: str, kind: Kind, node: Node, stub: str, owner: str) -> Definition:
    outer = node
    while outer.parent and outer.parent.type in ("decorated_definition", "export_statement"):
        outer = outer.parent
    return Definition(name, kind, outer.start_point.row, _last_row(node), stub, owner)


def _last_row(node: Node) -> int:
    """Return the row of a node's last character; C's #define holds its line end."""
    row, column = node.end_point
    return row if column or row == node.start_point.row else row - 1


def _class_stub(node: Node, lines: list[str]) -> list[str]:
    """Return a class's head and the heads of its members."""
    stub, body = _signature(node, lines), _body(node)
    head = node.start_point.row + len(stub) - 1
    for member in _members(body) if body else ():
        if len(stub) >= STUB_LINES:
            break
        if member.start_point.row <= head:  # all on one line
            continue
        stub += _signature(member, lines) if member.type in FUNCTIONS else _cut(lines, member, 1)
    return stub[:STUB_LINES]


def _members(body: Node) -> Iterator[Node]:
    for child in body.named_children:
        if child.type in FUNCTIONS or child.type in FIELDS:
            yield child
        elif child.type in CONTAINERS:
            yield from _members(child)


def _signature(node: Node, lines: list[str], start: Node | None = None) -> list[str]:
    """Return the lines of a definition down to where its body begins."""
    body = _body(node)
    before = body.prev_sibling if body else node.child_by_field_name("parameters")
    first, last = (start or node).start_point.row, (before or node).end_point.row
    return _lines(lines, first, min(max(first, last), first + SIGNATURE_LINES - 1))


def _cut(lines: list[str], node: Node, most: int) -> list[str]:
    first = node.start_point.row
    return _lines(lines, first, min(_last_row(node), first + most - 1))


def _lines(lines: list[str], first: int, last: int) -> list[str]:
    return [line.rstrip()[:LONGEST_LINE] for line in lines[first : last + 1]]


def _body(node: Node) -> Node | None:
    return node.child_by_field_name("body")


def _name(node: Node) -> tuple[str, str]:
    """Return a definition's name and whom it belongs to by its own words; empty where it has none."""
    if receiver := node.child_by_field_name("receiver"):  # Go: func (t *Tree) Walk()
        words = WORD.findall((receiver.text or b"").decode("utf-8", "replace").partition("[")[0])
        return _spelled(node.child_by_field_name("name"))[0], words[-1] if words else ""
    if named := node.child_by_field_name("name"):
        return _spelled(named)
    declarator = node.child_by_field_name("declarator")
    while declarator:  # C: the name stands inside of pointers, arrays and parameter lists
        inner = declarator.child_by_field_name("declarator")
        if inner is None and declarator.type.endswith("declarator") and declarator.named_children:
            inner = declarator.named_children[0]
        if inner is None:
            return _spelled(declarator)
        declarator = inner
    left = node.child_by_field_name("left")  # Python's `type X = …`
    return _spelled(left)


def _spelled(node: Node | None) -> tuple[str, str]:
    """Return the last word of a name and the one before it: `M.open` is ("open", "M")."""
    if node is None or node.type in ("object_pattern", "array_pattern", "pattern_list", "tuple_pattern"):
        return "", ""
    words = WORD.findall((node.text or b"").decode("utf-8", "replace"))
    return (words[-1] if words else ""), (words[-2] if len(words) > 1 else "")


def _word(node: Node) -> str:
    """Return a type's own name, without its parameters."""
    words = WORD.findall((node.text or b"").decode("utf-8", "replace").partition("<")[0])
    return words[-1] if words else ""


def _has(node: Node, kind: str) -> bool:
    return node.type == kind or any(_has(child, kind) for child in node.named_children)
