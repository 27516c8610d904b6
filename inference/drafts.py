"""Drafts by prompt lookup: what follows where the last tokens stood before is guessed to follow again.

A draft is evaluated in one batch with the token before it, and its right part costs no decode of its own.
Whether that pays depends on the machine and on the text, so both are measured; here are the guess and the
reckoning, generate.py evaluates and checks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LONGEST_MATCH = 3
"""Tokens that must stand before to believe in a guess; where no three do, two will do."""
SIZES = (2, 4, 8, 16)
"""Batch sizes tried, the token before the draft included: kernels are written for powers of two."""
WORTH = 1.2
"""Speed, as a multiple of plain decoding, from which a draft is evaluated. The figures are estimates: with
1.1 the bundled model on a busy CPU lost as often as it gained."""


class Lookup:
    """The tokens of one answer and of its prompt, and where what was written last stands in them already."""

    def __init__(self, prompt: Sequence[int], room: int) -> None:
        self._tokens = np.empty(len(prompt) + room, np.int32)
        self._length = len(prompt)
        self._tokens[: self._length] = prompt
        self._next = 0
        self.matched = 0
        """Tokens in a row known to agree with an earlier place; 0 where there is none."""

    def push(self, token: int) -> bool:
        """Go on by the next token of the answer; whether it is the one that followed there."""
        follows = bool(self.matched) and bool(self._tokens[self._next] == token)
        self._tokens[self._length] = token
        self._length += 1
        if follows:
            self.matched, self._next = self.matched + 1, self._next + 1
        else:
            self.matched, self._next = self._search()
        return follows

    def _search(self) -> tuple[int, int]:
        """The most recent earlier place of the last three or two tokens, as their number and its end."""
        held = self._tokens[: self._length]
        if self._length < 2:
            return 0, 0
        ends = held[1 : self._length - 1] == held[-1]  # entry i is about token i + 1
        ends &= held[: self._length - 2] == held[-2]
        places = np.flatnonzero(ends) + 1
        if not len(places):
            return 0, 0
        longer = places[held[places - 2] == held[-3]] if self._length >= LONGEST_MATCH else places[:0]
        longer = longer[longer >= LONGEST_MATCH - 1]
        return (LONGEST_MATCH, int(longer[-1]) + 1) if len(longer) else (2, int(places[-1]) + 1)

    def draft(self, count: int) -> list[int]:
        """The next `count` tokens if all goes on as it did there; a short period repeats itself."""
        return np.resize(self._tokens[self._next : self._length], count).tolist() if self.matched else []


class Drafts:
    """When drafts pay on this machine: one for an engine's life, learning from every token and every batch.

    The expected tokens of a batch come from how often a guess was right after a match of a given length,
    counted whether it was evaluated or not. What a batch costs is kept as a ratio to a single token's, so
    that a busy machine, which makes both slow, does not disturb it.
    """

    def __init__(self, longest: int = SIZES[-1] - 1) -> None:
        self.longest = longest
        """Tokens of a draft at most; 0 is none ever."""
        self._right = [0.5, 0.6, 0.75, 0.9, 0.95]
        """Share of right guesses after a match of 2, 3, 4 to 7, 8 to 15 and more tokens; at first a guess."""
        self._single = 0.0
        """Seconds of a batch of one token; 0 until one was measured."""
        self._ratio = {2: 1.2, 4: 1.5, 8: 2.0, 16: 3.0}
        """Seconds of a batch to that. At first hopeful, for only what is tried is measured."""
        self._tried: set[int] = set()
        self._change = 0.0
        """What the single token after a draft takes beyond another one, as a share: llama.cpp lays its graph
        out anew when a batch has another size."""
        self._last = 1

    def count(self, matched: int, most: int) -> int:
        """How many tokens to draft after a match of `matched`, `most` being of use; 0 where none pays."""
        if not matched or not self._single:
            return 0
        best, gain, expected, alive = 0, WORTH, 1.0, 1.0
        for count in range(1, min(most, self.longest) + 1):
            alive *= self._right[_class(matched + count - 1)]
            expected += alive
            ratio = self._ratio.get(count + 1)
            if ratio and expected / (ratio + self._change) > gain:
                best, gain = count, expected / (ratio + self._change)
        # A size that never pays is never measured again, and may have been measured in a bad moment.
        for size in self._tried - {best + 1}:
            self._ratio[size] = max(1.0, 0.9995 * self._ratio[size])
        return best

    def guessed(self, matched: int, right: bool) -> None:
        """A guess after a match of `matched` tokens was right or wrong; the last fifty or so count."""
        if matched:
            kind = _class(matched)
            self._right[kind] += 0.02 * (right - self._right[kind])

    def measured(self, size: int, seconds: float) -> None:
        """A batch of `size` tokens, the logits of the first included, took so long.

        Others make a batch slow, never fast: what is over twice the known counts as twice.
        """
        last, self._last = self._last, size
        if size == 1 and last == 1:
            known = self._single or seconds
            self._single = known + 0.1 * (min(seconds, 2 * known) - known)
        elif size == 1:
            self._change += 0.1 * (min(max(seconds / self._single - 1, 0.0), 1.0) - self._change)
        elif self._single and size in self._ratio:
            ratio = min(max(seconds / self._single, 1.0), size)  # never dearer than one by one
            known = self._ratio[size] if size in self._tried else ratio
            self._ratio[size] = known + 0.5 * (min(ratio, 2 * known) - known)
            self._tried.add(size)


def _class(matched: int) -> int:
    return 0 if matched < 3 else 1 if matched < 4 else 2 if matched < 8 else 3 if matched < 16 else 4
