"""Holds the share of drafts that stay local: a quantile of recent scores, corrected by what was off so far.

For one stream of scores a lower share to keep never means fewer drafts sent, at any point of the stream: the
cut depends on the past only through the scores and through how many were sent.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence

RECENT = 200
"""Scores the cut is a quantile of: a day or two of stops, and what a change of work takes to be followed."""
ENOUGH = 50
"""From so many scores of one's own on, the shipped ones are not needed."""
HORIZON = 20.0
"""Drafts over which an error is made good: over twice as many what is kept is no better, and drifts cost
more. Whatever the scores do, no more than this times the larger share are sent too many or too few."""
FIRST_HORIZON, GROWTH = 8.0, 4.0
"""At first less is known of the scores, and errors are made good sooner: over the former, which grows by one
in so many drafts as the latter says."""


class Share:
    """The cut for one project and model, and the count it is corrected by."""

    def __init__(self, recent: Iterable[float] = (), shipped: Sequence[float] = ()) -> None:
        """`recent` holds scores in the order they came; `shipped` ones stand in while there are few."""
        known = list(recent)[-RECENT:]
        lacking = max(0, ENOUGH - len(known))
        self._borrowed = min(lacking, len(shipped))
        self._scores = deque(_spread(shipped, self._borrowed) + known)
        self._ordered = sorted(self._scores)
        self.moments = 0
        """Drafts decided on since this was made."""
        self.sent = 0
        self._error = 0.0
        """Drafts that should have been sent and were not."""

    @property
    def kept(self) -> float | None:
        """The share kept local so far; None before the first draft."""
        return 1 - self.sent / self.moments if self.moments else None

    def cut(self, keep: float) -> float:
        """Return the score below which a draft is sent, for a share to keep in [0, 1]; it may be infinite."""
        wanted = 1 - keep
        horizon = min(HORIZON, max(FIRST_HORIZON, self.moments / GROWTH))
        level = wanted + self._error / horizon if 0 < wanted < 1 else wanted
        if level <= 0 or level >= 1:
            return math.copysign(math.inf, level - 0.5)
        if not self._ordered:
            return level
        at = level * (len(self._ordered) - 1)
        low = int(at)
        high = min(low + 1, len(self._ordered) - 1)
        return self._ordered[low] + (at - low) * (self._ordered[high] - self._ordered[low])

    def note(self, score: float, below: bool, keep: float, sent: bool | None = None) -> None:
        """Count a draft that was decided on by its score: whether it was `below` the cut, and `sent`, be it
        for another reason. Such reasons come on top of the share and are not made good by keeping others."""
        self.moments += 1
        self.sent += below if sent is None else sent
        self._error += (1 - keep) - below
        self._scores.append(score)
        insort(self._ordered, score)
        if self._borrowed or len(self._scores) > RECENT:
            self._borrowed = max(0, self._borrowed - 1)
            del self._ordered[bisect_left(self._ordered, self._scores.popleft())]


def _spread(scores: Sequence[float], count: int) -> list[float]:
    """Return `count` of the scores, spread evenly over their order and in no order themselves."""
    ordered = sorted(scores)
    return [ordered[(2 * at + 1) * len(ordered) // (2 * count)] for at in range(count)]
