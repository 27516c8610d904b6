"""`nearside engine run` with llama.cpp's infill sampler, which llama.vim asks for: top-k 40, top-p 0.9,
infill.

The sampler ends an answer where the end is likely enough beside what could follow, or where nothing that
could follow has a probability of 0.2; tokens of which one begins another count together. Of what is left the
likeliest token is taken. (llama_sampler_infill_apply in llama.cpp's src/llama-sampling.cpp)

Prompts are laid out as llama-server's /infill lays them out: prefix, suffix, middle (format_prompt_infill in
its tools/server); `--suffix-first` keeps our own order. The bundled model was trained on both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from inference import choices, engine_process, fim, sequences
from inference.backend import Backend
from nearside.engine import run

TOP_K, TOP_P, LEAST = 40, 0.9, 0.2


def infill(row: np.ndarray, is_end: Callable[[int], bool], piece: Callable[[int], bytes]) -> int | None:
    """The token to go on with by the logits of the whole vocabulary; None to end here."""
    order = np.argsort(row)[::-1][:TOP_K]
    weights = np.exp(row[order].astype(np.float64) - float(row[order[0]]))
    weights /= weights.sum()
    count = int(np.searchsorted(weights.cumsum(), TOP_P)) + 1
    tokens, weights = [int(token) for token in order[:count]], weights[:count] / weights[:count].sum()
    ends = sum(weight for token, weight in zip(tokens, weights, strict=True) if is_end(token))
    if 3 * ends * count > 1 - ends:
        return None
    merged = _merged([piece(token) for token in tokens], list(weights))
    likely = max(range(count), key=lambda i: -1.0 if is_end(tokens[i]) else merged[i])
    return tokens[likely] if merged[likely] >= LEAST else None


def _merged(pieces: Sequence[bytes], weights: list[float]) -> list[float]:
    """Weights after each token that begins another one, or is begun by it, went over to the likelier."""
    for i, one in enumerate(pieces):
        for j, other in enumerate(pieces):
            if i != j and one and weights[i] and weights[j] and other.startswith(one):
                into, out = (j, i) if weights[j] > weights[i] else (i, j)
                weights[into] += weights[out]
                weights[out] = 0.0
    return weights


def main() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != "--suffix-first"]
    sequences.MOST_LOST = 1 << 30  # llama-server answers whatever it is asked
    if len(arguments) == len(sys.argv[1:]):
        ours = fim.FORMATS["nearside"]
        fim.FORMATS["nearside"] = replace(fim.FORMATS["qwen"], heal=ours.heal, ends=ours.ends)
    load, choose = engine_process._load, choices.choose
    loaded: list[Backend] = []

    def load_and_note(model):  # noqa: ANN001, ANN202
        loaded.append(load(model))
        return loaded[0]

    def choose_infill(row: np.ndarray, temperature: float, random: np.random.Generator) -> int:
        backend = loaded[0]
        if len(row) < backend.vocabulary:  # only tokens that spell what was typed: no end among them
            return choose(row, temperature, random)
        token = infill(row, backend.is_end, backend.piece)
        return next(i for i in range(len(row)) if backend.is_end(i)) if token is None else token

    engine_process._load, choices.choose = load_and_note, choose_infill
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
