"""An embedder without a model: words hashed to places of a vector. It counts what it was given."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from retrieval.embedders import EmbedderUnavailable

DIMENSIONS = 64


class Hashing:
    """Texts with the same words are near each other; nothing else is."""

    dimensions = DIMENSIONS

    def __init__(self, identity: str = "hashing") -> None:
        self.identity = identity
        self.texts: list[str] = []
        self.fails = False

    def embed(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        if self.fails:
            raise EmbedderUnavailable("No vectors, because the test says so.")
        if not query:
            self.texts += texts
        vectors = np.full((len(texts), DIMENSIONS), 1e-6, np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"[a-z]+", text.lower()):
                vectors[row, zlib.crc32(word.encode()) % DIMENSIONS] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
