"""Choosing the next token, what is known about the choice, and when to stop. Pure functions over logits and
text.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np

TOP_K = 40
"""Candidates kept when sampling with a temperature; llama.cpp's own default."""


@dataclass(frozen=True)
class Step:
    """One chosen token."""

    token: int
    logprob: float
    """Natural-log probability under the distribution the choice was made from, but for the temperature: the
    model's own, restricted to what was typed (healing.py) and with known names raised (guide.py)."""
    margin: float
    """p(first) - p(second) of the same distribution."""


def steps_for(row: np.ndarray, tokens: list[int]) -> list[Step]:
    """What the distribution `row` (one logit a token) says of each of `tokens`, which index it."""
    if len(row) == 1:  # the only choice there was
        return [Step(token, 0.0, 1.0) for token in tokens]
    top = float(row.max())
    exponentials = np.exp(row - top)
    total = float(exponentials.sum())
    second, first = np.partition(exponentials, -2)[-2:] / total
    log_total = float(np.log(total))
    return [Step(token, float(row[token]) - top - log_total, float(first - second)) for token in tokens]


def choose(row: np.ndarray, temperature: float, random: np.random.Generator) -> int:
    """The likeliest token, or one drawn from the top of the distribution at a temperature above 0."""
    if temperature <= 0:
        return int(row.argmax())
    top = np.argpartition(row, -TOP_K)[-TOP_K:] if len(row) > TOP_K else np.arange(len(row))
    scaled = row[top].astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max())
    return int(random.choice(top, p=weights / weights.sum()))


def first_tokens(row: np.ndarray, count: int) -> list[int]:
    """The `count` likeliest tokens, likeliest first: how alternatives are made distinct at no extra
    prefill.
    """
    top = np.argpartition(row, -count)[-count:] if len(row) > count else np.arange(len(row))
    return [int(token) for token in top[np.argsort(row[top])[::-1]]][:count]


class TextStream:
    """Bytes of tokens in, whole characters out, held back while they may be the start of a stop string."""

    def __init__(self, stop: tuple[str, ...] = (), max_lines: int = 0) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self._lines_left = max_lines or None
        self._begun = False
        self.stopped = False

    @property
    def on_last_line(self) -> bool:
        """Whether the next line break ends the answer."""
        return self._begun and self._lines_left == 1

    def feed(self, data: bytes) -> str:
        """Text that is certain to belong to the answer. After `stopped` is set nothing more comes."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        self._held, self.stopped = _cut(self._held, self._stop)
        ready = len(self._held) if self.stopped else len(self._held) - _overlap(self._held, self._stop)
        text, self._held = self._held[:ready], self._held[ready:]
        return self._limit_lines(text)

    def finish(self) -> str:
        """What was held back, once no more tokens come; half a character is dropped."""
        text, self._held = self._held, ""
        return "" if self.stopped else self._limit_lines(text)

    def _limit_lines(self, text: str) -> str:
        """Cut before the line break that would start one line too many; line breaks at the very start do
        not count.
        """
        if self._lines_left is None:
            return text
        for i, character in enumerate(text):
            if character == "\n" and self._begun:
                self._lines_left -= 1
                if self._lines_left == 0:
                    self.stopped, self._held = True, ""
                    return text[:i]
            elif character not in "\r\n":
                self._begun = True
        return text


def _cut(text: str, stop: tuple[str, ...]) -> tuple[str, bool]:
    """The text up to the first stop string, and whether there was one."""
    found = [at for pattern in stop if (at := text.find(pattern)) >= 0]
    return (text[: min(found)], True) if found else (text, False)


def _overlap(text: str, stop: tuple[str, ...]) -> int:
    """How many characters at the end of the text may be the start of a stop string."""
    longest = max((len(pattern) - 1 for pattern in stop), default=0)
    for length in range(min(longest, len(text)), 0, -1):
        if any(pattern.startswith(text[-length:]) for pattern in stop):
            return length
    return 0
