"""How long to wait for the next key before the model is asked, from how fast this user types."""

from __future__ import annotations

from collections import deque

PAUSE = 0.4
"""Seconds between two keys from which on it was a pause and says nothing of the rhythm (as Tabby counts)."""
KEYS = 20
"""Intervals the rhythm is the mean of."""
USUAL, LONGEST = 0.2, 0.25
"""Seconds: the interval of a user not known yet, and what nobody has to wait beyond."""


class Debounce:
    """One user's typing rhythm. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=KEYS)
        self._last: float | None = None

    def typed(self, now: float) -> None:
        """Take note of a key."""
        if self._last is not None and 0 < now - self._last <= PAUSE:
            self._intervals.append(now - self._last)
        self._last = now

    def wait(self, prefix: str) -> float:
        """Return the seconds to wait with `prefix` before the cursor.

        Inside a word the next key most likely comes within one interval, and its request would overtake
        this one. After a blank, a bracket or an operator people stop to think: there nothing is waited for.
        """
        if not (prefix[-1:].isalnum() or prefix.endswith("_")):
            return 0.0
        known = self._intervals
        return min(LONGEST, sum(known) / len(known) if known else USUAL)
