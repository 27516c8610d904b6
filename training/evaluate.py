"""Measure a completion model on committed held-out code: loss, and exact match of single-line holes.

`python -m training.evaluate [--model FILE]` asks the real engine, as the server does; it needs
`heldout.jsonl.gz` and no corpus.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import queue
import sys
import time
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from inference.generate import Job
from inference.healing import take_back
from inference.llama import LlamaBackend
from inference.overlap import until_suffix
from inference.scheduler import Scheduler
from inference.tokens import infill_tokens
from inference.types import FimPrompt, NearsideError, Snippet
from settings.schema import Model
from training.special import SPECIAL

HELD_OUT = Path(__file__).with_name("heldout.jsonl.gz")
SHIPPED = Path(__file__).parents[1] / "inference" / "models" / "nearside-fim.gguf"
MOST_TOKENS = 64  # of one completion; no expected text is longer
LONGEST = 1500  # tokens of a sample whose loss is measured


def join(backend: LlamaBackend, parts: list[int | str]) -> list[int]:
    """Tokens of parts: a number stands for one of `SPECIAL`, texts that follow each other are one."""
    ids: list[int] = []
    for is_text, group in groupby(parts, key=lambda part: isinstance(part, str)):
        if is_text:
            ids += backend.tokenize("".join(map(str, group)))
        else:
            ids += [backend.special(SPECIAL[int(part)]) or 0 for part in group]
    return ids


def logits(backend: LlamaBackend, ids: list[int]) -> np.ndarray:
    """Logits [tokens, vocabulary] after every token."""
    backend.trim(0, 0)
    rows = []
    for start in range(0, len(ids), backend.batch_size):
        part = ids[start : start + backend.batch_size]
        backend.decode(part, range(start, start + len(part)), [0] * len(part), [True] * len(part))
        rows += [backend.logits(i).copy() for i in range(len(part))]
    backend.trim(0, 0)
    return np.stack(rows)


def fill(backend: LlamaBackend, scheduler: Scheduler, hole: dict[str, Any]) -> str:
    """What the engine and the server make of a hole: the best token again and again, one line."""
    texts = [part for part in hole["context"] if isinstance(part, str)]
    snippets = tuple(Snippet(*text.split("\n", 1)) for text in texts)
    whole = FimPrompt(hole["prefix"], hole["suffix"], hole["path"], hole["package"], snippets)
    prompt, typed = take_back(backend, whole)
    made: list[str] = []
    done: queue.Queue[Exception | None] = queue.Queue()
    tokens = infill_tokens(backend, prompt, backend.description.trained_context - MOST_TOKENS)
    scheduler.submit(
        Job(
            tokens, lambda p: made.append(p.text), done.put, typed=typed, max_tokens=MOST_TOKENS, stop=("\n",)
        )
    )
    if error := done.get():
        raise error
    return until_suffix("".join(made), hole["suffix"])


def negative_log_likelihood(logits: np.ndarray, targets: list[int]) -> np.ndarray:
    top = logits.max(1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(1)) + top[:, 0]
    return total - logits[np.arange(len(targets)), targets]


def interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def measure_loss(backend: LlamaBackend, samples: list[dict[str, Any]]) -> None:
    """Nats per token over all samples, and over the middles (the text a completion consists of) alone."""
    everything, middles = [], []
    for sample in samples:
        ids = join(backend, sample["parts"])[:LONGEST]
        losses = negative_log_likelihood(logits(backend, ids)[:-1], ids[1:])
        everything.append(losses)
        if sample["hole"] is not None:
            middles.append(losses[len(join(backend, sample["parts"][: sample["hole"]])) - 1 :])
    every, middle = np.concatenate(everything), np.concatenate(middles)
    # Tokens of one sample depend on each other, so the spread is taken over samples.
    means = np.array([losses.sum() for losses in everything]) / (len(every) / len(everything))
    error = 1.96 * means.std() / math.sqrt(len(means))
    print(
        f"held-out loss {every.mean():.3f} nats per token (95 % within {error:.3f}), n = {len(every)} tokens"
    )
    print(f"  of which in the holes {middle.mean():.3f}, n = {len(middle)} tokens")


def measure_holes(backend: LlamaBackend, holes: list[dict[str, Any]], show: int) -> None:
    """Share of holes filled with exactly the expected text, trailing white space aside."""
    hits: dict[tuple[str, ...], list[bool]] = defaultdict(list)
    scheduler = Scheduler(backend)
    for number, hole in enumerate(holes):
        made = fill(backend, scheduler, hole)
        hit = made.rstrip() == hole["expected"].rstrip()
        groups = [(), (hole["language"],), ("with context" if hole["context"] else "without context",)]
        groups.append(("comments and docstrings" if hole["prose"] else "code",))
        for group in groups:
            hits[hole["kind"], *group].append(hit)
        if number < show:
            print(f"{'=' if hit else ' '} {hole['prefix'][-40:]!r} wanted {hole['expected']!r} got {made!r}")
    names = {
        "keystroke": "rest of line, from any character",
        "rest": "rest of line, mostly from the beginning of a word, a bracket or the line",
        "node": "to the end of a bracket, argument or string",
    }
    for key in sorted(hits):
        n, exact = len(hits[key]), sum(hits[key])
        low, high = interval(exact, n)
        label = ", ".join([names[key[0]], *key[1:]])
        print(f"exact {exact / n:6.1%} [{low:.1%}, {high:.1%}]  {exact:4d} of {n:4d}  {label}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=int, help="use only the first so many samples and holes")
    parser.add_argument("--show", type=int, default=0, help="print so many completions")
    arguments = parser.parse_args()
    with gzip.open(HELD_OUT, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    try:
        backend = LlamaBackend(arguments.model, Model(threads=arguments.threads, context=2048))
    except NearsideError as error:
        raise SystemExit(str(error)) from None
    begun = time.monotonic()
    measure_loss(backend, [r for r in rows if "parts" in r][: arguments.limit])
    measure_holes(backend, [r for r in rows if "expected" in r][: arguments.limit], arguments.show)
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
