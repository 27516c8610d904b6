"""An event loop whose clock jumps over idle time: an hour of typing takes as long as its engine works.

While an engine call or a job in a thread is under way, time is real, and so are the latencies. Otherwise the
loop does not wait for its next timer, it moves the clock there. `time` goes along once it is taken over.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_JUMP = 3600.0
_skipped = 0.0
_monotonic, _perf_counter, _time = time.monotonic, time.perf_counter, time.time


def take_over() -> None:
    """Have `time` skip what loops skip. It is never set back: for whoever looks, it only goes forward."""
    time.monotonic = lambda: _monotonic() + _skipped
    time.perf_counter = lambda: _perf_counter() + _skipped
    time.time = lambda: _time() + _skipped


def give_back() -> None:
    """Leave `time` as it was: this process goes on to other things."""
    time.monotonic, time.perf_counter, time.time = _monotonic, _perf_counter, _time


class FastForwardLoop(asyncio.SelectorEventLoop):
    """Runs in real time while `busy`, and skips what it would sleep otherwise."""

    def __init__(self) -> None:
        self._busy = 0
        self._real_until = 0.0
        super().__init__(_SkippingSelector(self))

    def time(self) -> float:
        return _monotonic() + _skipped

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Time is real until this is left."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def stay_real(self, seconds: float) -> None:
        """Time is real for so long: work goes on that nobody here waits for."""
        self._real_until = max(self._real_until, _monotonic() + seconds)

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """As ever; time is real until the thread is done."""
        future = super().run_in_executor(executor, func, *args)
        self._busy += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: object) -> None:
        self._busy -= 1

    def _real_seconds(self, timeout: float) -> float:
        """How much of a wait is real; 0 for none of it."""
        return timeout if self._busy else min(timeout, self._real_until - _monotonic())


class _SkippingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Instead of waiting on an idle loop, moves its clock."""

    def __init__(self, loop: FastForwardLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        global _skipped
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        real = self._loop._real_seconds(timeout)
        if real > 0:
            return super().select(real)
        ready = super().select(0)
        if not ready:
            _skipped += min(timeout, LONGEST_JUMP)
        return ready


def run(main: Callable[[FastForwardLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `main` on a loop of its own."""
    with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, FastForwardLoop)
        return runner.run(main(loop))
