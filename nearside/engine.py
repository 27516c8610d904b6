"""`nearside engine run`: the engine in this process. Servers start it, so nothing heavy is imported first."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from settings.schema import Endpoint, Model
from settings.values import KEYS, accepted


def run(arguments: Sequence[str]) -> int:
    """Serve one model until it is idle or told to stop, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="nearside engine run", description="Run the engine in the foreground.", allow_abbrev=False
    )
    parser.add_argument(
        "--model", type=model_from_json, metavar="JSON", help="the model's settings; yours if absent"
    )
    parser.add_argument("--socket", type=Path, metavar="PATH", help="where to listen")
    parser.add_argument("--log", type=Path, metavar="PATH", help="where to log; stderr if absent")
    parser.add_argument(
        "--no-drafts", action="store_true", help="decode token by token, so that benchmarks can compare"
    )
    try:
        given = parser.parse_args(arguments)
    except SystemExit as done:
        return int(done.code or 0)
    model = given.model or _own_model()
    if isinstance(model.completion, Endpoint):
        print(
            f"No engine was started, because model.completion is the server at {model.completion.base_url}; "
            "name a model file to run one here.",
            file=sys.stderr,
        )
        return 1
    from inference.engine_process import run as serve
    from inference.launch import socket_path

    return serve(model, given.socket or socket_path(model), given.log, drafts=not given.no_drafts)


def model_from_json(text: str) -> Model:
    """Read the settings a server hands to the engine it starts. Raises ValueError, which argparse reports."""
    try:
        values = json.loads(text)
        return Model(**{name: accepted(KEYS[f"model.{name}"], value) for name, value in values.items()})
    except (AttributeError, KeyError, RecursionError) as error:
        raise ValueError from error


def _own_model() -> Model:
    from settings.layers import load

    loaded = load(None)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    return loaded.settings.model
