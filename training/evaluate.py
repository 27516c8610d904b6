"""Measure a completion model on committed held-out code: loss, and exact match of single-line holes.

`python -m training.evaluate [--model FILE]` needs `heldout.jsonl.gz`, numpy and llama_cpp only.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import json
import math
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import llama_cpp as llama
import numpy as np

from training.special import FILE, PREFIX, REPO, SPECIAL, SUFFIX

HELD_OUT = Path(__file__).with_name("heldout.jsonl.gz")
SHIPPED = Path(__file__).parents[1] / "inference" / "models" / "nearside-fim.gguf"
MOST_TOKENS = 64  # of one completion; no expected text is longer
QUIET = llama.llama_log_callback(lambda level, text, data: None)


class Engine:
    """llama.cpp with one sequence and greedy choice; positions start at zero for every text."""

    def __init__(self, path: Path, threads: int = 1, context: int = 2048) -> None:
        llama.llama_log_set(QUIET, ctypes.c_void_p())
        llama.llama_backend_init()
        self.model = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
        if not self.model:
            raise SystemExit(
                f"Nothing measured: llama.cpp cannot load {path}. Give another file with --model."
            )
        options = llama.llama_context_default_params()
        options.n_ctx = options.n_batch = options.n_ubatch = context
        options.n_threads = options.n_threads_batch = threads
        self.context: Any = llama.llama_init_from_model(self.model, options)
        self.vocabulary: Any = llama.llama_model_get_vocab(self.model)
        self.size = llama.llama_vocab_n_tokens(self.vocabulary)
        self.batch = llama.llama_batch_init(context, 0, 1)
        self.special = [self.tokens(name, special=True)[0] for name in SPECIAL]

    def tokens(self, text: str, special: bool = False) -> list[int]:
        raw = text.encode()
        room = (llama.llama_token * (len(raw) + 8))()
        count = llama.llama_tokenize(self.vocabulary, raw, len(raw), room, len(room), False, special)
        return list(room[:count])

    def join(self, parts: list[int | str]) -> list[int]:
        """Tokens of parts: a number stands for one of `SPECIAL`, text is encoded by itself."""
        return [t for p in parts for t in ([self.special[p]] if isinstance(p, int) else self.tokens(p))]

    def piece(self, token: int) -> bytes:
        room = ctypes.create_string_buffer(256)
        size = llama.llama_token_to_piece(self.vocabulary, token, room, len(room), 0, False)
        return room.raw[:size]

    def feed(self, ids: list[int], position: int, every: bool) -> None:
        batch = self.batch
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, position + i, 1, 0
            batch.logits[i] = every or i == len(ids) - 1
        if llama.llama_decode(self.context, batch):
            raise RuntimeError("llama_decode failed")

    def clear(self) -> None:
        memory: Any = llama.llama_get_memory(self.context)
        llama.llama_memory_clear(memory, True)

    def logits(self, ids: list[int]) -> np.ndarray:
        """Logits [tokens, vocabulary] after every token."""
        self.clear()
        self.feed(ids, 0, every=True)
        flat = llama.llama_get_logits(self.context)
        return np.ctypeslib.as_array(flat, (len(ids), self.size)).copy()

    def complete(self, ids: list[int]) -> str:
        """The best token again and again, up to the end of the text or of the line."""
        self.clear()
        self.feed(ids, 0, every=False)
        made, position = b"", len(ids)
        for _ in range(MOST_TOKENS):
            row = np.ctypeslib.as_array(llama.llama_get_logits_ith(self.context, -1), (self.size,))
            token = int(row.argmax())
            if token in self.special or llama.llama_vocab_is_eog(self.vocabulary, token):
                break
            made += self.piece(token)
            if b"\n" in made:
                break
            self.feed([token], position, every=False)
            position += 1
        return made.decode("utf-8", "replace").split("\n")[0]


def prompt(hole: dict) -> list[int | str]:
    """The layout of a completion request: other files, this file's path, suffix, prefix."""
    head = [REPO, f"{hole['package']}\n", *hole["context"], FILE, f"{hole['path']}\n"]
    return [*head, SUFFIX, hole["suffix"], PREFIX, hole["prefix"]]


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


def measure_loss(engine: Engine, samples: list[dict]) -> None:
    """Nats per token over all samples, and over the middles (the text a completion consists of) alone."""
    everything, middles = [], []
    for sample in samples:
        ids = engine.join(sample["parts"])[:1500]
        losses = negative_log_likelihood(engine.logits(ids)[:-1], ids[1:])
        everything.append(losses)
        if sample["hole"] is not None:
            middles.append(losses[len(engine.join(sample["parts"][: sample["hole"]])) - 1 :])
    every, middle = np.concatenate(everything), np.concatenate(middles)
    # Tokens of one sample depend on each other, so the spread is taken over samples.
    means = np.array([losses.sum() for losses in everything]) / (len(every) / len(everything))
    error = 1.96 * means.std() / math.sqrt(len(means))
    print(
        f"held-out loss {every.mean():.3f} nats per token (95 % within {error:.3f}), n = {len(every)} tokens"
    )
    print(f"  of which in the holes {middle.mean():.3f}, n = {len(middle)} tokens")


def measure_holes(engine: Engine, holes: list[dict], show: int) -> None:
    """Share of holes filled with exactly the expected text, trailing white space aside."""
    hits: dict[tuple[str, ...], list[bool]] = defaultdict(list)
    for number, hole in enumerate(holes):
        made = engine.complete(engine.join(prompt(hole)))
        hit = made.rstrip() == hole["expected"].rstrip()
        groups = [(), (hole["language"],), ("with context" if hole["context"] else "without context",)]
        groups.append(("comments and docstrings" if hole["prose"] else "code",))
        for group in groups:
            hits[hole["kind"], *group].append(hit)
        if number < show:
            print(f"{'=' if hit else ' '} {hole['prefix'][-40:]!r} wanted {hole['expected']!r} got {made!r}")
    names = {"rest": "rest of line", "node": "to the end of a bracket, argument or string"}
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
    engine = Engine(arguments.model, arguments.threads)
    begun = time.monotonic()
    measure_loss(engine, [r for r in rows if "parts" in r][: arguments.limit])
    measure_holes(engine, [r for r in rows if "expected" in r][: arguments.limit], arguments.show)
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
