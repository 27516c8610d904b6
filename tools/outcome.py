"""What a run of tests says of itself, and what the readers of its output share; tools/outcomes reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FOREIGN = re.compile(
    r"(^|/)(site-packages|node_modules|\.venv|venv|lib/python\d[\d.]*|\.cargo|rustc)/|^node:|^<"
)
"""Files that are not the project's own."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One test that failed, or what kept tests from running."""

    name: str
    """As the runner calls it."""
    path: str
    """Where it failed, below the folder the tests ran in where that is known; empty if not told."""
    line: int
    """From 1; 0 if not told."""
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run said. All zero where it said nothing that is understood; then its exit status decides."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    """What kept tests from running: collection, compilation, set-up."""
    failures: tuple[Failure, ...] = ()

    @property
    def good(self) -> bool:
        """Whether some test ran, and all that ran passed."""
        return self.passed > 0 and not (self.failed or self.errors or self.failures)

    @property
    def known(self) -> bool:
        return bool(self.passed or self.failed or self.errors or self.failures)


def best(places: Iterable[tuple[str, str]]) -> tuple[str, int]:
    """Return the last of several places that is the project's own, or none."""
    own = [(path, int(line)) for path, line in places if not FOREIGN.search(path)]
    return own[-1] if own else ("", 0)


def parts(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield every match with the text between it and the next."""
    marks = list(pattern.finditer(text))
    for index, match in enumerate(marks):
        yield match, text[match.end() : marks[index + 1].start() if index + 1 < len(marks) else None]


def numbers(pattern: re.Pattern[str], text: str) -> dict[str, int]:
    """Return the numbers by word of the last line that matches, as "2 failed, 3 passed" has them."""
    lines = pattern.findall(text)
    return {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", lines[-1])} if lines else {}
