"""Tools for a model: plain functions, what a model is told of them, and the calls it makes.

A tool is an async function that reads and never writes. Its name, its docstring's first paragraph and its
annotations are all there is to say of it; a schema and a description are derived from these.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from inference.types import NearsideError

ANSWER = "answer"
"""The call of a model that wants no tool."""
LONGEST = 200
"""Characters of a text argument that does not say otherwise; a bound is what ends a text under a grammar."""
LARGEST_WHOLE = 10**9
DECODER = json.JSONDecoder()
_NAMES: dict[Any, str] = {str: "a text", int: "a whole number", bool: "true or false"}
OBJECT = re.compile(r"\{")
HALF = re.compile("[\ud800-\udfff]")
"""Half of a pair of surrogates, which JSON can spell and nothing else can."""
MOST_TRIED = 20
"""Opening braces of an answer at which an object is looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a tool found."""

    title: str
    """Where it is from, in a few words: a path with a line, the name of a page."""
    text: str = field(repr=False)
    path: str = ""
    """The file of the project whose text it is; empty where it is of none."""


Run = Callable[..., Awaitable[Sequence[Found]]]
"""A tool's work. Raises ToolError where there is no answer, or any other NearsideError."""


class ToolError(NearsideError):
    """A tool has no answer; the line is for the model."""


@dataclass(frozen=True, slots=True)
class Argument:
    """Stands in a parameter's annotation: `Annotated[str, Argument("what to look for", "where is tax")]`."""

    what: str
    """In a few words, for the model."""
    example: str | int | bool
    longest: int = LONGEST
    """Characters of a text."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool."""

    name: str
    kind: type
    """str, int or bool."""
    about: Argument
    needed: bool
    choices: tuple[str, ...] = ()
    """All values there are, where they are few."""

    def schema(self) -> dict[str, Any]:
        if self.choices:
            return {"enum": list(self.choices)}
        if self.kind is str:
            return {"type": "string", "maxLength": self.about.longest}
        return {"type": "integer" if self.kind is int else "boolean"}

    def problem(self, value: object) -> str:
        """Say what is wrong with a value; nothing where it is one of this parameter's."""
        if self.choices:
            return "" if value in self.choices else f"{self.name} must be one of {', '.join(self.choices)}"
        if isinstance(value, str) and self.kind is str and len(value) > self.about.longest:
            return f"{self.name} has more than {self.about.longest} characters"
        odd = (isinstance(value, str) and HALF.search(value)) or (
            isinstance(value, int) and not 0 <= value <= LARGEST_WHOLE
        )
        if type(value) is self.kind and not odd:
            return ""
        return f"{self.name} must be {_NAMES[self.kind]}"


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may call."""

    name: str
    purpose: str
    parameters: tuple[Parameter, ...]
    run: Run = field(repr=False, compare=False)
    notes: bool = False
    """Whether it notes its own calls in the ledger; others' are noted by who calls them."""

    def example(self) -> str:
        """A call as a model would write it."""
        given = {one.name: one.about.example for one in self.parameters if one.needed}
        return json.dumps({"tool": self.name, **given}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Call:
    """What a model wants; no tool where it wants to answer."""

    tool: Tool | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = " ".join(str(value) for value in self.arguments.values())
        return f"{self.tool.name if self.tool else ANSWER} {words}".strip()

    def written(self) -> str:
        """As JSON, however the model wrote it."""
        name = self.tool.name if self.tool else ANSWER
        return json.dumps({"tool": name, **self.arguments}, ensure_ascii=False)


def tool(run: Run, name: str = "", *, notes: bool = False) -> Tool:
    """Return a function as a tool. Raises TypeError for one that does not say what a model has to know."""
    name = name or str(getattr(run, "__name__", ""))
    purpose = " ".join((inspect.getdoc(run) or "").split("\n\n")[0].split())
    if not purpose:
        raise TypeError(f"the tool {name} has no docstring")
    hints = get_type_hints(run, include_extras=True)
    parameters = [
        _parameter(name, one, hints.get(one.name)) for one in inspect.signature(run).parameters.values()
    ]
    return Tool(name, purpose, tuple(parameters), run, notes)


def _parameter(tool: str, parameter: inspect.Parameter, hint: Any) -> Parameter:
    base: Any
    base, *notes = get_args(hint) if get_origin(hint) is Annotated else (None,)
    about = next((note for note in notes if isinstance(note, Argument)), None)
    choices = get_args(base) if get_origin(base) is Literal else ()
    kind: Any = str if choices else base
    if about is None or kind not in _NAMES or not all(isinstance(choice, str) for choice in choices):
        raise TypeError(f"{parameter.name} of the tool {tool} is no annotated text, whole number or truth")
    return Parameter(parameter.name, kind, about, parameter.default is inspect.Parameter.empty, choices)


def schema(tools: Sequence[Tool]) -> dict[str, Any]:
    """Return the JSON schema of one call, the one that asks for nothing included."""
    calls = [
        {
            "type": "object",
            "properties": {
                "tool": {"const": tool.name},
                **{one.name: one.schema() for one in tool.parameters},
            },
            "required": ["tool", *(one.name for one in tool.parameters if one.needed)],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    answer = {
        "type": "object",
        "properties": {"tool": {"const": ANSWER}},
        "required": ["tool"],
        "additionalProperties": False,
    }
    return {"oneOf": [*calls, answer]}


def described(tools: Sequence[Tool]) -> str:
    """Return the tools in words: name, purpose, arguments and one call of each."""
    return "\n".join(f"{tool.name}: {tool.purpose}\n{_arguments(tool)}  {tool.example()}" for tool in tools)


def _arguments(tool: Tool) -> str:
    return "".join(
        f"  {one.name}{'' if one.needed else ' (may be left out)'}: {one.about.what}\n"
        for one in tool.parameters
    )


def read(text: str, tools: Sequence[Tool]) -> tuple[Call | None, str]:
    """Return the first call in what a model wrote, prose and fences round it or none; else why there is none.

    Only an object that is a valid call counts: a model may quote others before it.
    """
    reasons = []
    for value in _objects(text):
        call, reason = _call(value, tools)
        if call:
            return call, ""
        reasons.append(reason)
    return None, reasons[0] if reasons else "there is no JSON object in the answer"


def _objects(text: str) -> Iterator[dict[str, Any]]:
    at, tried = 0, 0
    while (found := OBJECT.search(text, at)) and tried < MOST_TRIED:
        at, tried = found.end(), tried + 1
        try:
            value, end = DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
            at = end


def _call(value: dict[str, Any], tools: Sequence[Tool]) -> tuple[Call | None, str]:
    arguments = {str(key): item for key, item in value.items() if key != "tool"}
    name = value.get("tool")
    if name == ANSWER:
        return Call(), ""
    tool = next((one for one in tools if one.name == name), None)
    if tool is None:
        known = ", ".join([*(one.name for one in tools), ANSWER])
        return None, f"there is no tool {json.dumps(name)[:80]}; there are {known}"
    parameters = {one.name: one for one in tool.parameters}
    for key in arguments:
        if key not in parameters:
            return None, f"{tool.name} takes no {json.dumps(key)[:80]}"
    for one in tool.parameters:
        if one.name not in arguments:
            if one.needed:
                return None, f"{tool.name} needs {one.name}, {one.about.what}"
        elif problem := one.problem(arguments[one.name]):
            return None, f"{problem} ({tool.name})"
    return Call(tool, arguments), ""
