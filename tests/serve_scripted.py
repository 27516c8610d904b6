"""The real server over stdio with E0 behind it: `python -m tests.serve_scripted`, script in a JSON file.

SCRIPTED_ENGINE names the file, SCRIPTED_VERSION the version it claims. The counters are read with a request
of this program alone.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from actions import place
from lsp_server.server import create_server, serve
from lsp_server.session import OnStatus
from settings.schema import Model
from tests.scripted_engine import Script, ScriptedEngine, counters, read_script

COUNTERS = "nearside/testCounters"
LAST_PROMPT = "nearside/testLastPrompt"


def main() -> int:
    file = os.environ.get("SCRIPTED_ENGINE")
    engine = ScriptedEngine(read_script(Path(file)) if file else Script())
    models: list[Model] = []

    def factory(model: Model, on_status: OnStatus) -> ScriptedEngine:
        models.append(model)
        engine.on_status = on_status
        return engine

    server = create_server(factory, version=os.environ.get("SCRIPTED_VERSION", "test"))
    outlined: list[str] = []
    outline = place.outline

    def counted(text: str, language: str, path: str) -> place.Outline:
        outlined.append(path)
        return outline(text, language, path)

    place.outline = counted

    @server.feature(COUNTERS)
    def read_counters(_: Any) -> dict[str, Any]:
        modules = sorted({name.split(".")[0] for name in list(sys.modules)})
        ready = server.completer is not None and bool(server.completer.model)
        return {
            **counters(engine),
            "ready": ready,
            "models": [str(model.completion) for model in models],
            "modules": modules,
            "mode": server.settings.routing.mode,
            "outlines": len(outlined),
        }

    @server.feature(LAST_PROMPT)
    def read_last_prompt(_: Any) -> dict[str, Any]:
        return asdict(engine.requests[-1].prompt) if engine.requests else {}

    return asyncio.run(serve(server))


if __name__ == "__main__":
    sys.exit(main())
