"""Whether a draft is shown: a threshold on its confidence that follows what the user makes of suggestions.

Pure state with a clock handed in. What is asked for by hand never comes here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

REJECT_STEP = 0.08
ACCEPT_STEP = 3 * REJECT_STEP
"""In logits. One accept makes up for three rejects: where a quarter of what is shown is taken the threshold
stays put, which is the share from which showing pays at +0.75 for an accept and -0.25 for a reject."""
HALF_LIFE = 600.0
"""Seconds until half of what was learned is forgotten: moods and files change within minutes."""
MOST, LEAST = 2.0, -0.8
"""Bounds of what may be learned, in logits: from 0.20 up to 0.65, where half and more of what was shown goes,
and down to 0.10."""
SHOWN_LAST = 0.9
"""A confidence that is always enough, so that no row of rejects leaves a user without any suggestion."""


class Gate:
    """One user's threshold, in one project."""

    def __init__(self, show_above: int = 20, now: Callable[[], float] = time.monotonic) -> None:
        """`show_above` is the setting: per cent, 0 shows everything. `now` gives seconds."""
        self.show_above = show_above
        self._now = now
        self._learned = 0.0
        self._at = now()

    @property
    def threshold(self) -> float:
        """The confidence from which a draft is shown at this moment."""
        share = min(99, self.show_above) / 100
        if share <= 0:
            return 0.0
        logit = math.log(share / (1 - share)) + self._shift()
        return min(1 / (1 + math.exp(-logit)), max(SHOWN_LAST, share))

    def shows(self, confidence: float | None) -> bool:
        """Tell whether a draft is shown. Unknown confidence is nothing to hold against one."""
        return confidence is None or confidence >= self.threshold

    def accepted(self) -> None:
        self._learn(-ACCEPT_STEP)

    def rejected(self) -> None:
        self._learn(REJECT_STEP)

    def recall(self, outcomes: Iterable[tuple[float, bool]]) -> None:
        """Learn from (seconds ago, whether it was accepted), in any order, as if it had been there then."""
        now = self._now()
        for ago, accepted in sorted(outcomes, reverse=True):
            self._learn(-ACCEPT_STEP if accepted else REJECT_STEP, at=now - max(0.0, ago))

    def _shift(self, at: float | None = None) -> float:
        elapsed = (self._now() if at is None else at) - self._at
        return self._learned * 0.5 ** (max(0.0, elapsed) / HALF_LIFE)

    def _learn(self, step: float, at: float | None = None) -> None:
        at = self._now() if at is None else at
        # What is older than the last thing learned counts with what is left of it by then.
        step *= 0.5 ** (max(0.0, self._at - at) / HALF_LIFE)
        self._learned = min(MOST, max(LEAST, self._shift(at) + step))
        self._at = max(self._at, at)
