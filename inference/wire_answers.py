"""The engine's side of the wire: pieces of an answer to the JSON of each format. No HTTP, no model."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from inference.types import Piece, Usage


class Answer(Protocol):
    """How pieces become JSON on one wire."""

    def part(self, piece: Piece) -> dict[str, Any]: ...
    def last(self, usage: Usage) -> dict[str, Any]: ...
    def whole(self, pieces: Sequence[Piece], usage: Usage) -> dict[str, Any]: ...


@dataclass(frozen=True)
class CompletionAnswer:
    """/v1/completions; margins and the cache's figures are additions other clients ignore."""

    model: str
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    kind: str = "text_completion"

    def part(self, piece: Piece) -> dict[str, Any]:
        return self._frame([self._choice(piece)])

    def last(self, usage: Usage) -> dict[str, Any]:
        return self._frame([]) | usage_fields(usage)

    def whole(self, pieces: Sequence[Piece], usage: Usage) -> dict[str, Any]:
        joined = [
            _join([piece for piece in pieces if piece.index == i]) for i in sorted({p.index for p in pieces})
        ]
        return self._frame([self._choice(piece) for piece in joined]) | usage_fields(usage)

    def _frame(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": self.kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def _choice(self, piece: Piece) -> dict[str, Any]:
        tokens = [piece.text] + [""] * (len(piece.logprobs) - 1) if piece.logprobs else []
        logprobs = {
            "tokens": tokens,
            "token_logprobs": list(piece.logprobs),
            "top_logprobs": None,
            "text_offset": [],
        }
        return {
            "index": piece.index,
            "text": piece.text,
            "finish_reason": piece.finish,
            "logprobs": logprobs,
            "margins": list(piece.margins),
        }


@dataclass(frozen=True)
class ChatAnswer(CompletionAnswer):
    """/v1/chat/completions, streaming parts as deltas."""

    kind: str = "chat.completion"

    def part(self, piece: Piece) -> dict[str, Any]:
        delta = {"content": piece.text} if piece.text else {}
        choice = {
            "index": piece.index,
            "delta": delta,
            "finish_reason": piece.finish,
            "logprobs": _chat_logprobs(piece),
        }
        return self._frame([choice]) | {"object": "chat.completion.chunk"}

    def _choice(self, piece: Piece) -> dict[str, Any]:
        message = {"role": "assistant", "content": piece.text}
        return {
            "index": piece.index,
            "message": message,
            "finish_reason": piece.finish,
            "logprobs": _chat_logprobs(piece),
        }


def _chat_logprobs(piece: Piece) -> dict[str, Any] | None:
    """Return log-probabilities in the form of chat; which token is which part of the text is not kept."""
    content = [{"token": "", "logprob": value, "top_logprobs": []} for value in piece.logprobs]
    return {"content": content} if content else None


@dataclass(frozen=True)
class InfillAnswer:
    """llama.cpp's /infill."""

    model: str

    def part(self, piece: Piece) -> dict[str, Any]:
        return {"index": piece.index, "content": piece.text, "stop": False}

    def last(self, usage: Usage) -> dict[str, Any]:
        return {
            "content": "",
            "stop": True,
            "model": self.model,
            "tokens_predicted": usage.generated_tokens,
            "tokens_evaluated": usage.evaluated_tokens + usage.reused_tokens,
            "tokens_cached": usage.reused_tokens,
            "timings": {
                "cache_n": usage.reused_tokens,
                "prompt_n": usage.evaluated_tokens,
                "prompt_ms": usage.prefill_ms,
                "predicted_n": usage.generated_tokens,
                "predicted_ms": usage.decode_ms,
            },
        }

    def whole(self, pieces: Sequence[Piece], usage: Usage) -> dict[str, Any]:
        return self.last(usage) | {"content": "".join(piece.text for piece in pieces if piece.index == 0)}


def usage_fields(usage: Usage) -> dict[str, Any]:
    """OpenAI's usage, and ours beside it."""
    prompt = usage.evaluated_tokens + usage.reused_tokens
    return {
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": usage.generated_tokens,
            "total_tokens": prompt + usage.generated_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.reused_tokens},
        },
        "nearside": {
            "evaluated_tokens": usage.evaluated_tokens,
            "reused_tokens": usage.reused_tokens,
            "drafted_tokens": usage.drafted_tokens,
            "accepted_tokens": usage.accepted_tokens,
            "queue_ms": round(usage.queue_ms, 3),
            "prefill_ms": round(usage.prefill_ms, 3),
            "decode_ms": round(usage.decode_ms, 3),
            **({} if usage.joules is None else {"joules": round(usage.joules, 3)}),
        },
    }


def event(data: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def _join(pieces: Sequence[Piece]) -> Piece:
    return Piece(
        text="".join(piece.text for piece in pieces),
        index=pieces[0].index,
        logprobs=tuple(value for piece in pieces for value in piece.logprobs),
        margins=tuple(value for piece in pieces for value in piece.margins),
        finish=pieces[-1].finish,
    )
