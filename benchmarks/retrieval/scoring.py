"""Recall, reciprocal rank and their standard errors, and tables of them. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

RANKS = (1, 5, 10)


def rank_of(ranked: Sequence[bool]) -> int | None:
    """Return the rank of the first right place, from 1; None if there is none."""
    return next((number for number, right in enumerate(ranked, 1) if right), None)


def figures(ranks: Sequence[int | None]) -> dict[str, tuple[float, float]]:
    """Return recall at each of `RANKS` and MRR, each with its standard error, in per cent."""
    found = {f"R@{k}": mean([rank is not None and rank <= k for rank in ranks]) for k in RANKS}
    found["MRR"] = mean([1 / rank if rank else 0.0 for rank in ranks])
    return found


def mean(values: Sequence[float | bool]) -> tuple[float, float]:
    """Return the mean and its standard error, in per cent; not a number of nothing."""
    if not values:
        return math.nan, math.nan
    middle = sum(values) / len(values)
    spread = sum((value - middle) ** 2 for value in values) / max(1, len(values) - 1)
    return 100 * middle, 100 * math.sqrt(spread / len(values))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed; not a number of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


def table(title: str, rows: Mapping[str, Mapping[str, tuple[float, float]]], note: str = "") -> str:
    """Return a markdown table of means and standard errors."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"### {title}", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        cells = [
            f"{row[column][0]:.1f} ± {row[column][1]:.1f}" if column in row else "" for column in columns
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, *(["", note] if note else []), ""])
