"""How long to wait for the next key before the model is asked, from how fast the user types and the engine
answers."""

from __future__ import annotations

from collections import deque

PAUSE = 0.4
"""Seconds between two keys from which on it was a pause and says nothing of the rhythm (as Tabby counts)."""
KEYS = 20
"""Intervals the rhythm is the mean of."""
USUAL, LONGEST = 0.2, 0.25
"""Seconds: the interval of a user not known yet, and what nobody has to wait beyond."""
SHARE = 0.2
"""Of the newest answer in the mean of the times answers take."""


class Debounce:
    """One user's typing rhythm. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=KEYS)
        self._last: float | None = None
        self._answer = 0.0

    def typed(self, now: float) -> None:
        """Take note of a key."""
        if self._last is not None and 0 < now - self._last <= PAUSE:
            self._intervals.append(now - self._last)
        self._last = now

    def answered(self, seconds: float) -> None:
        """Take note of how long the engine took."""
        self._answer += SHARE * (seconds - self._answer) if self._answer else seconds

    def wait(self, prefix: str) -> float:
        """Return the seconds to wait with `prefix` before the cursor.

        An engine that answers before the next key comes is asked at once. A slower one would work for
        nothing inside a word, where the next key most likely comes within one interval and its request
        overtakes this one. After a blank, a bracket or an operator people stop to think: nothing is waited
        for there.
        """
        known = self._intervals
        interval = sum(known) / len(known) if known else USUAL
        if self._answer < interval or not (prefix[-1:].isalnum() or prefix.endswith("_")):
            return 0.0
        return min(LONGEST, interval)
