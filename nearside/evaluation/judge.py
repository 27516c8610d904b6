"""Whether a task is solved: by hidden tests over a copy of the result, and by nothing else.

Tests that a model wrote are judged by what they find: they pass on the right code and fail on every mutant.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nearside.evaluation.tasks import WRITES_TESTS, EvalTask
from tools.outcomes import parse
from tools.runner import run
from tools.scratch import scratched
from tools.suites import find, is_test

SECONDS = 120.0
"""For one run of the hidden tests."""
OUTPUT_BYTES = 200_000


async def judged(task: EvalTask, root: Path, texts: Mapping[str, str]) -> str:
    """Return why texts do not solve a task, in a line; empty where they do. `root` is only read.

    Of a draft's files those count that are no tests; of one of tests only the tests do, so that nobody passes
    by changing what he is judged by. Raises NearsideError where nothing can be run.
    """
    writes_tests = task.action == WRITES_TESTS
    mine = {path: text for path, text in texts.items() if is_test(path) == writes_tests}
    if not mine:
        return "there is no draft"
    result = {**mine, **task.hidden}
    if why := await _failed(task, root, result):
        return why
    for number in range(len(task.mutants)):
        if not await _failed(task, root, {**result, task.file: task.mutant(number)}):
            find_, put = task.mutants[number]
            return f"its tests do not notice {put.strip()!r} in place of {find_.strip()!r}"
    return ""


async def _failed(task: EvalTask, root: Path, changed: Mapping[str, str]) -> str:
    """Return what the hidden tests say against a copy with these files changed; empty if all pass."""
    async with scratched(root, changed) as copy:
        suite = find(copy, task.judge)
        ran = await run(
            suite.command, copy, seconds=SECONDS, output_bytes=OUTPUT_BYTES, environment=suite.environment
        )
    outcome = parse(suite.kind, ran.output)
    if ran.timed_out or ran.stopped:
        return f"the hidden tests were stopped: {ran.stopped or f'not done in {SECONDS:.0f} s'}"
    if ran.status == 0 and (outcome.good or not outcome.known):
        return "" if outcome.known else "no hidden test ran"
    first = f": {outcome.failures[0].name}" if outcome.failures else ""
    total = outcome.passed + outcome.failed + outcome.errors
    return f"{outcome.failed + outcome.errors or 'some'} of {total} hidden tests failed{first}"
