"""Token healing: the unfinished word before the cursor is taken back from the prompt, and the model has to
write it again.

A tokeniser cuts `retu` differently than `return`, and a model that saw only whole words knows little to say
after half of one. So the prompt ends before the word, and of the next tokens only those are allowed that
spell what the user typed. Models trained on cuts inside words (Qwen2.5-Coder and others) do without; fim.py
says which do not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from inference.backend import Backend
from inference.types import FimPrompt

_UNFINISHED = re.compile(r"(?:[ \t]+|[^\s\w]|_)?[^\W\d_]*\Z")
"""Letters and the one mark, or the blanks, before them: what byte-level tokenisers join into one word."""
LONGEST = 40
"""Characters taken back at most; deep indentation stays where it is."""


def take_back(backend: Backend, prompt: FimPrompt) -> tuple[FimPrompt, bytes]:
    """The prompt without its unfinished word, and that word; the prompt as it is for models that do
    without.
    """
    if backend.format is None or not backend.format.heal:
        return prompt, b""
    found = _UNFINISHED.search(prompt.prefix, max(0, len(prompt.prefix) - LONGEST))
    typed = found[0] if found else ""
    kept = prompt.prefix[: len(prompt.prefix) - len(typed)]
    return replace(prompt, prefix=kept), typed.encode("utf-8", "replace")


class Pieces:
    """The vocabulary by its bytes."""

    def __init__(self, backend: Backend) -> None:
        pieces = sorted((backend.piece(token), token) for token in range(backend.vocabulary))
        self._bytes = [piece for piece, _ in pieces]
        self._tokens = [token for _, token in pieces]

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """Bytes and token, sorted; special tokens, which have no bytes, are left out."""
        return ((piece, token) for piece, token in zip(self._bytes, self._tokens, strict=True) if piece)

    def spelling(self, typed: bytes) -> Sequence[int]:
        """Tokens that begin with `typed`, and those that are a beginning of it; special tokens never."""
        low, high = bisect_left(self._bytes, typed), bisect_left(self._bytes, typed + b"\xff" * 4)
        tokens = self._tokens[low:high]
        for length in range(1, len(typed)):
            at = bisect_left(self._bytes, typed[:length])
            while at < len(self._bytes) and self._bytes[at] == typed[:length]:
                tokens.append(self._tokens[at])
                at += 1
        return tokens
