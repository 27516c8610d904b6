"""`nearside engine start|stop|status`: the engines in the background, as lines or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from inference.launch import engine_status, ensure_engine
from inference.rendezvous import EngineState
from inference.types import EngineUnavailable
from settings.schema import Endpoint, Model


async def start(model: Model, say: Callable[[str], None]) -> EngineState:
    """Start the engine for `model`, unless it runs, and return what it says once it is ready."""
    if isinstance(model.completion, Endpoint):
        raise EngineUnavailable(
            f"No engine was started, because model.completion is the server at {model.completion.base_url}; "
            "start that server, or name a model file."
        )
    engine = await ensure_engine(model, say)
    await engine.close()
    states = await engine_status(model)
    if not states:
        raise EngineUnavailable(
            "No engine runs, because it ended right after its start; `nearside engine run` shows why."
        )
    return states[0]


def report(states: Sequence[EngineState], as_json: bool, done: str = "") -> str:
    """Return one line for each engine; `done` says what became of it."""
    if as_json:
        return json.dumps([_facts(state, done) for state in states], indent=1)
    if not states:
        return "No engine runs; the first editor that needs one starts it."
    return "\n".join(_line(state, done) for state in states)


def _facts(state: EngineState, done: str) -> dict[str, object]:
    facts = {"status": done or state.status, "pid": state.pid, "socket": str(state.socket)}
    return {**state.health, **facts, "message": state.message}


def _line(state: EngineState, done: str) -> str:
    model = state.health.get("model") or {}
    parts = [f"{done or state.status}: process {state.pid}" if state.pid else done or state.status]
    if name := model.get("name"):
        parts.append(str(name))
    if size := model.get("size_bytes"):
        parts.append(f"{size / 1e6:.0f} MB")
    if layers := model.get("layers"):
        parts.append(f"{model.get('gpu_layers', 0)} of {layers} layers on the GPU ({model.get('backend')})")
    if state.message:
        parts.append(state.message)
    return ", ".join([*parts, str(state.socket)])
