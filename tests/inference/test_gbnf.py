"""JSON schemas as grammars: what is kept to, what is refused, and that llama.cpp holds any text to them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from inference.gbnf import LARGEST, LONGEST, gbnf
from inference.grammar import Held
from inference.llama import LlamaBackend
from inference.models import resolve
from inference.types import EngineRefused
from settings.schema import Model

NAMES = [
    "tool",
    "space",
    "root",
    "string",
    "a-b",
    "a_b",
    "ünï",
    'q"x',
    "back\\slash",
    "",
    "line\nbreak",
    "r0",
]
VALUES = ['a"b', "é😀", "x\ny", "\\", "", 1, None, True, 1.5, {"a": [1, "\\n"]}]


@pytest.fixture(scope="module")
def backend() -> Iterator[LlamaBackend]:
    backend = LlamaBackend(resolve("auto"), Model())
    yield backend
    backend.close()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"const": "x"}, "b": {"type": "integer"}}, "required": ["a"]},
        {"oneOf": [{"type": "null"}, {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}]},
        {"$defs": {"n": {"type": "number"}}, "$ref": "#/$defs/n"},
        {"type": "string", "maxLength": LONGEST, "description": "a note", "title": "t"},
        {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
        {"type": "object"},
        {"type": "array", "items": {"type": "string"}, "minItems": 2},
        {"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 1},
        {"type": "array", "items": {"type": "null"}, "maxItems": 0},
        {"type": "string", "enum": ["a", "b"]},
    ],
)
def test_schemas_of_the_supported_keywords_are_taken(backend: LlamaBackend, schema: dict[str, Any]) -> None:
    backend.grammar(schema)().close()


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "integer", "minimum": 3}, "'minimum'"),
        ({"oneOf": [{"type": "null"}], "properties": {}}, "together"),
        ({"type": "object", "properties": {"a": {"type": "string", "format": "email"}}}, "'a' of .*'format'"),
        ({"type": "string", "pattern": "a+"}, "'pattern'"),
        ({"type": ["string", "null"]}, "no 'type'"),
        ({"type": "complex"}, "no 'type'"),
        ({"type": "null", "maxLength": 3}, "no 'type'"),
        ({"type": "string", "maxLength": LONGEST + 1}, "no whole number"),
        ({"type": "string", "maxLength": True}, "no whole number"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "leave nothing"),
        ({"type": "array", "items": True}, "no object"),
        ({"minLength": 1}, "no 'type'"),
        ({"oneOf": []}, "no list"),
        ({"enum": "ab"}, "no list"),
        ({"type": "integer", "enum": [1, "b"]}, "no integer"),
        ({"type": "integer", "const": True}, "no integer"),
        ({"type": "object", "properties": {}, "required": ["a"]}, "requires 'a'"),
        ({"type": "object", "properties": ["a"]}, "not what they must be"),
        ({"type": "string", "properties": {}}, "is no object"),
        ({"enum": ["x" * LARGEST]}, "characters"),
        ({"const": {1, 2}}, "JSON"),
        ({"const": float("nan")}, "JSON"),
        ({"const": "\ud800"}, "surrogates"),
        ({"description": "anything"}, "asks for nothing"),
        ({"$ref": "https://example.org/schema.json"}, "only its own"),
        ({"$ref": "#/$defs/none"}, "not there"),
        ({"$ref": "#/properties/a"}, "only its own"),
    ],
)
def test_what_would_be_dropped_without_a_word_is_refused(schema: dict[str, Any], says: str) -> None:
    with pytest.raises(EngineRefused, match=says) as told:
        gbnf(schema)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "schema", [{"$ref": "#"}, {"$defs": {"n": {"$ref": "#/$defs/n"}}, "$ref": "#/$defs/n"}]
)
def test_a_schema_that_is_nothing_but_itself_is_refused(
    backend: LlamaBackend, schema: dict[str, Any]
) -> None:
    with pytest.raises(EngineRefused):
        backend.grammar(schema)


def test_a_schema_that_holds_itself_in_python_is_refused() -> None:
    schema: dict[str, Any] = {"type": "array"}
    schema["items"] = schema
    with pytest.raises(EngineRefused):
        gbnf(schema)


def made(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """Return a schema of any shape."""
    deep = ["array", "oneOf", "object", "object"] if depth < 3 else []
    kind = chance.choice(["string", "integer", "number", "boolean", "null", "enum", "const", *deep])
    match kind:
        case "string":
            low = chance.choice([0, 0, 1, 5])
            return {"type": kind, "minLength": low, "maxLength": low + chance.choice([0, 1, 7, 30])}
        case "enum":
            return {"enum": chance.sample(VALUES, chance.randint(1, 4))}
        case "const":
            return {"const": chance.choice(VALUES)}
        case "array":
            low = chance.randint(0, 2)
            return {"type": kind, "items": made(chance, depth + 1), "minItems": low, "maxItems": low + 2}
        case "oneOf":
            return {kind: [made(chance, depth + 1) for _ in range(chance.randint(1, 3))]}
        case "object":
            names = chance.sample(NAMES, chance.randint(0, 4))
            needed = [name for name in names if chance.random() < 0.6]
            parts = {name: made(chance, depth + 1) for name in names}
            return {"type": kind, "properties": parts, "required": needed, "additionalProperties": False}
    return {"type": kind}


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Tell whether a value is what one of these schemas asks for."""
    if "oneOf" in schema:
        return any(fits(value, one) for one in schema["oneOf"])
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    match schema["type"]:
        case "string":
            return isinstance(value, str) and schema["minLength"] <= len(value) <= schema["maxLength"]
        case "array":
            low, high = schema["minItems"], schema["maxItems"]
            return (
                isinstance(value, list)
                and low <= len(value) <= high
                and all(fits(one, schema["items"]) for one in value)
            )
        case "object":
            parts = schema["properties"]
            if not isinstance(value, dict) or not set(schema["required"]) <= value.keys() <= parts.keys():
                return False
            return all(fits(one, parts[name]) for name, one in value.items())
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
    whole = (int,) if schema["type"] == "integer" else (int, float)
    return isinstance(value, whole) and not isinstance(value, bool)


def test_whatever_a_model_wants_to_write_its_answer_parses_and_fits(backend: LlamaBackend) -> None:
    every, ended = np.arange(backend.vocabulary), 0
    for seed in range(150):
        schema = made(random.Random(seed))
        grammar = backend.grammar(schema)()
        held, chance, written = Held(grammar), np.random.default_rng(seed), b""
        for step in range(400):
            row = chance.normal(0, 3, backend.vocabulary).astype(np.float32)
            row[grammar.ends] += 30 if step > 100 else 0
            token = held.choose(row, every, 0.0 if seed % 2 else 0.8, chance)
            if token in grammar.ends:
                value = json.loads(written.decode("utf-8", "replace"))
                assert fits(value, schema), (written, schema)
                ended += 1
                break
            written += backend.piece(token)
        grammar.close()
    assert ended > 140
