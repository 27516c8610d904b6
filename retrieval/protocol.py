"""The lines that pass between a server and its retrieval process: one JSON object each, in both directions.

request       {"id": 7, "method": "search", "params": {...}, "deadline_ms": 500}
answer        {"id": 7, "result": ...}  or  {"id": 7, "error": {"code": "late", "message": "..."}}
withdrawal    {"cancel": 7}
notification  {"method": "edited", "params": {...}}
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Code = Literal["late", "cancelled", "failed", "unknown", "invalid"]
"""Why a request has no result: the deadline passed; it was withdrawn; something broke; no such method; the
parameters are not what the method takes."""

LONGEST_LINE = 64 << 20
"""Bytes of a line somebody reads; no text of a buffer comes near."""
DEADLINE_MS = 10_000
"""Of a request that names none."""


class Unknown(Exception):
    """There is no such method."""


class Invalid(Exception):
    """The parameters are not what the method takes; the text says which."""


@dataclass(frozen=True, slots=True)
class Request:
    id: int
    method: str
    params: dict[str, Any] = field(default_factory=dict)
    deadline_ms: int = DEADLINE_MS


@dataclass(frozen=True, slots=True)
class Cancel:
    id: int


@dataclass(frozen=True, slots=True)
class Notification:
    method: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    id: int
    result: Any = None
    code: Code | None = None
    message: str = ""


Message = Request | Cancel | Notification | Answer


def encode(message: Message) -> bytes:
    """Return a message as one line. ASCII only: half a surrogate pair in a buffer must break nothing."""
    match message:
        case Request(id=number, method=method, params=params, deadline_ms=deadline):
            table = {"id": number, "method": method, "params": params, "deadline_ms": deadline}
        case Cancel(id=number):
            table = {"cancel": number}
        case Notification(method=method, params=params):
            table = {"method": method, "params": params}
        case Answer(id=number, code=None, result=result):
            table = {"id": number, "result": result}
        case Answer(id=number, code=code, message=text):
            table = {"id": number, "error": {"code": code, "message": text}}
    return json.dumps(table, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Read one line. Raises ValueError for what is not a message."""
    try:
        table = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    match table:
        case {"cancel": int(number)}:
            return Cancel(number)
        case {"id": int(number), "method": str(method), **rest}:
            return Request(number, method, _params(rest), _deadline(rest))
        case {"method": str(method), **rest}:
            return Notification(method, _params(rest))
        case {"id": int(number), "error": {"code": str(code), "message": str(text)}}:
            return Answer(number, code=code, message=text)  # type: ignore[arg-type]
        case {"id": int(number), "result": result}:
            return Answer(number, result)
    raise ValueError("not a message")


def _params(table: dict[str, Any]) -> dict[str, Any]:
    params = table.get("params") or {}
    if not isinstance(params, dict):
        raise ValueError("params is not an object")
    return params


def _deadline(table: dict[str, Any]) -> int:
    deadline = table.get("deadline_ms", DEADLINE_MS)
    if not isinstance(deadline, int) or deadline < 0:
        raise ValueError("deadline_ms is not a number of milliseconds")
    return deadline
