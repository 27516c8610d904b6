"""The engine's side of the wire: JSON bodies to what is asked. No HTTP, no model.

OpenAI's /v1/completions and /v1/chat/completions, and llama.cpp's /infill; wire_answers has the way back. A
body that makes no sense raises EngineRefused with one line that names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference.types import EngineRefused, FimPrompt, Members, Priority, Snippet

Turns = tuple[tuple[str, str], ...]
"""(role, content) of a chat."""

MOST_TOKENS = 65_536
MOST_ALTERNATIVES = 5
MOST_RECEIVERS, MOST_MEMBERS, LONGEST_NAME = 64, 400, 200
"""What is taken of a request's members, the first of each; names in characters, longer ones are left out."""


@dataclass(frozen=True)
class Asked:
    """One request, whichever wire it came by."""

    prompt: FimPrompt | Turns | str
    """Fill-in-the-middle, a chat, or text to go on with."""
    client: str = ""
    document: str = ""
    priority: Priority = Priority.FOREGROUND
    max_tokens: int = 64
    max_lines: int = 0
    alternatives: int = 1
    temperature: float = 0.0
    least: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    stream: bool = False
    schema: Mapping[str, Any] | None = None
    """JSON schema that the answer keeps to."""
    time_limit_ms: int = 0
    """Milliseconds after the first token; 0 is none (llama.cpp's t_max_predict_ms)."""

    @property
    def owner(self) -> tuple[str, str] | None:
        """Whose older requests this one supersedes; None for a caller that does not say who it is."""
        return (self.client, self.document) if self.client or self.document else None


def read_completion(body: Mapping[str, Any]) -> Asked:
    """POST /v1/completions. A suffix makes it fill-in-the-middle."""
    ours = _mapping(body, "nearside")
    text, suffix = _text(body, "prompt"), body.get("suffix")
    prompt: FimPrompt | str = text
    if isinstance(suffix, str):
        prompt = FimPrompt(
            text,
            suffix,
            _text(ours, "path"),
            _text(ours, "repository"),
            _snippets(ours, "context", "path"),
            _members(ours),
        )
    return Asked(
        prompt,
        client=_text(ours, "client"),
        document=_text(ours, "document"),
        priority=_priority(ours, Priority.FOREGROUND),
        max_tokens=_number(body, "max_tokens", 16, 0, MOST_TOKENS),  # 16 is OpenAI's default
        max_lines=_number(ours, "max_lines", 0, 0, 10_000),
        alternatives=_number(body, "n", 1, 1, MOST_ALTERNATIVES),
        temperature=float(_number(body, "temperature", 0, 0, 2, whole=False)),
        least=float(_number(ours, "least", 0, 0, 1, whole=False)),
        seed=_number(body, "seed", 0, 0, 2**63),
        stop=_stop(body),
        stream=body.get("stream") is True,
    )


def read_infill(body: Mapping[str, Any]) -> Asked:
    """POST /infill as llama.cpp's server takes it; `prompt` is the text of the cursor's line before the
    cursor.
    """
    prefix = _text(body, "input_prefix") + _text(body, "prompt")
    snippets = _snippets(body, "input_extra", "filename")
    repository = "project" if snippets else ""
    return Asked(
        FimPrompt(prefix, _text(body, "input_suffix"), "", repository, snippets),
        max_tokens=_number(body, "n_predict", 128, -1, MOST_TOKENS) % (MOST_TOKENS + 1),
        temperature=0.0,
        stop=_stop(body),
        stream=body.get("stream") is True,
        time_limit_ms=_number(body, "t_max_predict_ms", 0, 0, 3_600_000),
        document=f"slot {body['id_slot']}"
        if isinstance(body.get("id_slot"), int) and body["id_slot"] >= 0
        else "",
    )


