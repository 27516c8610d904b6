"""Errors on the wire: ours as a type and a status, a server's refusal as the right error for the user."""

from __future__ import annotations

import json
from typing import Any

from inference.types import (
    Cancelled,
    CannotInfill,
    EngineError,
    EngineRefused,
    EngineUnavailable,
    ModelNotFound,
    ModelTooLarge,
    ModelUnreadable,
)

STATUS: dict[str, tuple[type[Exception], int]] = {
    "cannot_infill": (CannotInfill, 422),
    "model_not_found": (ModelNotFound, 503),
    "model_unreadable": (ModelUnreadable, 503),
    "model_too_large": (ModelTooLarge, 503),
    "loading": (EngineUnavailable, 503),
    "invalid_request": (EngineRefused, 400),
    "superseded": (Cancelled, 409),
    "failed": (EngineError, 500),
}
"""Error types of our own engine, whose messages are lines for the user already; the first that fits."""


def kind_of(error: Exception) -> tuple[str, int]:
    """The type and HTTP status under which our engine reports an error."""
    return next((name, status) for name, (cls, status) in STATUS.items() if isinstance(error, cls))


def refusal(server: str, status: int, body: bytes) -> Exception:
    """Turn an error answer into the error to raise."""
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = {}
    return error_of(server, status, parsed if isinstance(parsed, dict) else {})


def error_of(server: str, status: int, body: dict[str, Any]) -> Exception:
    """Map {"error": {"message", "type"}}, {"error": "text"} or {"message"} to an error."""
    error = body.get("error", body)
    fields = error if isinstance(error, dict) else {"message": error}
    message = " ".join(str(fields.get("message") or fields.get("detail") or "").split())[:300]
    own = STATUS.get(str(fields.get("type")))
    if own and message:
        return own[0](message)
    said = f": {message.rstrip('.')}" if message else ""
    lower = message.lower()
    if status in (401, 403):
        return EngineRefused(
            f"No completion: {server} refused the key ({status}){said}. "
            "Name the variable that holds it in model.completion.api_key_env."
        )
    if "infill is not supported" in lower or "not support insert" in lower or "suffix is not" in lower:
        return CannotInfill(
            f"No completion: the model at {server} cannot fill in the middle{said}. "
            "Choose a model trained for it, for example Qwen2.5-Coder."
        )
    if status == 404 and "model" in lower:
        return ModelNotFound(
            f"No completion: {server} has no such model{said}. Correct model.completion.model."
        )
    if status in (404, 405, 501):
        return CannotInfill(
            f"No completion: {server} offers no text completion ({status}{said}), so it may serve chat only. "
            "Use a server with /v1/completions and a model trained to fill in the middle."
        )
    if status == 503 and "loading" in lower:
        return EngineUnavailable(
            f"No completion: {server} is still loading its model. It answers when that is done."
        )
    if status in (429, 503):
        return EngineRefused(
            f"No completion: {server} is overloaded ({status}{said}). Try again in a moment."
        )
    if status >= 500:
        return EngineUnavailable(
            f"No completion: {server} failed ({status}{said}). Look into the server's log."
        )
    return EngineRefused(
        f"No completion: {server} refused the request ({status}{said}). Check model.completion."
    )
