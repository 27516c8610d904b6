"""The engine's counters as Prometheus text."""

from __future__ import annotations

from inference.engine_state import EngineState


def render(state: EngineState) -> str:
    """Exposition format 0.0.4."""
    lines = [
        "# HELP nearside_engine_up Whether a model is loaded.",
        "# TYPE nearside_engine_up gauge",
        f"nearside_engine_up {int(state.scheduler is not None)}",
    ]
    if state.scheduler is None:
        return "\n".join(lines) + "\n"
    totals = state.scheduler.totals
    lines += _labelled("requests_total", "Requests taken, by priority.", "priority", totals.requests)
    lines += _labelled("requests_ended_total", "Requests ended, by outcome.", "outcome", totals.ended)
    for name, about, kind, value in (
        (
            "prompt_tokens_evaluated_total",
            "Prompt tokens run through the model.",
            "counter",
            totals.evaluated_tokens,
        ),
        (
            "prompt_tokens_reused_total",
            "Prompt tokens found in the KV cache.",
            "counter",
            totals.reused_tokens,
        ),
        ("generated_tokens_total", "Tokens generated.", "counter", totals.generated_tokens),
        ("drafted_tokens_total", "Guessed tokens evaluated.", "counter", totals.drafted_tokens),
        ("accepted_tokens_total", "Guessed tokens that were right.", "counter", totals.accepted_tokens),
        (
            "busy_seconds_total",
            "Seconds the engine's thread worked.",
            "counter",
            round(totals.busy_seconds, 6),
        ),
        ("requests_queued", "Requests waiting or running.", "gauge", state.scheduler.queued()),
        ("kv_tokens", "Tokens held for documents.", "gauge", state.scheduler.cache.tokens_held()),
    ):
        lines += [
            f"# HELP nearside_{name} {about}",
            f"# TYPE nearside_{name} {kind}",
            f"nearside_{name} {value}",
        ]
    return "\n".join(lines) + "\n"


def _labelled(name: str, about: str, label: str, values: dict[str, int]) -> list[str]:
    head = [f"# HELP nearside_{name} {about}", f"# TYPE nearside_{name} counter"]
    return head + [f'nearside_{name}{{{label}="{key}"}} {count}' for key, count in sorted(values.items())]
