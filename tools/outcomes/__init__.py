"""What a run of tests says of itself, read out of the output of the runners people use."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from tools.outcome import Failure, Outcome
from tools.outcomes import compiled, javascript, python

MOST_FAILURES = 50
MOST_CHARACTERS = 2000
"""Of one message: the difference of two values may be megabytes."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)")
READERS: dict[str, Callable[[str], Outcome]] = {
    "pytest": python.pytest,
    "unittest": python.unittest,
    "node": javascript.tap,
    "jest": javascript.jest,
    "vitest": javascript.vitest,
    "go": compiled.go,
    "cargo": compiled.cargo,
}


def parse(kind: str, output: str, folder: Path | None = None) -> Outcome:
    """Return what a run of `kind` (see testing.Kind) that printed `output` says.

    Paths come out relative to `folder`, the one it ran in, if that is given. Raises nothing; output may be
    cut, or that of something else.
    """
    text = ESCAPES.sub("", output).replace("\r\n", "\n").replace("\r", "\n")
    readers: Iterable[Callable[[str], Outcome]] = (
        (READERS[kind],) if kind in READERS else dict.fromkeys(READERS.values())
    )
    found = next((outcome for reader in readers if (outcome := reader(text)).known), Outcome())
    failures = tuple(_local(failure, folder) for failure in found.failures[:MOST_FAILURES])
    return Outcome(found.passed, found.failed, found.errors, failures)


def _local(failure: Failure, folder: Path | None) -> Failure:
    path = failure.path.removeprefix("file://")
    if folder is not None:
        for base in {str(folder), os.path.realpath(folder)}:
            path = path.removeprefix(base.rstrip("/") + "/")
    path = "" if not path else PurePosixPath(path).as_posix()
    message = failure.message.strip("\n")
    if len(message) > MOST_CHARACTERS:
        message = f"{message[: MOST_CHARACTERS // 2]}\n[...]\n{message[-MOST_CHARACTERS // 2 :]}"
    return Failure(failure.name, path, failure.line, message)
