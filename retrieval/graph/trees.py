"""The fitted ranker: boosted trees of one depth, read from a table and asked for many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from retrieval.graph.features import FEATURES
from retrieval.graph.weights import DEPTH, NAMES, TREES

if TYPE_CHECKING:
    import numpy as np


def scores(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the score of each row of `FEATURES`: the sum of the leaves it comes to."""
    if not rows:
        return []
    import numpy as np

    feature, threshold, leaf = _trees()
    table = np.array(rows, dtype=np.float32)
    row = np.arange(len(rows))[:, None]
    tree = np.arange(len(feature))[None, :]
    at = np.zeros((len(rows), len(feature)), dtype=np.intp)
    for _ in range(DEPTH):
        at = 2 * at + 1 + (table[row, feature[tree, at]] > threshold[tree, at])
    return leaf[tree, at - (2**DEPTH - 1)].sum(axis=1).tolist()


@cache
def _trees() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the table: of each tree the feature and threshold of every node, level by level, then its leaves."""
    import numpy as np

    nodes, leaves = 2**DEPTH - 1, 2**DEPTH
    columns = [FEATURES.index(name) for name in NAMES]
    numbers = np.array(TREES.split(), dtype=np.float64).reshape(-1, 2 * nodes + leaves)
    feature = np.array(columns, dtype=np.intp)[numbers[:, :nodes].astype(np.intp)]
    return feature, numbers[:, nodes : 2 * nodes].astype(np.float32), numbers[:, 2 * nodes :]
