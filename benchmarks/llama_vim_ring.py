"""The ring of text chunks llama.vim puts in front of its prompts: what it picks, and what it gives up."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from inference.types import Snippet

CHUNKS, QUEUED = 16, 16
CHUNK_LINES = 64
"""A random half of a longer text is kept."""
SAME, DISTORTING = 0.9, 0.5
"""Similarity above which a chunk is given up for a newer one, or for being like the surroundings."""


def similarity(one: str, other: str) -> float:
    """Dice's coefficient of the words; those of the second text count as often as they occur."""
    a, b = words(one), words(other)
    known = set(a)
    return 2 * sum(word in known for word in b) / (len(a) + len(b)) if a or b else 1.0


def words(text: str) -> list[str]:
    return [word for word in re.split(r"\W+", text) if word]


class Ring:
    """Chunks in the prompt, the oldest first, and a queue of those that are to come."""

    def __init__(self, size: int = CHUNKS, seed: int = 1) -> None:
        self.size = size
        self.chunks: list[Snippet] = []
        self.queue: list[Snippet] = []
        self._rng = random.Random(seed)

    def pick(self, path: str, lines: Sequence[str], evict: bool) -> None:
        """Queue a part of `lines`; where one is known that is like it, that one goes, or `evict` is false and
        nothing happens.
        """
        if not self.size or len(lines) < 3:
            return
        text = "\n".join(lines) + "\n" if len(lines) + 1 < CHUNK_LINES else self.half(lines)
        if any(chunk.text == text for chunk in (*self.chunks, *self.queue)):
            return
        for known in (self.queue, self.chunks):
            alike = [chunk for chunk in known if similarity(chunk.text, text) > SAME]
            if alike and not evict:
                return
            known[:] = [chunk for chunk in known if chunk not in alike]
        self.queue = [*self.queue, Snippet(path, text)][-QUEUED:]

    def half(self, lines: Sequence[str]) -> str:
        """A random half of a chunk's lines (one more, as it counts)."""
        start = self._rng.randint(0, max(0, len(lines) - CHUNK_LINES // 2))
        return "\n".join(lines[start : start + CHUNK_LINES // 2 + 1]) + "\n"

    def drop_like(self, text: str) -> None:
        """Give up chunks so like the surroundings that the model would repeat them."""
        self.chunks = [chunk for chunk in self.chunks if similarity(chunk.text, text) <= DISTORTING]

    def advance(self) -> bool:
        """Take the oldest chunk over from the queue; whether there was one."""
        if not self.queue:
            return False
        self.chunks = [*self.chunks, self.queue.pop(0)][-self.size :]
        return True
