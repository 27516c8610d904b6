"""Reading many files on other cores: batches for a few low-priority processes, and files that end those."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from retrieval.priority import lower_this_process
from retrieval.reading import Job, Parsed, read

WORKERS = 2
BATCH_FILES, BATCH_BYTES = 48, 400_000
"""A batch is what is lost when a file takes its process down, and what a cancel waits for: about 0.3 s."""
FEW = 8
"""Files that are read in this process: starting another one costs more."""
PATIENCE = 60.0
"""Seconds after which a batch counts as hung."""

log = logging.getLogger("nearside.pool")

Stop = Callable[[], bool]


def read_all(root: Path, jobs: list[tuple[Job, int]], most_bytes: int, stop: Stop) -> Iterator[list[Parsed]]:
    """Read files, given with their sizes, about in their order; yields batches until `stop` says so."""
    if len(jobs) <= FEW and sum(size for _, size in jobs) <= BATCH_BYTES:
        for job, _ in jobs:
            if stop():
                return
            yield read(str(root), [job], most_bytes)
        return
    yield from _Pool(root, most_bytes).run(_batches(jobs), stop)


def _batches(jobs: list[tuple[Job, int]]) -> deque[list[Job]]:
    batches: deque[list[Job]] = deque()
    batch: list[Job] = []
    held = 0
    for job, size in jobs:
        if batch and (len(batch) >= BATCH_FILES or held + size > BATCH_BYTES):
            batches.append(batch)
            batch, held = [], 0
        batch.append(job)
        held += size
    if batch:
        batches.append(batch)
    return batches


class _Pool:
    """The processes, started anew when one dies."""

    def __init__(self, root: Path, most_bytes: int) -> None:
        self._root, self._most = str(root), most_bytes

    def run(self, batches: deque[list[Job]], stop: Stop) -> Iterator[list[Parsed]]:
        suspects: list[list[Job]] = []
        while batches and not stop():
            yield from self._round(batches, suspects, stop, WORKERS)
        # What was under way when a process died is tried again one file at a time, to find the one.
        singles = deque([job] for batch in suspects for job in batch)
        bad: list[list[Job]] = []
        while singles and not stop():
            yield from self._round(singles, bad, stop, 1)
        for (job,) in bad:
            log.warning("A file is not indexed, because reading it ended a process: %s", job.path)
            yield [Parsed(job.path, "it cannot be parsed")]

    def _round(
        self, batches: deque[list[Job]], lost: list[list[Job]], stop: Stop, workers: int
    ) -> Iterator[list[Parsed]]:
        """Work through batches until all are done or a process died; what was under way then is `lost`."""
        pool = ProcessPoolExecutor(
            min(workers, len(batches)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
        )
        running: dict[Future[list[Parsed]], list[Job]] = {}
        # One batch waits for each process, so that none idles while results are taken in.
        most = 2 * workers if workers > 1 else 1
        broken = False
        try:
            while (batches or running) and not broken and not stop():
                while batches and len(running) < most and not broken:
                    try:
                        running[pool.submit(read, self._root, batches[0], self._most)] = batches[0]
                        batches.popleft()
                    except BrokenProcessPool:
                        broken = True
                done, _ = wait(running, PATIENCE, FIRST_COMPLETED)
                if running and not done:
                    log.warning("Reading files hangs; its processes are ended.")
                    broken = True
                for future in done:
                    batch = running.pop(future)
                    try:
                        result = future.result()
                    except Exception as error:  # a bug in a grammar's code must not end the indexing
                        log.warning("Reading %d files failed: %r", len(batch), error)
                        broken = broken or isinstance(error, BrokenProcessPool)
                        lost.append(batch)
                    else:
                        yield result
            if not stop():
                lost.extend(running.values())
        finally:
            if broken or running:
                _end(pool)
            pool.shutdown(wait=False, cancel_futures=True)


def _end(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):
        process.kill()


def _start() -> None:
    """Prepare a process: lowest priority, deaf to Ctrl-C, gone when its parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lower_this_process()
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent:
            parent.join()
        os._exit(1)

    # A worker waits on a pipe whose other end it holds itself, so it would outlive a parent that is killed.
    threading.Thread(target=watch, daemon=True).start()
