"""The vectors of a table kept in memory for an exact search, and kept up with what is committed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from retrieval.matrix import Matrix
from retrieval.store_tables import about, scan

if TYPE_CHECKING:
    from lancedb.table import Table


class Exact:
    """Any thread may call. Errors are those of LanceDB."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._loading = threading.Lock()
        self._matrix = Matrix(dimensions)
        self._seen = ("", 0, 0)
        """What the matrix holds: of which table, up to which version, up to which batch."""

    def nearest(self, table: Table, vector: np.ndarray, k: int) -> dict[str, float]:
        """Return the cosines of the k vectors nearest to a unit vector, by hash, nearest first."""
        with self._loading:
            made, version = about(table)["made"], table.version
            if self._seen[0] != made or len(self._matrix) > 2 * table.count_rows():
                self._matrix, self._seen = Matrix(self._dimensions), (made, 0, 0)
            if self._seen[1] != version:
                last = self._seen[2]
                found = scan(table, ["batch", "hash", "vector"], f"batch > {last}")
                self._matrix.reserve(found.num_rows)
                for part in found.to_batches():
                    flat = part["vector"].flatten().to_numpy(zero_copy_only=False)
                    self._matrix.add(part["hash"].to_pylist(), flat.reshape(-1, self._dimensions))
                    last = max([last, *part["batch"].to_pylist()])
                self._seen = (made, version, last)
            return dict(self._matrix.nearest(vector.astype(np.float32), k))
