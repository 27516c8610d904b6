"""What one Python file says, by griffe: definitions with signatures and docstrings, and what it imports.

The file is parsed, never imported. One that does not parse is read as far as tree-sitter gets.
"""

from __future__ import annotations

import ast
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.documentation.doc import MOST_SIGNATURE, plain
from tools.documentation.files import text_of
from tools.documentation.index import Entry, Read

if TYPE_CHECKING:
    import griffe

NAME = "python 1"
"""Of this reader, in the index; another number has every file read again."""
MOST_DOC = 20_000
MOST_ENTRIES = 20_000
DEEPEST = 4
"""Classes within classes."""
_TARGET = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*$")


def read(path: Path) -> Read:
    """Read one file. Raises Unreadable."""
    text = text_of(path)
    try:
        return Read(tuple(_visited(text, path)))
    except (SyntaxError, ValueError) as error:  # also newer syntax than this Python's
        line = getattr(error, "lineno", None)
        problem = f"{path.name} does not parse" + (f" at line {line}" if line else "")
    except (RecursionError, MemoryError):
        problem = f"{path.name} is nested too deeply to be parsed"
    except Exception as error:  # a defect in a library must not lose the rest of the answer
        logging.getLogger("nearside.documentation").debug("griffe failed on %s", path, exc_info=True)
        problem = f"{path.name} cannot be read ({type(error).__name__})"
    return Read(tuple(_as_far_as_it_parses(text)), problem)


def _visited(text: str, path: Path) -> list[Entry]:
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    seen: list[tuple[str, Any]] = []

    class Seen(griffe.Extension):
        """Notes every definition: griffe itself keeps the last of a name, whatever it is."""

        def on_function_instance(self, *, func: griffe.Function, **_: Any) -> None:
            seen.append((_below(func), func))

        def on_class_instance(self, *, cls: griffe.Class, **_: Any) -> None:
            seen.append((_below(cls), cls))

        def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
            seen.append((_below(attr), attr))

    module = griffe.visit("m", path, text, extensions=griffe.load_extensions(Seen()))
    made: dict[str, Entry] = {}
    aliases = _imports(ast.parse(text))
    if module.docstring:
        made[""] = Entry("", "file", "", plain(module.docstring.value, MOST_DOC))
    for name, item in sorted(seen, key=lambda pair: RANK.get(pair[1].kind.value, 2)):
        if name.count(".") > DEEPEST or len(made) > MOST_ENTRIES:
            continue
        if name not in made and (item.kind.value != "attribute" or name not in aliases):
            made[name] = _entry(name, item)
        elif name in made and made[name].kind == "function" and item.kind.value == "function":
            made[name] = _overloaded(made[name], _entry(name, item))
    exports = [str(one) for one in module.exports or () if isinstance(one, str)]
    if exports:
        made["__all__"] = Entry("__all__", "attribute", "", "\n".join(exports))
    return [*made.values(), *(entry for name, entry in aliases.items() if name not in made)]


RANK = {"class": 0, "function": 0}
"""Of two things of one name the definition counts, and of two definitions the first."""


def _below(item: griffe.Object) -> str:
    return item.path.partition(".")[2]


def _entry(name: str, item: Any) -> Entry:
    text = plain(item.docstring.value, MOST_DOC) if item.docstring else ""
    line = item.lineno or 1
    if item.kind.value == "class":
        bases = tuple(str(base).partition("[")[0] for base in item.bases)[:16]
        heads = f"({', '.join(map(str, item.bases))})" if item.bases else ""
        return Entry(name, "class", f"class {item.name}{heads}"[:MOST_SIGNATURE], text, line, "", bases)
    if item.kind.value == "function":
        signature = str(item.signature() if callable(item.signature) else item.signature)
        marks = "async " if "async" in item.labels else ""
        labels = [mark for mark in ("classmethod", "staticmethod", "property") if mark in item.labels]
        head = "".join(f"@{label}\n" for label in labels)
        returned = _type(str(item.returns or ""))
        return Entry(name, "function", f"{head}{marks}def {signature}"[:MOST_SIGNATURE], text, line, returned)
    value, annotation = str(item.value or ""), str(item.annotation or "")
    if "property" in item.labels:
        return Entry(name, "attribute", f"{item.name}: {annotation}" if annotation else item.name, text, line,
                     _type(annotation))  # fmt: skip
    signature = item.name + (f": {annotation}" if annotation else "")
    signature += f" = {value}" if value and len(value) <= 200 else ""
    return Entry(name, "attribute", signature[:MOST_SIGNATURE], text, line, _held(annotation, value))


