"""A server's tools as tools of ours: safe names, few and bounded arguments, a line of description.

What a server says of itself is data: it is cut, and nothing in it is followed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from settings.schema import McpServer
from tools.documentation.doc import plain
from tools.toolbox import LONGEST, Argument, Found, Parameter, Tool

if TYPE_CHECKING:
    from mcp_types import Tool as Listed

MOST_TOOLS = 12
"""Of one server, unless its settings name others: a small model does not choose well among more."""
MOST_NAMED = 40
"""Of one server whose settings name them."""
MOST_ARGUMENTS = 8
MOST_CHOICES = 30
LONGEST_TEXT = 2_000
"""Characters of an argument whose schema allows more."""
LONGEST_NAME = 48
LONGEST_PURPOSE = 160
LONGEST_ABOUT = 80
KINDS: dict[str, type] = {"string": str, "integer": int, "number": int, "boolean": bool}
EXAMPLES: dict[type, str | int | bool] = {str: "text", int: 1, bool: True}
MOST_REFERENCES = 5
"""Links followed from one argument's schema."""

Call = Callable[[str, Mapping[str, Any]], Awaitable[Sequence[Found]]]
"""Calls a tool of the server by its own name."""


def offered(server: McpServer, listed: Sequence[Listed], call: Call) -> tuple[list[Tool], list[str]]:
    """Return the tools that are used, and lines about those that are not."""
    wanted = [one for one in listed if not server.tools or one.name in server.tools]
    most = MOST_NAMED if server.tools else MOST_TOOLS
    tools: dict[str, Tool] = {}
    notes = [
        f"{server.name} has no tool {name}; correct mcp.servers.{server.name}.tools."
        for name in server.tools[:MOST_NAMED]
        if name not in {one.name for one in listed}
    ]
    for one in wanted:
        if len(tools) == most:
            notes.append(
                f"Only {most} of the {len(wanted):,} tools of {server.name} are used; name those you want in "
                f"mcp.servers.{server.name}.tools."
            )
            break
        parameters, problem = _parameters(one.input_schema)
        if problem:
            name = _identifier(one.name, LONGEST_NAME)
            notes.append(f"{server.name}.{name} is not used, because {problem}.")
            continue
        name = _free(f"{server.name}.{_identifier(one.name, LONGEST_NAME)}", tools)
        purpose = (
            _line(one.description or one.title or "", LONGEST_PURPOSE) or "A tool without a description."
        )
        tools[name] = Tool(
            name, purpose, tuple(each for _, each in parameters), _run(call, one.name, parameters)
        )
    return list(tools.values()), _few(notes)


def _run(call: Call, name: str, parameters: Sequence[tuple[str, Parameter]]) -> Any:
    theirs = {one.name: original for original, one in parameters}

    async def run(**arguments: Any) -> Sequence[Found]:
        return await call(name, {theirs[key]: value for key, value in arguments.items()})

    return run


def _parameters(schema: Mapping[str, Any]) -> tuple[list[tuple[str, Parameter]], str]:
    """Return the arguments we can give, by their own names, and why that is not enough for a call."""
    properties, needed = schema.get("properties") or {}, schema.get("required") or []
    fits = isinstance(properties, Mapping) and isinstance(needed, list)
    if not fits or not all(isinstance(name, str) for name in needed):
        return [], "its schema is none"
    found: dict[str, tuple[str, Parameter]] = {}
    ordered = sorted(properties.items(), key=lambda item: item[0] not in needed)
    for original, raw in ordered:
        parameter = _parameter(original, _resolved(raw, schema), original in needed, found)
        if parameter and len(found) < MOST_ARGUMENTS:
            found[parameter.name] = (original, parameter)
        elif original in needed:
            few = f"it needs more than {MOST_ARGUMENTS} arguments"
            return [], few if parameter else f"its {_identifier(original, 40)} is no text, number or truth"
    if any(name not in properties for name in needed):
        return [], "its schema is none"
    return list(found.values()), ""


def _parameter(
    original: str, schema: Mapping[str, Any], needed: bool, taken: Mapping[str, Any]
) -> Parameter | None:
    choices = _choices(schema)
    kind = str if choices else KINDS.get(str(schema.get("type")))
    if kind is None or (choices is None):
        return None
    name = _free(_identifier(original, 40), {"tool": None, **taken})  # `tool` names the tool in a call
    about = _line(str(schema.get("description") or schema.get("title") or original), LONGEST_ABOUT)
    longest = schema.get("maxLength")
    longest = min(longest, LONGEST_TEXT) if type(longest) is int and longest > 0 else LONGEST
    example = choices[0] if choices else EXAMPLES[kind]
    return Parameter(name, kind, Argument(about or name, example, longest), needed, choices)


def _choices(schema: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the values there are, nothing where they are not counted; None for too many or other ones."""
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    short = isinstance(values, list) and len(values) <= MOST_CHOICES
    if not short or not all(
        isinstance(one, str) and one.isprintable() and len(one) <= LONGEST for one in values
    ):
        return None
    return tuple(dict.fromkeys(values))


def _resolved(schema: object, whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow links within a schema, and take what is not null of a choice; anything else is no schema."""
    for _ in range(MOST_REFERENCES):
        if not isinstance(schema, Mapping):
            break
        link, kinds = schema.get("$ref"), schema.get("type")
        others = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(link, str):
            place, _, name = link.rpartition("/")
            known = whole.get(place.removeprefix("#/")) if place in ("#/$defs", "#/definitions") else None
            schema = known.get(name) if isinstance(known, Mapping) else None
        elif isinstance(kinds, list):
            schema = {**schema, "type": next((one for one in kinds if one != "null"), None)}
        elif isinstance(others, list):
            real = [one for one in others if not isinstance(one, Mapping) or one.get("type") != "null"]
            schema = (
                {**schema, "anyOf": None, **real[0]} if len(real) == 1 and isinstance(real[0], dict) else None
            )
        else:
            return schema
    return {}


def _identifier(text: str, most: int) -> str:
    """Return a name of ASCII letters, digits, `_` and `-` that is like a text."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text[: 4 * most])[:most].strip("_") or "unnamed"


def _free(name: str, taken: Mapping[str, Any]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _line(text: str, most: int) -> str:
    line = " ".join(plain(text[: 10 * most], 10 * most).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _few(notes: list[str]) -> list[str]:
    """Return notes, the first of very many."""
    return notes if len(notes) <= 5 else [*notes[:4], f"… and {len(notes) - 4:,} more lines of this kind."]
