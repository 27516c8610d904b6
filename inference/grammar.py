"""Holding an answer to a grammar: how the next token is chosen.

The likeliest token is asked about alone; the others only where it may not stand. Masking the vocabulary for
every token would cost more than a small model's decoding does.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from inference.sampling import choose
from inference.types import EngineRefused

LIKELY = 64
"""Tokens asked about before all are: the best of these that may stand is the best of all."""


class Grammar(Protocol):
    """How far one answer has come; what may follow is asked of it. Belongs to the engine's thread."""

    ends: np.ndarray
    """The tokens that end an answer."""

    def permitted(self, tokens: np.ndarray) -> np.ndarray:
        """Tell of each of `tokens` (ids) whether it may come next; an end where the answer may end."""
        ...

    def accept(self, token: int) -> None:
        """Go on by a token that was permitted and is no end."""
        ...

    def close(self) -> None: ...


class Held:
    """The choice of tokens under a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self.full_masks = 0
        """How often the whole vocabulary was asked about."""

    def choose(
        self, row: np.ndarray, tokens: np.ndarray, temperature: float, random: np.random.Generator
    ) -> int:
        """Return the index of the next token by its logits `row`, which belong to `tokens`.

        The result is distributed as the model says, restricted to what is permitted. Raises EngineRefused
        where nothing is.
        """
        index = choose(row, temperature, random)
        if not self._grammar.permitted(tokens[index : index + 1])[0]:
            index = self._other(row, tokens, temperature, random)
        token = int(tokens[index])
        if token not in self._grammar.ends:
            self._grammar.accept(token)
        return index

    def _other(
        self, row: np.ndarray, tokens: np.ndarray, temperature: float, random: np.random.Generator
    ) -> int:
        """Return the index of a permitted token after the likeliest was refused."""
        if temperature <= 0 and len(row) > LIKELY:
            likely = np.argpartition(row, -LIKELY)[-LIKELY:]
            # Where the answer may end and nothing likely may follow, it ends.
            asked = np.union1d(likely, np.flatnonzero(np.isin(tokens, self._grammar.ends)))
            kept = asked[self._grammar.permitted(tokens[asked])]
            if len(kept):
                return int(kept[row[kept].argmax()])
        self.full_masks += 1
        kept = np.flatnonzero(self._grammar.permitted(tokens))
        if not len(kept):
            raise EngineRefused(
                "The request was not answered: no token of the model's vocabulary continues the answer as "
                "the schema asks. Simplify the schema."
            )
        return int(kept[choose(row[kept], temperature, random)])
