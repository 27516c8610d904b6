"""A server's refusal as the right error, its text ready for the user."""

from __future__ import annotations

import json
from typing import Any

from inference.types import (
    Cancelled,
    CannotInfill,
    EngineRefused,
    EngineUnavailable,
    ModelNotFound,
    ModelTooLarge,
    ModelUnreadable,
)

OWN: dict[str, type[Exception]] = {
    "cannot_infill": CannotInfill,
    "model_not_found": ModelNotFound,
    "model_unreadable": ModelUnreadable,
    "model_too_large": ModelTooLarge,
    "loading": EngineUnavailable,
    "invalid_request": EngineRefused,
    "overloaded": EngineRefused,
    "superseded": Cancelled,
}
"""Error types of our own engine, whose messages are lines for the user already."""


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
    own = OWN.get(str(fields.get("type")))
    if own and message:
        return own(message)
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