def _overloaded(first: Entry, other: Entry) -> Entry:
    """Return two definitions of one function as one: overloads, a setter beside its getter."""
    if first.signature.startswith("@property") or other.signature in first.signature:
        return first
    both = f"{first.signature}\n{other.signature}"
    signature = both if len(both) <= MOST_SIGNATURE else first.signature
    return Entry(first.name, "function", signature, first.text or other.text, first.line, first.target)


def _held(annotation: str, value: str) -> str:
    """Return what an attribute is of: `=name` for another name of it, else the class it is made of."""
    if _TARGET.match(value) and value not in ("None", "True", "False"):
        return "=" + value
    return _type(annotation) or (value.partition("(")[0] if value.endswith(")") and
                                 _TARGET.match(value.partition("(")[0]) else "")  # fmt: skip


def _type(annotation: str) -> str:
    """Return the class an annotation names, where it names one."""
    bare = annotation.strip("\"'").partition("[")[0].strip()
    choices = [one.strip() for one in annotation.strip("\"'").split("|") if one.strip() != "None"]
    if len(choices) == 1:
        bare = choices[0].partition("[")[0]
    return bare if _TARGET.match(bare) else ""


def _imports(tree: ast.Module) -> dict[str, Entry]:
    """Return a module's imports as aliases. Of two for one name the first comes first: what is tried before
    what is done without it, and type checkers' before others."""
    found: dict[str, Entry] = {}
    waiting: list[ast.stmt] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        line = node.lineno
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                target = alias.name if alias.asname else name
                _take(found, name, target, line)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                if alias.name == "*":
                    star = f"*{base}"
                    found.setdefault(star, Entry(star, "star", "", "", line, base))
                else:
                    name = alias.asname or alias.name
                    target = f"{base}.{alias.name}" if not base.endswith(".") else base + alias.name
                    _take(found, name, target, line)
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            inner = [*node.body, *getattr(node, "orelse", ())]
            for handler in getattr(node, "handlers", ()):
                inner += handler.body
            waiting += reversed(inner)
    return found


def _take(found: dict[str, Entry], name: str, target: str, line: int) -> None:
    known = found.get(name)
    targets = known.target.split("\n") if known else []
    if target not in targets:
        first = known.line if known else line
        found[name] = Entry(name, "alias", "", "", first, "\n".join([*targets, target]))


def _as_far_as_it_parses(text: str) -> list[Entry]:
    """Return the definitions and imports that tree-sitter finds in a file with errors."""
    from syntax.extract import facts

    found = facts(text, "python")
    lines = text.split("\n")
    made: dict[str, Entry] = {}
    for symbol in found.symbols:
        kind = {"method": "function", "function": "function", "class": "class"}.get(symbol.kind, "attribute")
        signature = symbol.stub.split("\n")[0] if kind == "class" else symbol.stub
        below = "\n".join(lines[symbol.first : min(symbol.last + 1, symbol.first + 200)])
        entry = Entry(
            symbol.qualified, kind, signature.strip().rstrip(":")[:MOST_SIGNATURE], _docstring(below),
            symbol.first + 1, "", symbol.bases,
        )  # fmt: skip
        made.setdefault(symbol.qualified, entry)
    for taken in found.imports:
        base = taken.module
        target = f"{base}.{taken.name}" if taken.name and not base.endswith(".") else base + taken.name
        if not taken.name and taken.alias == base.partition(".")[0]:
            target = taken.alias
        name, kind = (f"*{base}", "star") if taken.name == "*" else (taken.alias, "alias")
        made.setdefault(name, Entry(name, kind, "", "", taken.line + 1, base if kind == "star" else target))
    return list(made.values())


_QUOTED = re.compile(r":\s*(?:#[^\n]*)?\n\s*[rRuU]?(\"\"\"|''')(.*?)\1", re.DOTALL)


def _docstring(definition: str) -> str:
    import inspect

    found = _QUOTED.search(definition)
    between = definition[: found.start()].count("\n") if found else 99
    return plain(inspect.cleandoc(found[2]), MOST_DOC) if found and between < 12 else ""
