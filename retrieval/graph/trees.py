"""The fitted ranker: boosted trees of one depth, read from a table and asked for many rows at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from retrieval.graph.features import FEATURES
from retrieval.graph.weights import DEPTH, NAMES, TREES

if TYPE_CHECKING:
    import numpy as np


def scores(table: np.ndarray) -> list[float]:
    """Return the score of each row of `FEATURES`: the sum of the leaves it comes to."""
    import numpy as np

    feature, threshold, leaf = _trees()
    columns = np.ascontiguousarray(table.T).ravel()
    row = np.arange(len(table))[:, None]
    count = len(leaf) // 2**DEPTH
    tree = np.arange(count)[None, :] * (2**DEPTH - 1)
    at = np.zeros((len(table), count), dtype=np.intp)
    for _ in range(DEPTH):
        node = tree + at
        at = 2 * at + 1 + (columns[feature[node] * len(table) + row] > threshold[node])
    leaves = np.arange(count)[None, :] * 2**DEPTH + at - (2**DEPTH - 1)
    return leaf[leaves].sum(axis=1).tolist()


@cache
def _trees() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the table: of each tree its nodes' features, their thresholds, level by level, then its leaves."""
    import numpy as np

    nodes, leaves = 2**DEPTH - 1, 2**DEPTH
    columns = [FEATURES.index(name) for name in NAMES]
    numbers = np.array(TREES.split(), dtype=np.float64).reshape(-1, 2 * nodes + leaves)
    feature = np.array(columns, dtype=np.intp)[numbers[:, :nodes].astype(np.intp)]
    threshold, leaf = numbers[:, nodes : 2 * nodes].astype(np.float32), numbers[:, 2 * nodes :]
    return feature.ravel(), threshold.ravel(), leaf.ravel()
