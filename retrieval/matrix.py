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

    def reserve(self, more: int) -> None:
        """Make room for so many more, and a quarter of all on top, so that few are seldom worth a copy."""
        start = len(self._keys)
        if start + more > len(self._rows):
            grown = np.empty(((start + more) * 5 // 4, self._rows.shape[1]), np.float32)
            grown[:start] = self._rows[:start]
            self._rows = grown

    def add(self, keys: list[str], vectors: np.ndarray) -> None:
        """Append (n, dimensions) vectors of any float type; those whose key is there already are left out."""
        fresh = []
        for place, key in enumerate(keys):
            if key not in self._known:
                self._known.add(key)
                fresh.append(place)
        self.reserve(len(fresh))
        start, end = len(self._keys), len(self._keys) + len(fresh)
        self._rows[start:end] = vectors if len(fresh) == len(keys) else vectors[fresh]
        self._keys.extend(keys[place] for place in fresh)

    def nearest(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """Return the keys of the k largest dot products with them, largest first."""
        keys = self._keys
        scores = self._rows[: len(keys)] @ vector
        k = min(k, len(scores))
        if k <= 0:
            return []
        best = np.argpartition(scores, -k)[-k:]
        best = best[np.lexsort((best, -scores[best]))]
        return [(keys[place], float(scores[place])) for place in best]
