"""Idle time is skipped, work takes its real time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

from benchmarks import fast_forward
from benchmarks.fast_forward import FastForwardLoop

real = fast_forward._monotonic


def test_an_hour_of_sleep_takes_no_time_and_an_hour_by_the_clock() -> None:
    async def main(loop: FastForwardLoop) -> tuple[float, float, float]:
        began = loop.time(), time.monotonic(), time.perf_counter()
        await asyncio.sleep(3600)
        after = loop.time(), time.monotonic(), time.perf_counter()
        return tuple(b - a for a, b in zip(began, after, strict=True))  # type: ignore[return-value]

    began = real()
    passed = fast_forward.run(main)
    assert real() - began < 5
    assert all(3600 <= seconds < 3605 for seconds in passed)


def test_timers_come_in_their_order() -> None:
    async def main(loop: FastForwardLoop) -> list[int]:
        came: list[int] = []
        await asyncio.gather(*(later(came, seconds) for seconds in (300, 20, 7000, 1)))
        return came

    async def later(came: list[int], seconds: int) -> None:
        await asyncio.sleep(seconds)
        came.append(seconds)

    assert fast_forward.run(main) == [1, 20, 300, 7000]


def test_nothing_is_skipped_while_the_engine_works() -> None:
    async def main(loop: FastForwardLoop) -> float:
        ahead = time.monotonic() - real()
        with loop.busy():
            await asyncio.sleep(0.05)
        assert time.monotonic() - real() - ahead < 0.01
        loop.stay_real(0.05)
        await asyncio.sleep(0.03)
        assert time.monotonic() - real() - ahead < 0.01
        await asyncio.sleep(10)
        return time.monotonic() - real() - ahead

    began = real()
    skipped = fast_forward.run(main)
    assert real() - began >= 0.08
    assert 9.9 < skipped <= 10


def test_a_deadline_does_not_overtake_a_thread() -> None:
    async def main(loop: FastForwardLoop) -> bool:
        async with asyncio.timeout(30):
            return await asyncio.to_thread(threading.Event().wait, 0.02)

    assert fast_forward.run(main) is False  # nobody sets it: the thread itself was waited for


def test_the_clock_is_never_set_back() -> None:
    async def main(loop: FastForwardLoop) -> None:
        await asyncio.sleep(100)

    before = time.monotonic()
    fast_forward.run(main)
    assert time.monotonic() >= before + 100


def test_importing_it_changes_no_clock_and_taking_over_does() -> None:
    code = (
        "import time; t = time.time; from benchmarks import fast_forward; assert t is time.time; "
        "{} t is time.time"
    )
    for line in ("assert", "from benchmarks import fast_clock; assert not"):
        subprocess.run([sys.executable, "-c", code.format(line)], check=True, timeout=60)
