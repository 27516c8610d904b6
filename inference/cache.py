"""Finished answers by the text they follow, so that typing along or backspacing asks no engine."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from inference.overlap import CLOSERS, QUOTES, until_suffix

CAPACITY = 250
PAIRED = frozenset(CLOSERS) | frozenset(QUOTES)
"""What editors put behind the cursor by themselves when its opening half is typed."""
MOST_PAIRED = 8
"""Of them at once."""


@dataclass(frozen=True)
class Answer:
    """What the engine said at one place: every alternative with its confidence."""

    texts: tuple[str, ...]
    confidence: tuple[float | None, ...] = ()
    alternatives: int = 1
    """How many alternatives were asked for; fewer may have come."""
    model: str = ""
    speculative: bool = False
    """It was made before anybody asked."""
    hosted: bool = False
    """A hosted model wrote it."""
    least: float = 0.0
    """Lines less probable than this were not written to their end."""
    reason: str = ""
    """Why the first text is not, or not all of, what the model wrote."""

    @property
    def reach(self) -> int:
        """How many characters can be typed along it."""
        return max(map(len, self.texts), default=0)


class CompletionCache:
    """The latest answers, keyed by (prefix, suffix), the least recently used leaving first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    def put(self, prefix: str, suffix: str, answer: Answer) -> None:
        """Remember what follows `prefix` before `suffix`."""
        self._answers[prefix, suffix] = answer
        self._answers.move_to_end((prefix, suffix))
        while len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def find(self, prefix: str, suffix: str, alternatives: int = 1, least: float = 1.0) -> Answer | None:
        """Return what is left of a remembered answer after what was typed along it, longest prefix first; an
        answer without texts where the model had nothing to say right here.

        Comparing against each remembered prefix is a memory compare per entry, far cheaper than hashing
        the prefix once for every character an answer may reach back; most are ruled out by their length.
        """
        best: tuple[str, str, Answer] | None = None
        for (start, end), answer in self._answers.items():
            if not 0 <= len(prefix) - len(start) <= answer.reach:
                continue
            paired = _paired(end, suffix)
            if paired is None or not prefix.startswith(start):
                continue
            if answer.alternatives < alternatives or answer.least > least:
                continue
            if best is not None and len(start) < len(best[0]):
                continue
            if start == prefix and not paired:
                best = start, end, answer
                break
            left = after_typing(answer, prefix[len(start) :])
            if left and paired:
                left = _inside(left, suffix)
            if left:
                best = start, end, left
        if best is None:
            return None
        self._answers.move_to_end(best[:2])
        return best[2]

    def clear(self) -> None:
        self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)


def _paired(old: str, new: str) -> str | None:
    """Return what an editor itself put in front of the text after the cursor (`old`, now `new`) as
    the user typed brackets or quotes; None where it is another text.
    """
    longer = len(new) - len(old)
    if longer == 0:
        return "" if old == new else None
    if not 0 < longer <= MOST_PAIRED or not PAIRED.issuperset(new[:longer]) or not new.endswith(old):
        return None
    return new[:longer]


def _inside(answer: Answer, suffix: str) -> Answer | None:
    """Return `answer` up to the closing bracket that now stands in `suffix`; None where nothing is left."""
    texts = tuple(until_suffix(text, suffix) for text in answer.texts)
    return replace(answer, texts=texts) if all(texts) and texts != answer.texts else None


def after_typing(answer: Answer, typed: str) -> Answer | None:
    """Return what is left of `answer` once `typed` stands in the text, or None where nothing is."""
    if not typed:
        return answer if any(answer.texts) else None
    kept = [i for i, text in enumerate(answer.texts) if text.startswith(typed) and len(text) > len(typed)]
    if not kept:
        return None
    return Answer(
        texts=tuple(answer.texts[i][len(typed) :] for i in kept),
        confidence=tuple(answer.confidence[i] for i in kept) if answer.confidence else (),
        alternatives=answer.alternatives,
        model=answer.model,
        speculative=answer.speculative,
        hosted=answer.hosted,
        least=answer.least,
        reason=answer.reason,
    )
