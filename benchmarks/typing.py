"""python -m benchmarks.typing: an hour of typing through our server and through a llama.vim-like client."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks import edits, fast_forward, keystrokes
from benchmarks.fast_forward import FastForwardLoop
from benchmarks.llama_vim_like import LlamaVimLike
from benchmarks.metered import EngineProcess, MeteredEngine, engine_process
from benchmarks.nearside_client import NearsideClient
from benchmarks.overhead import percentile
from benchmarks.typist import Client, Figures, Typist
from inference.completer import Mechanisms
from settings.schema import Model


@dataclass
class Row:
    """One client's replay."""

    name: str
    figures: Figures
    calls: dict[str, int]
    evaluated: int
    reused: int
    generated: int
    busy_seconds: float
    speculations_used: float | None
    real_seconds: float = 0.0


@dataclass(frozen=True)
class Contestant:
    name: str
    make: Callable[[MeteredEngine, EngineProcess], Client]
    drafts: bool = True


def replay(contestant: Contestant, model: Model, minutes: float) -> Row:
    """One replay on a fresh engine."""
    import time

    began = time.monotonic()
    with engine_process(model, contestant.drafts) as process:

        async def main(loop: FastForwardLoop) -> tuple[Figures, MeteredEngine, Client]:
            engine = MeteredEngine(process.connect(), loop)
            client = contestant.make(engine, process)
            steps = keystrokes.prefix(keystrokes.steps(edits.load()), minutes)
            figures = await Typist(client, loop).replay(steps)
            await engine.close()
            return figures, engine, client

        figures, engine, client = fast_forward.run(main)
        totals = process.totals()
    return Row(
        contestant.name,
        figures,
        dict(engine.calls.begun),
        int(totals["prompt_tokens_evaluated_total"]),
        int(totals["prompt_tokens_reused_total"]),
        int(totals["generated_tokens_total"]),
        totals["busy_seconds_total"],
        None,
        time.monotonic() - began,
    )


def contestants(delay: float) -> list[Contestant]:
    def ours(**off: bool) -> Callable[[MeteredEngine, EngineProcess], Client]:
        return lambda engine, _: NearsideClient(engine, Mechanisms(**off), delay)

    return [
        Contestant("nearside", ours()),
        Contestant("llama.vim-like", lambda engine, process: LlamaVimLike(engine, process.context(), delay)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    for contestant in contestants(0.0):
        row = replay(contestant, Model(), arguments.minutes)
        f = row.figures
        ms = [m for m, _ in f.shown]
        from collections import Counter

        print(
            row.name,
            row.calls,
            row.evaluated,
            row.reused,
            row.generated,
            f"busy {row.busy_seconds:.1f}",
            f"real {row.real_seconds:.1f} of {f.seconds:.0f}",
        )
        print(
            f.keys,
            len(f.shown),
            Counter(s for _, s in f.shown),
            percentile(ms, 0.5),
            percentile(ms, 0.95),
            "accepts",
            f.accepts,
            f.accepted_characters,
            f.typed_characters,
            f.after_accepts,
        )


if __name__ == "__main__":
    main()
