"""python -m benchmarks.overhead: what the server adds to the engine, and what a keystroke makes the model
evaluate.

The same typing trace goes through our server with the bundled model, and through the HTTP server of
llama-cpp-python with the same model file and the same text around the cursor, once in the usual
prefix-first order and once in ours. Both complete one line of at most 16 tokens greedily. Its evaluated
tokens and times are those it prints itself.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2

from benchmarks.trace import Trace, of_file
from inference.fim import FORMATS, FimFormat
from inference.models import resolve
from inference.prompts import window
from inference.types import FimPrompt
from nearside.editor import Editor
from settings.schema import Completion

MAX_TOKENS = 16
WINDOW = Completion(prefix_lines=64, suffix_lines=16)
"""For all: what fits the context the bundled model was trained on."""


@dataclass
class Figures:
    """One row of the table; lists hold one entry a keystroke."""

    name: str
    outside_ms: list[float] = field(default_factory=list)
    """Latency seen by the client less the engine's own prefill and decode."""
    evaluated: list[int] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    calls: int = 0


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def ours(trace: Trace) -> Figures:
    """The trace through `nearside serve`, as an editor drives it."""
    figures = Figures("nearside serve")
    lines = {"prefix_lines": WINDOW.prefix_lines, "suffix_lines": WINDOW.suffix_lines}
    settings = {"completion": {"deadline_ms": 10_000, "max_tokens": MAX_TOKENS, "max_lines": 1, **lines}}
    settings["completion"]["alternatives"] = 1  # asked by hand: every key gets its answer
    with tempfile.TemporaryDirectory() as folder:
        editor = await Editor.start(Path(folder), settings=settings)
        try:
            buffer = await editor.open(trace.path, trace.head + trace.tail, "python")
            at = len(trace.head)
            while not (await editor.ghost(buffer, at, by_hand=True)).details.get("model"):
                await asyncio.sleep(0.1)
            for key in trace.keystrokes():
                at = await editor.type(buffer, at, key.before[at:])
                shown = await editor.ghost(buffer, at, by_hand=True)
                if not shown.details:
                    raise SystemExit(f"No figures: a request was not answered. {editor.messages[-1:]}")
                from_engine = shown.details["source"] == "engine"
                figures.calls += from_engine
                figures.latency_ms.append(shown.latency_ms)
                figures.outside_ms.append(
                    shown.latency_ms - (shown.details["engine_ms"] if from_engine else 0.0)
                )
                figures.evaluated.append(shown.details["evaluated_tokens"] if from_engine else 0)
        finally:
            await editor.close()
    return figures


@contextlib.contextmanager
def peer_server(model: Path) -> Iterator[tuple[str, Path]]:
    """llama-cpp-python's own server on a free loopback port, and the file it prints its figures to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port)]
        command += ["--host", "127.0.0.1", "--n_ctx", "4096", "--verbose", "true", "--n_batch", "512"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            for _ in range(300):
                with contextlib.suppress(httpx2.TransportError):
                    if httpx2.get(f"{base}/v1/models").status_code == 200:
                        break
                if process.poll() is not None:
                    raise SystemExit(
                        "No comparison: llama_cpp.server did not start. Install llama-cpp-python[server]."
                    )
                time.sleep(0.1)
            yield base, Path(log.name)
        finally:
            process.terminate()
            process.wait(10)


_HIT = re.compile(r"Llama\.generate: (\d+) prefix-match hit, remaining (\d+) prompt tokens")
_PROMPT = re.compile(r"prompt eval time =\s+([\d.]+) ms /\s+(\d+) tokens")
_EVAL = re.compile(r"^.*?(?<!prompt )eval time =\s+([\d.]+) ms /\s+(\d+) runs", re.MULTILINE)


def peer(trace: Trace, model: Path, form: FimFormat, name: str) -> Figures:
    """The trace through the peer: same text, its order given by `form`."""
    figures = Figures(name)
    with peer_server(model) as (base, log), httpx2.Client(base_url=base, timeout=60) as client:
        for key in trace.keystrokes():
            lines = (key.before + key.after).splitlines(keepends=True)
            row, column = key.before.count("\n"), len(key.before) - (key.before.rfind("\n") + 1)
            prefix, suffix = window(lines, row, column, WINDOW)
            body = {
                "prompt": form.render(FimPrompt(prefix, suffix)),
                "max_tokens": MAX_TOKENS,
                "temperature": 0,
                "stop": ["\n", "<|endoftext|>"],
            }
            begun = log.stat().st_size
            began = time.perf_counter()
            client.post("/v1/completions", json=body).raise_for_status()
            latency = 1000 * (time.perf_counter() - began)
            said = log.read_text("utf-8", "replace")[begun:] if begun else log.read_text("utf-8", "replace")
            prompt, decode = _PROMPT.search(said), _EVAL.search(said)
            hit = _HIT.search(said)
            engine = float(prompt[1] if prompt else 0) + float(decode[1] if decode else 0)
            figures.calls += 1
            figures.latency_ms.append(latency)
            figures.outside_ms.append(latency - engine)
            figures.evaluated.append(int(hit[2]) if hit else int(prompt[2]) if prompt else 0)
    return figures


def report(rows: Sequence[Figures], keystrokes: int) -> None:
    """The table, and our figures as ratios to each peer's."""
    print(f"{keystrokes} keystrokes; tokens are prompt tokens evaluated per keystroke, times in ms")
    print(f"{'':44} {'outside engine':>16} {'latency':>16} {'evaluated tokens':>24} {'calls':>6}")
    print(f"{'':44} {'p50':>8}{'p95':>8} {'p50':>8}{'p95':>8} {'mean':>8}{'p50':>8}{'p95':>8} {'':>6}")
    for row in rows:
        times = [percentile(v, s) for v in (row.outside_ms, row.latency_ms) for s in (0.5, 0.95)]
        tokens = [
            sum(row.evaluated) / len(row.evaluated),
            *(percentile(row.evaluated, s) for s in (0.5, 0.95)),
        ]
        print(
            f"{row.name:44} {times[0]:8.1f}{times[1]:8.1f} {times[2]:8.1f}{times[3]:8.1f} "
            f"{tokens[0]:8.1f}{tokens[1]:8.0f}{tokens[2]:8.0f} {row.calls:6}"
        )
    for row in rows[1:]:
        outside = percentile(rows[0].outside_ms, 0.5) / percentile(row.outside_ms, 0.5)
        latency = percentile(rows[0].latency_ms, 0.5) / percentile(row.latency_ms, 0.5)
        evaluated = sum(rows[0].evaluated) / max(1, sum(row.evaluated))
        print(
            f"ratio to {row.name}: outside p50 {outside:.2f}, latency p50 {latency:.2f}, "
            f"evaluated tokens {evaluated:.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keystrokes", type=int, default=300)
    parser.add_argument(
        "--file", type=Path, help="a source file of at least 1,300 lines (default: Python's argparse.py)"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    trace = (
        of_file(arguments.file, keystrokes=arguments.keystrokes)
        if arguments.file
        else of_file(keystrokes=arguments.keystrokes)
    )
    model = resolve("auto")
    usual = replace(FORMATS["qwen"], repository="", file="")
    rows = [
        asyncio.run(ours(trace)),
        peer(trace, model, usual, "llama_cpp.server, prefix first"),
        peer(trace, model, replace(usual, order="suffix-first"), "llama_cpp.server, our order"),
    ]
    if arguments.json:
        print(json.dumps([vars(row) for row in rows]))
    else:
        report(rows, len(rows[0].evaluated))


if __name__ == "__main__":
    main()
