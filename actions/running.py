"""Running tests in a copy for an action: what is told meanwhile, what they say, and whether that is good."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from actions.loop import Progress
from tools.outcome import Outcome
from tools.outcomes import parse
from tools.runner import Ran, run
from tools.suites import TestSuite
from tools.testing import Selection

PAUSE = 1.0
"""Seconds between two figures of how many tests are done."""
OUTPUT_BYTES = 200_000
MOST_TOLD = 3
"""Failures a model is told of: more confuse it, and the first is mostly the cause."""
DONE = {
    "unittest": re.compile(r"\.\.\. (ok|FAIL|ERROR|skipped|expected failure)"),
    "node": re.compile(r"^\s*(not )?ok \d+"),
    "go": re.compile(r"^\s*--- (PASS|FAIL|SKIP)"),
    "cargo": re.compile(r"^test .+ \.\.\. \w+"),
}
"""Lines that runners print for each test that is done."""
SHARE = re.compile(r"\[ *(\d{1,3})%\]$")
"""How pytest ends its lines of dots."""


async def run_tests(
    suite: TestSuite,
    selection: Selection,
    copy: Path,
    seconds: float,
    progress: Progress | None = None,
) -> tuple[Ran, Outcome]:
    """Run some tests in a copy of the project; `progress` hears how far they are."""
    folder = copy / suite.folder
    ran = await run(
        selection.command,
        folder,
        seconds=max(1.0, seconds),
        output_bytes=OUTPUT_BYTES,
        on_line=_counting(suite.kind, f"Running {selection.what}", progress) if progress else None,
        environment=dict(suite.environment),
    )
    return ran, parse(suite.kind, ran.output, folder)


def _counting(kind: str, doing: str, progress: Progress) -> Callable[[str], None]:
    """Return what hears each line of a run and tells how many tests are done."""
    done, told_at = 0, time.monotonic()

    def line(text: str) -> None:
        nonlocal done, told_at
        if kind in DONE and DONE[kind].search(text):
            done += 1
            if time.monotonic() - told_at >= PAUSE:
                told_at = time.monotonic()
                progress(f"{doing} ({done} done)")
        elif kind == "pytest" and (share := SHARE.search(text.rstrip())):
            progress(f"{doing} ({share[1]} % done)")

    return line


def good(ran: Ran, outcome: Outcome) -> bool:
    if ran.timed_out or ran.stopped:
        return False
    return outcome.good if outcome.known else ran.status == 0


def news(before: Outcome, after: Outcome) -> list[str]:
    """Return what fails now and did not before."""
    known = {failure.name for failure in before.failures}
    return [failure.name for failure in after.failures if failure.name not in known]


def compares(ran: Ran, before: Outcome, after: Outcome) -> bool:
    """Tell whether two runs say enough to be compared, and the second is no worse."""
    if ran.timed_out or not (before.known and after.known):
        return False
    return after.failed + after.errors <= before.failed + before.errors and after.passed >= before.passed


def told(ran: Ran, outcome: Outcome, seconds: float) -> str:
    """Say what failed, in a first line for the user and more for the model."""
    if ran.timed_out:
        return f"the tests were not done in {seconds:.0f} s\n{ran.output[-1000:]}"
    if ran.stopped:
        return f"the tests were stopped: {ran.stopped}\n{ran.output[-1000:]}"
    if not outcome.failures:
        many = outcome.failed + outcome.errors
        first = f"{many} tests failed" if many else f"the tests ended with exit code {ran.status}"
        return f"{first}\n{ran.output[-2000:]}"
    total = outcome.passed + outcome.failed + outcome.errors
    lines = [f"{outcome.failed + outcome.errors} of {total} tests failed: {outcome.failures[0].name}"]
    for failure in outcome.failures[:MOST_TOLD]:
        place = f" ({failure.path}:{failure.line})" if failure.path else ""
        lines.append(f"{failure.name}{place}: {failure.message}")
    return "\n".join(lines)
