"""Which tokens may come next, and what speaks for them besides the model: what was typed, what is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inference.backend import Backend
from inference.grammar import Grammar, Held
from inference.guide import Guide, Known, Spellings, distinct
from inference.healing import Pieces
from inference.sampling import choose, first_tokens

SPARE = 8
"""First tokens looked at besides those asked for; some end the answer."""
SPARE_GUIDED = 32
"""The same where names are raised: many tokens may begin one name."""


@dataclass(frozen=True)
class Choices:
    """What is the same for every token of a request."""

    pieces: Pieces | None = None
    """None for models that do without healing."""
    spellings: Spellings | None = None
    """None for models that cannot fill in the middle."""
    guide: Guide | None = None
    held: Held | None = None
    """Of an answer that keeps to a schema."""

    def keeping_to(self, grammar: Grammar | None) -> Choices:
        """The choices of a request whose answer keeps to a grammar."""
        return replace(self, held=Held(grammar)) if grammar else self

    def guided(self, known: Known | None) -> Choices:
        """The choices of a request that knows names."""
        return replace(self, guide=Guide(known, self.spellings)) if known and self.spellings else self

    def at(self, row: np.ndarray, text: bytes, typed: bytes) -> tuple[np.ndarray, np.ndarray]:
        """The logits to choose from after `text`, and their tokens: all, or those that spell what was typed.

        Probabilities over these are what the model says given what the user has typed and what is known.
        """
        if self.guide:
            row = self.guide.raised(row, text, typed)
        if not typed or self.pieces is None:
            return row, np.arange(len(row))
        tokens = np.asarray(self.pieces.spelling(typed))
        return row[tokens], tokens

    def pick(
        self, row: np.ndarray, tokens: np.ndarray, temperature: float, random: np.random.Generator
    ) -> int:
        """The index of the next token by what `at` returned. Where a grammar is kept to, it goes on by it."""
        if self.held:
            return self.held.choose(row, tokens, temperature, random)
        return choose(row, temperature, random)

    def first(
        self, row: np.ndarray, tokens: np.ndarray, best: int, count: int, backend: Backend
    ) -> list[int]:
        """Indices of the first tokens of `count` alternatives, `best` first; none ends the answer."""
        likely = first_tokens(row, count + (SPARE_GUIDED if self.guide else SPARE))
        others = [i for i in likely if i != best and not backend.is_end(int(tokens[i]))]
        if self.guide:
            spelled = [(i, backend.piece(int(tokens[i]))) for i in others if row[i] > -np.inf]
            others = distinct(backend.piece(int(tokens[best])), spelled)
        return [best, *others[: count - 1]]
