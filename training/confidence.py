"""Fit the confidence of a draft (inference/confidence.py) to the bundled model, and say how good it is.

`python -m training.confidence` completes the held-out holes through the engine and the completer as served
(about three minutes), fits by Newton's method with signs held where they are known, and writes the weights.
The figures it prints come from ten-fold cross-validation in which no file is on both sides. Run it again
whenever the model or a filter changes, then `python -m benchmarks.scenarios record`.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.holes import Filled, fill, held_out
from benchmarks.in_process import InProcess
from benchmarks.measures import area_under_risk_coverage, auroc
from inference.confidence import WEIGHTS
from inference.draft_features import features, first_line
from settings.schema import Completion

ONE_LINE = Completion(max_lines=1, max_tokens=48)
"""Only the first line is judged; a greedy draft begins the same however long it gets."""
FOLDS = 10
PENALTY = 5.0
"""Of squared weights over standardised features; anything from 1 to 30 gave the same to three digits."""
SIGNS = {
    **dict.fromkeys(("start", "first", "mean", "sum", "least", "tenth", "quarter"), 1),
    **dict.fromkeys(("margin", "least_margin", "first_margin"), 1),
    **dict.fromkeys(("loops", "unknown", "repeats"), -1),
}
"""A surer model must never lower the score; what would is left out. Length and place may go either way."""


def weighted_mean(logprobs: Sequence[float], margins: Sequence[float]) -> float:
    """The plain rule to beat: four figures of the decoding with weights somebody chose by hand."""
    first = logprobs[:3]
    value = 0.4 * math.exp(sum(first) / len(first)) + 0.3 * math.exp(sum(logprobs) / len(logprobs))
    return value + 0.15 * math.exp(min(logprobs)) + 0.15 * sum(margins) / len(margins)


def fitted(values: np.ndarray, right: np.ndarray, free: Sequence[int]) -> np.ndarray:
    """Bias and weights [1 + columns] of the penalised logistic in which only the columns `free` take part."""
    design = np.c_[np.ones(len(values)), values[:, free]]
    penalty = np.diag([0.0] + [PENALTY] * len(free))
    found = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (p - right) + penalty @ found
        hessian = (design * (p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        found -= step
        if np.abs(step).max() < 1e-9:
            break
    whole = np.zeros(1 + values.shape[1])
    whole[[0, *(1 + i for i in free)]] = found
    return whole


def with_signs(values: np.ndarray, right: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Fit, drop the weight whose sign is the most wrong, and fit again until none is."""
    free = list(range(len(names)))
    while True:
        found = fitted(values, right, free)
        wrong = {i: SIGNS.get(names[i], 0) * found[1 + i] for i in free}
        worst = min(wrong, key=lambda i: wrong[i])
        if wrong[worst] >= 0:
            return found
        free.remove(worst)


def standardised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean, scale = rows.mean(0), rows.std(0)
    scale[scale < 1e-9] = 1.0
    return (rows - mean) / scale, mean, scale


def fold(filled: Filled) -> int:
    context = filled.hole.context
    return hashlib.sha256(f"{context.repository}/{context.path}".encode()).digest()[0] % FOLDS


def report(
    drafts: Sequence[Filled], rows: np.ndarray, names: Sequence[str], right: np.ndarray
) -> dict[str, float]:
    """Print AUROC of every feature alone, of the plain rule and of the whole; return the whole's figures."""
    values, _, _ = standardised(rows)
    folds = np.array([fold(draft) for draft in drafts])
    p = np.zeros(len(rows))
    for k in range(FOLDS):
        found = with_signs(values[folds != k], right[folds != k], names)
        p[folds == k] = 1 / (1 + np.exp(-(found[0] + values[folds == k] @ found[1:])))
    alone = {name: auroc(list(rows[:, i]), list(right)) for i, name in enumerate(names)}
    for name, area in sorted(alone.items(), key=lambda item: -abs(item[1] - 0.5)):
        print(f"  AUROC {area:.3f}  {name} alone")
    plain = [weighted_mean(draft.draft.logprobs, draft.draft.margins) for draft in drafts]
    labels = [bool(label) for label in right]
    print(f"  AUROC {auroc(plain, labels):.3f}  weighted mean of four figures (the plain rule)")
    whole = auroc(list(p), labels)
    print(f"  AUROC {whole:.3f}  the fitted logistic, cross-validated")
    area, oracle = (area_under_risk_coverage(s, labels) for s in (list(p), [float(b) for b in labels]))
    print(f"  AURC {area:.3f} (random order {1 - right.mean():.3f}, best order {oracle:.3f})")
    for low in np.arange(0, 1, 0.1):
        these = (p >= low) & (p < low + 0.1)
        if these.any():
            print(f"  said {low:.1f} to {low + 0.1:.1f}: right {right[these].mean():.2f} of {these.sum()}")
    loss = -float(np.mean(np.log(np.where(right, p, 1 - p))))
    return {"auroc": round(whole, 4), "log_loss": round(loss, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="a GGUF file (default: the bundled model)")
    parser.add_argument("--holes", type=int, help="use only the first so many")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    begun = time.monotonic()

    async def ask() -> list[Filled]:
        engine = InProcess(arguments.model)
        try:
            return await fill(held_out()[: arguments.holes], engine, ONE_LINE)
        finally:
            await engine.close()

    filled = asyncio.run(ask())
    drafts = [draft for draft in filled if first_line(draft.suggestion.text).strip() and draft.draft.margins]
    given = [features(d.draft.logprobs, d.draft.margins, d.suggestion.text, d.hole.context) for d in drafts]
    names = list(given[0])
    rows = np.array([[row[name] for name in names] for row in given])
    right = np.array([draft.hole.is_right(draft.suggestion.text) for draft in drafts])
    print(f"{len(filled)} held-out holes, {len(drafts)} drafts, right {right.mean():.3f}")
    figures = report(drafts, rows, names, right)

    values, mean, scale = standardised(rows)
    found = with_signs(values, right, names)
    weights = {
        name: {"mean": round(m, 5), "scale": round(s, 5), "weight": round(w, 4)}
        for name, m, s, w in zip(names, mean.tolist(), scale.tolist(), found[1:].tolist(), strict=True)
        if round(w, 4)
    }
    measured = {"drafts": len(drafts), "right": round(float(right.mean()), 4)} | figures
    body = {"measured": measured, "bias": round(float(found[0]), 4), "features": weights}
    arguments.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    print(f"{arguments.out.name}: {len(weights)} weights; {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