def read_chat(body: Mapping[str, Any]) -> Asked:
    """POST /v1/chat/completions."""
    ours = _mapping(body, "nearside")
    turns = body.get("messages")
    if not isinstance(turns, list) or not turns:
        raise _bad("messages", "a non-empty list")
    for unsupported in ("tools", "grammar"):
        if body.get(unsupported):
            raise EngineRefused(
                f"The request was not answered: this engine does not support {unsupported!r} yet."
            )
    return Asked(
        tuple(_turn(turn) for turn in turns),
        client=_text(ours, "client"),
        document=_text(ours, "document"),
        priority=_priority(ours, Priority.CHAT),
        max_tokens=_number(body, "max_tokens", 1024, 1, MOST_TOKENS),
        temperature=float(_number(body, "temperature", 0, 0, 2, whole=False)),
        seed=_number(body, "seed", 0, 0, 2**63),
        stop=_stop(body),
        stream=body.get("stream") is True,
        schema=_schema(body),
    )


def _bad(name: str, wanted: str) -> EngineRefused:
    return EngineRefused(f"The request was not answered: {name!r} must be {wanted}.")


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _bad(name, "a string")
    return value


def _mapping(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, Mapping):
        raise _bad(name, "an object")
    return value


def _number(
    body: Mapping[str, Any], name: str, default: int, low: int, high: int, *, whole: bool = True
) -> Any:
    value = body.get(name)
    if value is None:
        return default
    if (
        isinstance(value, bool)
        or not isinstance(value, int if whole else int | float)
        or not low <= value <= high
    ):
        raise _bad(name, f"a {'whole ' if whole else ''}number from {low} to {high}")
    return value


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("stop") or []
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
        raise _bad("stop", "a string or a list of strings")
    return tuple(values)


def _priority(ours: Mapping[str, Any], default: Priority) -> Priority:
    name = ours.get("priority")
    if name is None:
        return default
    try:
        return Priority[str(name).upper()]
    except KeyError:
        raise _bad("priority", "one of " + ", ".join(p.name.lower() for p in Priority)) from None


def _snippets(body: Mapping[str, Any], name: str, path: str) -> tuple[Snippet, ...]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise _bad(name, f"a list of objects with {path} and text")
    return tuple(Snippet(_text(item, path), _text(item, "text")) for item in value)


def _members(ours: Mapping[str, Any]) -> Members:
    value = _mapping(ours, "members")
    if not all(isinstance(names, list) for names in value.values()):
        raise _bad("members", "an object of lists of names")
    receivers = [receiver for receiver in value if receiver and len(receiver) <= LONGEST_NAME]
    return tuple((receiver, _names(value[receiver])) for receiver in receivers[:MOST_RECEIVERS])


def _names(names: list[Any]) -> tuple[str, ...]:
    kept = names[:MOST_MEMBERS]
    if not all(isinstance(name, str) for name in kept):
        raise _bad("members", "an object of lists of names")
    return tuple(name for name in kept if name and len(name) <= LONGEST_NAME)


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """OpenAI's response_format: text, any JSON object, or one that keeps to a schema."""
    form = _mapping(body, "response_format")
    match form.get("type", "text"):
        case "text":
            return None
        case "json_object":
            return {"type": "object"}
        case "json_schema":
            described = form.get("json_schema")
            schema = described.get("schema") if isinstance(described, Mapping) else None
            if isinstance(schema, Mapping):
                return schema
    raise _bad("response_format", 'of type "text", "json_object", or "json_schema" with a schema')


def _turn(turn: Any) -> tuple[str, str]:
    if not isinstance(turn, Mapping) or not isinstance(turn.get("role"), str):
        raise _bad("messages", "a list of objects with role and content")
    content = turn.get("content")
    if isinstance(content, list):  # OpenAI's parts; ours are text only
        content = "".join(part.get("text", "") for part in content if isinstance(part, Mapping))
    if not isinstance(content, str):
        raise _bad("content", "a string")
    return turn["role"], content
