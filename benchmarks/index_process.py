"""A retrieval process as an editor has it, and what it and its children take of the machine (/proc)."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.client import RetrievalClient, start
from settings.schema import Retrieval

SAMPLE_SECONDS = 0.1
"""How often memory is looked at; a peak shorter than this may be missed."""
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 1800.0
"""Seconds of the longest wait."""
QUIET = 1.5
"""Seconds without news after which nothing more comes: watching takes up to 0.4 s."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What work took: seconds, CPU seconds of all processes, and their peak resident bytes together."""

    seconds: float
    cpu: float
    peak: int


class Meter:
    """CPU time and memory of a process with all its children, sampled on a thread."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def cpu(self) -> float:
        """CPU seconds so far, those of ended children included."""
        return sum(_cpu(pid) for pid in family(self._pid))

    def memory(self) -> int:
        """Resident bytes now; what processes share counts in each."""
        return sum(_resident(pid) for pid in family(self._pid))

    def peak(self) -> int:
        """Return the most bytes at any time since the last call."""
        peak, self._peak = max(self._peak, self.memory()), 0
        return peak

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, self.memory())


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (values := _stat(int(entry))):
            children.setdefault(int(values[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found


def _stat(pid: int) -> list[str]:
    """Return what the system says of a process from its state on: parent is 1, times are 11 to 14."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()  # the name before may hold spaces and brackets
    except OSError:
        return []


def _cpu(pid: int) -> float:
    return sum(map(int, _stat(pid)[11:15])) / TICK


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


class Watched:
    """One process: what it told and when, and what it took since the last mark."""

    def __init__(self) -> None:
        self.client: RetrievalClient
        self.meter: Meter
        self.notes: list[str] = []
        self.began = time.perf_counter()
        self._ready: list[tuple[float, str]] = []
        self._news = asyncio.Event()
        self._mark = (self.began, 0.0)

    def told(self, method: str, params: dict[str, Any]) -> None:
        if method == "ready":
            self._ready.append((time.perf_counter(), params["stage"]))
            self._news.set()
        elif method == "note":
            self.notes.append(params["message"])

    async def ask(self, method: str, **params: Any) -> Any:
        return await self.client.request(method, params, PATIENCE)

    def mark(self) -> None:
        """Begin to count anew."""
        self.meter.peak()
        self._mark = (time.perf_counter(), self.meter.cpu())

    def cost(self, until: float | None = None) -> Cost:
        """Return what was taken since the mark; `until` is when it was over, if it was earlier than now."""
        at, cpu = self._mark
        return Cost((until or time.perf_counter()) - at, self.meter.cpu() - cpu, self.meter.peak())

    async def until(self, stage: str, since: float = 0.0) -> float:
        """Wait for a stage to be told after `since`; return when that was."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for at, told in self._ready:
                    if told == stage and at > since:
                        return at
                await self._more()

    async def settled(self, since: float) -> float:
        """Wait until it is ready and stays so; return when it became so for good."""
        at = await self.until("ready", since)
        while True:
            try:
                async with asyncio.timeout(QUIET):
                    await self._more()
            except TimeoutError:
                return max(when for when, stage in self._ready if stage == "ready" and when >= at)

    async def comes(self, asked: Callable[[], Any], every: float = 0.002) -> float:
        """Ask again and again until the answer is not empty; return when that was."""
        async with asyncio.timeout(PATIENCE):
            while not await asked():
                await asyncio.sleep(every)
        return time.perf_counter()

    async def _more(self) -> None:
        self._news.clear()
        await self._news.wait()


@asynccontextmanager
async def process(root: Path, settings: Retrieval | None = None) -> AsyncIterator[Watched]:
    """Start the process for a project, as the server does, and end it afterwards."""
    watched = Watched()
    watched.client = await start(root, settings or Retrieval(), watched.told)
    watched.meter = Meter(watched.client.pid)
    try:
        yield watched
    finally:
        watched.meter.close()
        await watched.client.close()
