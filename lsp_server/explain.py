"""nearside/suggestion, a request of our own: what the last suggestion in a document cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.completer import Suggestion
    from lsp_server.session import NearsideServer


def last_suggestion(ls: NearsideServer, params: Any) -> dict[str, Any]:
    """Account for the last suggestion made in `params.textDocument`; an empty object where there was none."""
    uri = params.textDocument.uri
    suggestion = ls.suggestions.get(uri)
    return {**account(suggestion), **routed(ls, uri)} if suggestion else {}


def routed(ls: NearsideServer, uri: str) -> dict[str, Any]:
    """Say why a hosted model was asked about the last draft of a document, or why not; empty before that."""
    told = ls.escalation.told.get(uri)
    if told is None:
        return {}
    from inference.routing.reasons import sentence

    state = "answered" if told.done else "asked" if told.decision.send else "kept"
    if told.decision.rule == "failed":
        state = "failed"
    return {"route": {"state": state, "why": sentence(told.decision), "model": told.model}}


def account(suggestion: Suggestion) -> dict[str, Any]:
    """A suggestion's figures under the names `nearside complete --json` uses; no text of the document."""
    usage = suggestion.usage
    return {
        "model": suggestion.model,
        "confidence": suggestion.confidence,
        "source": suggestion.source,
        "partial": suggestion.partial,
        "reason": suggestion.reason,
        "alternatives": len(suggestion.texts),
        "evaluated_tokens": usage.evaluated_tokens,
        "reused_tokens": usage.reused_tokens,
        "generated_tokens": usage.generated_tokens,
        "engine_ms": usage.queue_ms + usage.prefill_ms + usage.decode_ms,
        "latency_ms": suggestion.latency_ms,
    }
