"""What every embedder offers: texts in, unit vectors out. Where they are made is its own affair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from inference.types import NearsideError

if TYPE_CHECKING:
    import numpy as np


class EmbedderUnavailable(NearsideError):
    """This embedder cannot answer: its files, its library or its server is missing or broken."""


class Embedder(Protocol):
    """Turns texts into vectors. Made cheaply: a model is loaded by the first call that needs it."""

    @property
    def identity(self) -> str:
        """Everything that decides what a vector is: model, revision, number format, prefixes, length, size.

        Vectors can be compared if and only if their identities are equal. Raises EmbedderUnavailable: some
        embedders have to look at a file, or ask a server once.
        """
        ...

    @property
    def dimensions(self) -> int:
        """Numbers in one vector. Raises EmbedderUnavailable."""
        ...

    def embed(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Return float32 (len(texts), dimensions), rows of length 1; a `query` may have a prefix of its own.

        Blocks, for seconds where there are thousands of texts: call it in a thread, with a few hundred at a
        time. Safe to call from several threads. Raises EmbedderUnavailable.
        """
        ...
