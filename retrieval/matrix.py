"""Vectors in memory for an exact search: below some hundred thousand, one matrix product beats any index."""

from __future__ import annotations

import numpy as np


class Matrix:
    """Unit vectors with a key each, in float32, the smallest format numpy multiplies fast."""

    def __init__(self, dimensions: int) -> None:
        self._keys: list[str] = []
        self._known: set[str] = set()
        self._rows = np.empty((0, dimensions), np.float32)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: list[str], vectors: np.ndarray) -> None:
        """Append (n, dimensions) vectors; those whose key is there already are left out."""
        fresh = []
        for place, key in enumerate(keys):
            if key not in self._known:
                self._known.add(key)
                fresh.append(place)
        start, end = len(self._keys), len(self._keys) + len(fresh)
        if end > len(self._rows):
            # A quarter on top, so that vectors that trickle in are not each paid for by a copy of all.
            grown = np.empty((end + end // 4, self._rows.shape[1]), np.float32)
            grown[:start] = self._rows[:start]
            self._rows = grown
        self._rows[start:end] = vectors if len(fresh) == len(keys) else vectors[fresh]
        self._keys.extend(keys[place] for place in fresh)

    def nearest(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """Return the keys of the k largest dot products with them, largest first."""
        keys = self._keys
        scores = self._rows[: len(keys)] @ vector
        k = min(k, len(scores))
        if k <= 0:
            return []
        best = np.argpartition(-scores, k - 1)[:k]
        best = best[np.lexsort((best, -scores[best]))]
        return [(keys[place], float(scores[place])) for place in best]
