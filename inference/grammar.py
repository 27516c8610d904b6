"""Holding an answer to a JSON schema: which schemas can be held to, and how the next token is chosen.

The likeliest token is asked about alone; the others only where it may not stand. Masking the vocabulary for
every token would cost more than a small model's decoding does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from inference.sampling import choose
from inference.types import EngineRefused

LIKELY = 64
"""Tokens asked about before all are: the best of these that may stand is the best of all."""
LONGEST = 1000
"""Most that a bound of a schema may be: each step of one is a step of the grammar."""
LARGEST = 20_000
"""Characters of a schema."""
NOTES = frozenset(("title", "description", "default", "examples", "$schema", "$id", "$comment"))
HELD = (
    frozenset(("$ref",)),
    frozenset(("oneOf",)),
    frozenset(("anyOf",)),
    frozenset(("const", "type")),
    frozenset(("enum", "type")),
    frozenset(("type", "properties", "required", "additionalProperties")),
    frozenset(("type", "items", "minItems", "maxItems")),
    frozenset(("type", "minLength", "maxLength")),
)
"""Keywords that are kept to, as far as they stand together; others would be dropped without a word."""
BOUNDS = ("minLength", "maxLength", "minItems", "maxItems")


class Grammar(Protocol):
    """How far one answer has come; what may follow is asked of it. Belongs to the engine's thread."""

    ends: np.ndarray
    """The tokens that end an answer."""

    def permitted(self, tokens: np.ndarray) -> np.ndarray:
        """Tell of each of `tokens` (ids) whether it may come next; an end where the answer may end."""
        ...

    def accept(self, token: int) -> None:
        """Go on by a token that was permitted and is no end."""
        ...

    def close(self) -> None: ...


class Held:
    """The choice of tokens under a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self.full_masks = 0
        """How often the whole vocabulary was asked about."""

    def choose(
        self, row: np.ndarray, tokens: np.ndarray, temperature: float, random: np.random.Generator
    ) -> int:
        """Return the index of the next token by its logits `row`, which belong to `tokens`.

        The result is distributed as the model says, restricted to what is permitted. Raises EngineRefused
        where nothing is.
        """
        index = choose(row, temperature, random)
        if not self._grammar.permitted(tokens[index : index + 1])[0]:
            index = self._other(row, tokens, temperature, random)
        token = int(tokens[index])
        if token not in self._grammar.ends:
            self._grammar.accept(token)
        return index

    def _other(
        self, row: np.ndarray, tokens: np.ndarray, temperature: float, random: np.random.Generator
    ) -> int:
        """Return the index of a permitted token after the likeliest was refused."""
        if temperature <= 0 and len(row) > LIKELY:
            likely = np.argpartition(row, -LIKELY)[-LIKELY:]
            # Where the answer may end and nothing likely may follow, it ends.
            asked = np.union1d(likely, np.flatnonzero(np.isin(tokens, self._grammar.ends)))
            kept = asked[self._grammar.permitted(tokens[asked])]
            if len(kept):
                return int(kept[row[kept].argmax()])
        self.full_masks += 1
        kept = np.flatnonzero(self._grammar.permitted(tokens))
        if not len(kept):
            raise EngineRefused(
                "The request was not answered: no token of the model's vocabulary continues the answer as "
                "the schema asks. Simplify the schema."
            )
        return int(kept[choose(row[kept], temperature, random)])


def checked(schema: Mapping[str, Any]) -> str:
    """Return a schema as JSON. Raises EngineRefused for one that an answer cannot be held to in full."""
    try:
        text = json.dumps(schema)
        if len(text) > LARGEST:
            raise ValueError(f"it has more than {LARGEST} characters")
        _check(schema, "the schema", top=True)
    except (ValueError, TypeError, RecursionError) as error:
        raise not_held(str(error) or "it is nested too deeply") from None
    return text


def not_held(why: str) -> EngineRefused:
    return EngineRefused(
        f"The request was not answered: an answer cannot be held to its JSON schema: {why}. "
        "Change the schema, or ask without one."
    )


def _check(schema: Any, place: str, *, top: bool = False) -> None:
    if not isinstance(schema, Mapping):
        raise ValueError(f"{place} is no object")
    asked = schema.keys() - NOTES
    if top:
        asked -= {"$defs", "definitions"}
    if not asked:
        raise ValueError(f"{place} asks for nothing")
    if not any(asked <= group for group in HELD):
        raise ValueError(f"{place} has {', '.join(sorted(map(repr, asked)))}, not supported together")
    if "type" not in asked and not asked & {"$ref", "oneOf", "anyOf", "const", "enum", "properties"}:
        raise ValueError(f"{place} has no 'type'")
    for name in BOUNDS:
        bound = schema.get(name, 0)
        if isinstance(bound, bool) or not isinstance(bound, int) or not 0 <= bound <= LONGEST:
            raise ValueError(f"{name!r} of {place} is no whole number from 0 to {LONGEST}")
    for name in ("oneOf", "anyOf"):
        for number, inner in enumerate(_list(schema, name, place)):
            _check(inner, f"{name}[{number}] of {place}")
    _list(schema, "enum", place)
    if missing := [name for name in schema.get("required", ()) if name not in schema.get("properties", ())]:
        raise ValueError(f"{place} requires {missing[0]!r} and does not describe it")
    for group in ("properties", "$defs", "definitions"):
        for name, inner in schema.get(group, {}).items():
            _check(inner, f"{name!r} of {place}")
    if "items" in schema:
        _check(schema["items"], f"'items' of {place}")
    if not isinstance(more := schema.get("additionalProperties", False), bool):
        _check(more, f"'additionalProperties' of {place}")


def _list(schema: Mapping[str, Any], name: str, place: str) -> list[Any]:
    value = schema.get(name)
    if name in schema and not (isinstance(value, list) and value):
        raise ValueError(f"{name!r} of {place} is no list of values")
    return value or []
