"""An engine process of our own to measure on, and what each client asks of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import httpx2

from benchmarks.fast_forward import FastForwardLoop
from inference.client import HttpEngine
from inference.spawn import engine_command
from inference.types import CompletionRequest, Engine, EngineInfo, Piece
from settings.schema import Model

AFTER_CANCEL = 0.02
"""Seconds of real time after a withdrawn call: the engine is busy for up to a slice."""
PATIENCE = 60.0


class MeteredEngine:
    """Passes everything on. The loop's time is real while a call is under way."""

    def __init__(self, engine: Engine, loop: FastForwardLoop) -> None:
        self.begun: Counter[str] = Counter()
        """Calls by priority."""
        self._engine = engine
        self._loop = loop

    async def info(self) -> EngineInfo:
        with self._loop.busy():
            return await self._engine.info()

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Piece, None]:
        self.begun[request.priority.name.lower()] += 1
        ended = False
        with self._loop.busy():
            try:
                stream = cast(AsyncGenerator[Piece, None], self._engine.complete(request))
                async with aclosing(stream):
                    async for piece in stream:
                        ended = ended or piece.usage is not None
                        yield piece
            finally:
                if not ended:
                    self._loop.stay_real(AFTER_CANCEL)

    async def close(self) -> None:
        with self._loop.busy():
            await self._engine.close()


@dataclass(frozen=True)
class EngineProcess:
    """A running engine that nobody else knows of."""

    socket: Path
    model: Model

    def connect(self) -> HttpEngine:
        return HttpEngine(socket=self.socket)

    def totals(self) -> dict[str, float]:
        """Its counters since it started, withdrawn requests included, by their names in /metrics."""
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(self.socket))) as client:
            lines = client.get("http://engine/metrics").text.splitlines()
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name.removeprefix("nearside_"): float(value) for name, _, value in pairs}

    def context(self) -> int:
        """Tokens a prompt and its answer may take: no more than the model was trained on."""
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(self.socket))) as client:
            model = client.get("http://engine/health").json()["model"]
        return min(model["context"], model["trained_context"] or model["context"])


@contextlib.contextmanager
def engine_process(model: Model, infill: str = "", drafts: bool = True) -> Iterator[EngineProcess]:
    """A fresh engine with an empty KV cache, until this is left. With `infill`, "prefix-first" or
    "suffix-first", it samples as llama.cpp does for that, and lays prompts out in that order."""
    folder = Path(tempfile.mkdtemp(prefix="ns-"))
    socket = folder / "engine.sock"
    run = (
        [sys.executable, "-m", "benchmarks.infill_engine"] if infill else [*engine_command(model, socket)[:6]]
    )
    command = [*run, "--model", json.dumps(asdict(model)), "--socket", str(socket)]
    command += ["--log", str(folder / "engine.log"), *([] if drafts else ["--no-drafts"])]
    command += ["--suffix-first"] if infill == "suffix-first" else []
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)
    engine = EngineProcess(socket, model)
    try:
        _wait_for(engine, process)
        yield engine
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(engine: EngineProcess, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(httpx2.TransportError):
            if engine.totals().get("engine_up"):
                return
        if process.poll() is not None or time.monotonic() > until:
            sys.exit("No figures: the engine did not start. Run `nearside engine run` to see why.")
        time.sleep(0.05)
