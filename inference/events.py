"""What the events of each server's stream hold, read as pieces: text, log-probabilities, margins, usage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from inference.types import Piece, Usage


def read_openai(event: dict[str, Any]) -> Iterator[Piece]:
    """Read /v1/completions events: choices with text and log-probabilities, and the usage at the end."""
    for choice in event.get("choices") or ():
        logprobs = choice.get("logprobs") or {}
        if content := logprobs.get("content"):  # llama-server behind a proxy, in the form of chat
            chosen, tops = token_logprobs(content)
        else:
            chosen = numbers(logprobs.get("token_logprobs"))
            tops = [[*top.values()] for top in logprobs.get("top_logprobs") or () if isinstance(top, dict)]
        yield Piece(
            str(choice.get("text") or ""),
            int(choice.get("index") or 0),
            chosen,
            numbers(choice.get("margins")) or margins(tops),
            choice.get("finish_reason"),
        )
    yield from _openai_usage(event)


def read_chat(event: dict[str, Any]) -> Iterator[Piece]:
    """Read /v1/chat/completions events. What a server hands out as reasoning is no part of the answer."""
    for choice in event.get("choices") or ():
        delta = choice.get("delta") or {}
        chosen, _ = token_logprobs((choice.get("logprobs") or {}).get("content"))
        yield Piece(str(delta.get("content") or ""), logprobs=chosen, finish=choice.get("finish_reason"))
    yield from _openai_usage(event)


def _openai_usage(event: dict[str, Any]) -> Iterator[Piece]:
    usage = event.get("usage")
    if usage:
        own = event.get("nearside") or {}
        prompt = int(usage.get("prompt_tokens") or 0)
        cached = int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
        yield Piece(
            index=-1,
            usage=Usage(
                int(own.get("evaluated_tokens", prompt - cached)),
                int(own.get("reused_tokens", cached)),
                int(usage.get("completion_tokens") or 0),
                float(own.get("queue_ms") or 0),
                float(own.get("prefill_ms") or 0),
                float(own.get("decode_ms") or 0),
                drafted_tokens=int(own.get("drafted_tokens") or 0),
                accepted_tokens=int(own.get("accepted_tokens") or 0),
                joules=None if own.get("joules") is None else float(own["joules"]),
            ),
        )


def read_llama_server(event: dict[str, Any]) -> Iterator[Piece]:
    """Read /infill and /completion events of llama.cpp's server."""
    chosen, tops = token_logprobs(event.get("completion_probabilities"))
    usage = None
    if event.get("stop"):
        timings = event.get("timings") or {}
        prompt, new = int(event.get("tokens_evaluated") or 0), timings.get("prompt_n")
        usage = Usage(
            prompt if new is None else int(new),
            int(timings.get("cache_n", 0 if new is None else max(0, prompt - int(new)))),
            int(event.get("tokens_predicted") or 0),
            prefill_ms=float(timings.get("prompt_ms") or 0),
            decode_ms=float(timings.get("predicted_ms") or 0),
            drafted_tokens=int(timings.get("draft_n") or 0),
            accepted_tokens=int(timings.get("draft_n_accepted") or 0),
        )
    yield Piece(
        str(event.get("content") or ""),
        int(event.get("index") or 0),
        chosen,
        margins(tops),
        ("length" if event.get("stop_type") == "limit" else "stop") if event.get("stop") else None,
        usage,
    )


def read_ollama(event: dict[str, Any]) -> Iterator[Piece]:
    """Read /api/generate lines; durations are in nanoseconds."""
    chosen, tops = token_logprobs(event.get("logprobs"))
    usage = None
    if event.get("done"):
        usage = Usage(
            evaluated_tokens=int(event.get("prompt_eval_count") or 0),
            generated_tokens=int(event.get("eval_count") or 0),
            queue_ms=int(event.get("load_duration") or 0) / 1e6,
            prefill_ms=int(event.get("prompt_eval_duration") or 0) / 1e6,
            decode_ms=int(event.get("eval_duration") or 0) / 1e6,
        )
    yield Piece(
        str(event.get("response") or ""),
        0,
        chosen,
        margins(tops),
        ("length" if event.get("done_reason") == "length" else "stop") if event.get("done") else None,
        usage,
    )


def token_logprobs(entries: Any) -> tuple[tuple[float, ...], list[list[Any]]]:
    """Split [{"logprob", "top_logprobs": [{"logprob"}]}] into what was chosen and what was likeliest."""
    known = [entry for entry in entries or () if "logprob" in entry]
    tops = [[top.get("logprob") for top in entry.get("top_logprobs") or ()] for entry in known]
    return numbers([entry["logprob"] for entry in known]), tops


def numbers(values: Any) -> tuple[float, ...]:
    """Keep what is a finite number; some servers send null for the first token."""
    kept = (value for value in values or () if isinstance(value, int | float) and not isinstance(value, bool))
    return tuple(float(value) for value in kept if math.isfinite(value))


def margins(tops: list[list[Any]]) -> tuple[float, ...]:
    """Return p(first) - p(second) of each token; empty unless each has two log-probabilities."""
    best = [sorted(numbers(top), reverse=True)[:2] for top in tops]
    if any(len(pair) < 2 for pair in best):
        return ()
    return tuple(math.exp(min(0.0, first)) - math.exp(min(0.0, second)) for first, second in best)
