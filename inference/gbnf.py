"""JSON schemas as grammars in llama.cpp's notation (GBNF), or a refusal: nothing of a schema is dropped.

llama-cpp-python's own converter leaves backslashes of constants unescaped, lets line breaks into strings and
ignores keywords that it does not know; so this one is ours, for the few keywords that are needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from inference.types import EngineRefused

LONGEST = 1000
"""Most that a bound of a schema may be: each step of one is a step of the grammar."""
LARGEST = 20_000
"""Characters of a schema."""
NOTES = frozenset(("title", "description", "default", "examples", "$schema", "$id", "$comment"))
DEFINITIONS = ("$defs", "definitions")
FORMS = (
    frozenset(("$ref",)),
    frozenset(("oneOf",)),
    frozenset(("anyOf",)),
    frozenset(("const", "type")),
    frozenset(("enum", "type")),
    frozenset(("type", "properties", "required", "additionalProperties")),
    frozenset(("type", "items", "minItems", "maxItems")),
    frozenset(("type", "minLength", "maxLength")),
)
"""Keywords that are kept to, as far as they stand together."""
PLAIN: Mapping[str, str] = {
    "space": '" "?',
    "character": r'[ !#-\x5B\x5D-~\u0080-\uD7FF\uE000-\U0010FFFF] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})',
    "string": r'"\"" character* "\""',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "value": "object | array | string | number | boolean | null",
    "pair": 'string ":" space value',
    "object": '"{" (pair ("," space pair)*)? "}"',
    "array": '"[" (value ("," space value)*)? "]"',
}
"""JSON (RFC 8259), with one blank at most where blanks may be: endless ones would end no answer."""
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "null": (type(None),), "object": (dict,), "array": (list,),
}  # fmt: skip


def gbnf(schema: Mapping[str, Any]) -> str:
    """Return a schema as a grammar whose first rule is `root`.

    Objects have no other properties than those named, also where the schema would take more. Raises
    EngineRefused for a schema that an answer could not be held to in full.
    """
    try:
        if len(json.dumps(schema)) > LARGEST:
            raise ValueError(f"it has more than {LARGEST} characters")
        rules = _Rules(schema).written()
        rules.encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise not_held(" ".join(str(error).split()) or "it is nested too deeply") from None
    return rules


def not_held(why: str) -> EngineRefused:
    return EngineRefused(
        f"The request was not answered: an answer cannot be held to its JSON schema: {why}. "
        "Change the schema, or ask without one."
    )


class _Rules:
    """The rules of one schema; each that is made has a number for its name."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._made: list[str] = []
        self._references: dict[str, str] = {}

    def written(self) -> str:
        root = self._of(self._schema, "the schema", top=True)
        made = [f"r{number} ::= {rule}" for number, rule in enumerate(self._made)]
        return "\n".join([f"root ::= {root}", *made, *(f"{name} ::= {rule}" for name, rule in PLAIN.items())])

    def _rule(self, rule: str) -> str:
        self._made.append(rule)
        return f"r{len(self._made) - 1}"

    def _of(self, schema: Any, place: str, *, top: bool = False) -> str:
        """Return the name of the rule for a schema."""
        if not isinstance(schema, Mapping):
            raise ValueError(f"{place} is no object")
        asked = schema.keys() - NOTES - (set(DEFINITIONS) if top else set())
        if not asked:
            raise ValueError(f"{place} asks for nothing")
        if not any(asked <= form for form in FORMS):
            named = ", ".join(sorted(map(repr, asked)))
            raise ValueError(f"{place} has {named}, not supported together")
        if "$ref" in asked:
            return self._referred(schema["$ref"], place)
        for key in ("oneOf", "anyOf"):
            if key in asked:
                parts = [self._of(one, f"a part of {place}") for one in _list(schema, key, place)]
                return self._rule(" | ".join(parts))
        if "const" in asked or "enum" in asked:
            values = _list(schema, "enum", place) if "enum" in asked else [schema["const"]]
            return self._rule(" | ".join(_constant(value, schema.get("type"), place) for value in values))
        if "properties" in asked or "additionalProperties" in asked:
            return self._object(schema, place)
        match schema.get("type"):
            case "string" if asked > {"type"}:
                return self._rule(rf'"\"" character{_repeated(schema, "Length", place)} "\""')
            case "array" if asked > {"type"}:
                return self._array(schema, place)
            case str(kind) if kind in TYPES and asked == {"type"}:
                return kind
        raise ValueError(f"{place} has no 'type' that its other keywords are about")

    def _referred(self, reference: object, place: str) -> str:
        """Return the rule of a definition, which may hold itself."""
        name = str(reference)
        if name not in self._references:
            keys = name.removeprefix("#").split("/")[1:]
            target: Any = self._schema
            if not name.startswith("#") or (keys and keys[0] not in DEFINITIONS):
                raise ValueError(f"{place} refers to {name}, and only its own '$defs' are read")
            for key in keys:
                target = target.get(key.replace("~1", "/").replace("~0", "~")) if _is_object(target) else None
            if target is None:
                raise ValueError(f"{place} refers to {name}, which is not there")
            self._references[name] = own = self._rule("")
            self._made[int(own[1:])] = self._of(target, name, top=not keys)
        return self._references[name]

    def _object(self, schema: Mapping[str, Any], place: str) -> str:
        if schema.get("type", "object") != "object":
            raise ValueError(f"{place} has properties and is no object")
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not _is_object(properties) or not isinstance(required, list):
            raise ValueError(f"'properties' or 'required' of {place} are not what they must be")
        if missing := [name for name in required if name not in properties]:
            raise ValueError(f"{place} requires {missing[0]!r} and does not describe it")
        pairs = {
            name: self._rule(f'{_literal(_dumped(name))} ":" space {self._of(one, f"{name!r} of {place}")}')
            for name, one in properties.items()
        }
        more = schema.get("additionalProperties", False)
        if more not in (True, False):
            value = self._of(more, f"'additionalProperties' of {place}")
            more = self._rule(f'string ":" space {value}')
        if not pairs:
            one = "pair" if more is True else more
            return self._rule(f'"{{" ({one} ("," space {one})*)? "}}"' if one else '"{" "}"')
        needed = [pairs[name] for name in properties if name in required]
        others = [pairs[name] for name in properties if name not in required]
        if needed:
            after = "".join(f' ("," space {pair})?' for pair in others)
            return self._rule('"{" ' + ' "," space '.join(needed) + after + ' "}"')
        begins, rest = [], ""
        for pair in reversed(others):  # each may come first; those after it follow or not
            begins.append(f"{pair} {rest}".strip())
            rest = self._rule(f'("," space {pair})? {rest}'.strip())
        return self._rule(f'"{{" ({" | ".join(reversed(begins))})? "}}"')

    def _array(self, schema: Mapping[str, Any], place: str) -> str:
        low, high = _bounds(schema, "Items", place)
        one = self._of(schema["items"], f"'items' of {place}") if "items" in schema else "value"
        if high == 0:
            return self._rule('"[" "]"')
        least, most = max(0, low - 1), "" if high is None else high - 1
        rest = f'{one} ("," space {one}){{{least},{most}}}'
        return self._rule(f'"[" {rest} "]"' if low else f'"[" ({rest})? "]"')


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _bounds(schema: Mapping[str, Any], what: str, place: str) -> tuple[int, int | None]:
    low, high = schema.get(f"min{what}", 0), schema.get(f"max{what}")
    for bound in (low, 0 if high is None else high):
        if isinstance(bound, bool) or not isinstance(bound, int) or not 0 <= bound <= LONGEST:
            raise ValueError(f"a bound of {place} is no whole number from 0 to {LONGEST}")
    if high is not None and low > high:
        raise ValueError(f"the bounds of {place} leave nothing")
    return low, high


def _repeated(schema: Mapping[str, Any], what: str, place: str) -> str:
    low, high = _bounds(schema, what, place)
    return f"{{{low},{'' if high is None else high}}}"


def _list(schema: Mapping[str, Any], name: str, place: str) -> list[Any]:
    value = schema[name]
    if not isinstance(value, list) or not value:
        raise ValueError(f"{name!r} of {place} is no list of values")
    return value


def _constant(value: object, kind: object, place: str) -> str:
    if kind is not None and (
        type(value) not in TYPES.get(str(kind), ()) or (isinstance(value, bool) and kind != "boolean")
    ):
        raise ValueError(f"{place} has a value that is no {kind}")
    return _literal(_dumped(value))


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _literal(text: str) -> str:
    """Return a text as the grammar writes one. JSON has no control characters left to be escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
