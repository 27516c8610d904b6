"""What a detector hands on, how long it may take, and the errors that keep a request here.

NearsideError
`-- WillNotSend       the request stays here: what did not happen, why, what to do
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from inference.types import NearsideError

SECONDS = 2.0
"""CPU seconds one detector may take for one text. Fifty kilobytes take some twenty milliseconds in all."""
ALL_SECONDS = 2 * SECONDS
"""CPU seconds that all may take for one request."""


class WillNotSend(NearsideError):
    """A request stays on this machine; the text never holds what must not leave."""

    def __init__(self, reason: str, advice: str) -> None:
        """Word the error: `reason` follows 'because', `advice` is what to do."""
        super().__init__(f"Nothing was sent to the hosted model, because {reason}; {advice}.")
        self.reason = reason


class Unfinished(Exception):
    """A detector ran out of time, so nobody knows what it would have found."""

    def __init__(self, detector: str) -> None:
        super().__init__(detector)
        self.detector = detector


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not leave. Its text is in no repr, so that no log or traceback shows it."""

    kind: str
    """The word of its placeholder, as AWS_KEY."""
    value: str = field(repr=False)


class Clock:
    """The time one detector has left, and all of them: CPU time of this thread, so that a busy machine blocks
    nothing."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._last = time.thread_time() + ALL_SECONDS
        self.start()

    def start(self) -> None:
        """Give the next detector its time."""
        self._end = min(self._last, time.thread_time() + self._seconds)

    def check(self, detector: str) -> None:
        """Raise Unfinished where the time is over. What runs between two checks is bounded by its input."""
        if time.thread_time() > self._end:
            raise Unfinished(detector)
