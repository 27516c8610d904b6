"""The ladder a draft has to climb: it applies, it parses, the linter finds nothing new, the tests pass.

Cheap steps come first. Linters and tests see copies of the work tree; the tree itself is only read.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from actions.draft import Draft, Task
from actions.loop import Progress, Step, Verdict
from actions.running import MOST_TOLD, compares, good, news, run_tests, told
from inference.types import NearsideError
from syntax.code import code_of, errors
from syntax.languages import language_of
from tools.lint import delta
from tools.outcome import Outcome
from tools.outcomes import READERS
from tools.scratch import scratched
from tools.suites import TestSuite, find
from tools.testing import Selection, relevant

SECONDS = 120.0
"""For all tests of one draft, unless set otherwise."""
QUICK = 10.0
"""Seconds up to which tests that fail are run once more, in case they are flaky."""
SHORTEST_NAME = 4
"""Characters that a test's name must have more of to be known in the words of a task."""
PROOF = frozenset(("tests", "same code"))
"""Steps that say more than how sure a model was."""


class TestsPass(NearsideError):
    """There is nothing to mend."""

    __test__ = False


class Ladder:
    """Implements loop.Verifier for one project."""

    def __init__(
        self,
        root: Path,
        unsaved: Mapping[str, str | None],
        checks: Sequence[str],
        tests: str = "",
        seconds: float = SECONDS,
        sure_above: float = 0.0,
    ) -> None:
        """`unsaved` are texts as the editor has them, by path; `checks` are of routing.actions.checks.

        A draft that no test checked must have a mean token probability of `sure_above`, where that is known.
        Whoever leaves "tests" in `checks` says that this workspace is trusted: they are the project's code.
        """
        self._root = root
        self._unsaved = dict(unsaved)
        self._checks = checks
        self._tests = tests
        self._seconds = seconds
        self._sure_above = sure_above

    async def verify(self, task: Task, draft: Draft, progress: Progress) -> Verdict:
        """Return how far a draft comes. Raises nothing but Cancelled; what cannot be run is a reason."""
        verdict = await self._checked(task, draft, progress)
        if not verdict.passed or draft.confidence is None or PROOF.intersection(verdict.checked):
            return verdict
        if draft.confidence < self._sure_above:
            why = (
                f"no test checks it, and it was written with a mean probability of {draft.confidence:.0%}, "
                f"below {self._sure_above:.0%} (routing.actions.sure_above)"
            )
            return Verdict(False, "confidence", why, verdict.checked)
        return replace(verdict, step="confidence", checked=(*verdict.checked, "confidence"))

    async def _checked(self, task: Task, draft: Draft, progress: Progress) -> Verdict:
        for path in draft.texts:
            if why := self._may_not_write(task, path):
                return Verdict(False, "applies", why)
        checked: list[Step] = ["applies"]
        before = {path: self._text(task, path) for path in draft.texts}
        if "parse" in self._checks:
            if why := _unparsed(before, draft.texts):
                return Verdict(False, "parses", why, tuple(checked))
            checked.append("parses")
        if task.kind.checked == "same code":
            if why := _other_code(before, draft.texts):
                return Verdict(False, "same code", why, tuple(checked))
            checked.append("same code")
        wants_tests = "tests" in self._checks and task.kind.checked == "tests"
        if "lint" not in self._checks and not wants_tests:
            return Verdict(True, checked[-1], checked=tuple(checked))
        progress("Copying the project")
        try:
            async with (
                scratched(self._root, self._unsaved) as old,
                scratched(self._root, {**self._unsaved, **draft.texts}) as new,
            ):
                return await self._in_copies(task, draft, old, new, checked, progress, wants_tests)
        except NearsideError as error:
            step: Step = "tests" if wants_tests else "lint"
            return Verdict(False, step, str(error), tuple(checked), blocked=True)

    async def said(self, path: str, progress: Progress, name: str = "") -> str:
        """Return what the tests of a file, or that are in it, say as everything is; paths are the project's.

        `name` is the one test that is meant. Empty where tests are not to be run, or there are none. Raises
        NearsideError where they cannot be, or where they pass.
        """
        if "tests" not in self._checks:
            return ""
        progress("Running the tests as they are")
        async with scratched(self._root, self._unsaved) as copy:
            suite = find(copy, self._tests, [path])
            if not suite.command:
                return ""
            ran, outcome = await run_tests(suite, relevant(suite, copy, [path])[0], copy, self._seconds)
        if good(ran, outcome):
            raise TestsPass("Nothing was changed, because the tests pass as they are.")
        mine = [one for one in outcome.failures if name and name in one.name]
        text = told(ran, replace(outcome, failures=tuple(mine)) if mine else outcome, self._seconds)
        for folder in {str(copy), os.path.realpath(copy)}:
            text = text.replace(f"file://{folder}/", "").replace(f"{folder}/", "")
        return text

    async def _in_copies(
        self,
        task: Task,
        draft: Draft,
        old: Path,
        new: Path,
        checked: list[Step],
        progress: Progress,
        wants_tests: bool,
    ) -> Verdict:
        paths = list(draft.texts)
        if "lint" in self._checks:
            progress("Running the linter")
            if added := await delta(old, new, paths):
                said = "; ".join(
                    f"{one.path}:{one.line} {one.rule} {one.message}" for one in added[:MOST_TOLD]
                )
                return Verdict(False, "lint", f"the linter finds {len(added)} new: {said}", tuple(checked))
            checked.append("lint")
        if wants_tests:
            suite = find(new, self._tests, paths)
            if not suite.command:
                return Verdict(False, "tests", suite.why, tuple(checked), blocked=True)
            why = await self._tested(task, suite, old, new, paths, progress)
            if not why and task.kind.name == "write-tests" and suite.kind in READERS:
                progress("Counting the tests")
                why = await self._not_run(suite, old, new)
            if why:
                return Verdict(False, "tests", why, tuple(checked))
            checked.append("tests")
        return Verdict(True, checked[-1], checked=tuple(checked))

    async def _tested(
        self, task: Task, suite: TestSuite, old: Path, new: Path, paths: Sequence[str], progress: Progress
    ) -> str:
        """Return which tests fail because of a draft; empty where none does. The nearest tests come first."""
        left = self._seconds
        for number, selection in enumerate(relevant(suite, new, paths)):
            progress(f"Running {selection.what}")
            ran, outcome = await run_tests(suite, selection, new, left, progress)
            left -= ran.seconds
            if ran.timed_out and number:
                return ""  # the tests that matter have passed, and there is no time for all the others
            if good(ran, outcome):
                continue
            if outcome.failures and not ran.timed_out and ran.seconds < min(QUICK, left / 4):
                progress(f"Running {selection.what} again")
                ran, outcome = await run_tests(suite, selection, new, left)
                left -= ran.seconds
                if good(ran, outcome):
                    continue  # a flaky test says nothing about a draft
            if left > 0 and not _must_pass(task, outcome, number, paths):
                progress("Comparing with how it was")
                was, before = await run_tests(suite, selection, old, left)
                left -= was.seconds
                if not ran.timed_out and not news(before, outcome) and compares(was, before, outcome):
                    continue
            return told(ran, outcome, self._seconds)
        return ""

    async def _not_run(self, suite: TestSuite, old: Path, new: Path) -> str:
        """Return why tests that were written count for nothing: where the suite finds none, none fails."""
        counts = []
        for copy in (old, new):
            ran, outcome = await run_tests(suite, Selection(suite.command, "all tests"), copy, self._seconds)
            if ran.timed_out or not (outcome.known or copy == old):
                return ""  # nobody can tell
            counts.append(outcome.passed)
        if counts[1] > counts[0]:
            return ""
        return f"none of the new tests ran: `{shlex.join(suite.command)}` runs {counts[1]}, as it did before"

    def _may_not_write(self, task: Task, path: str) -> str:
        """Return why a draft may not have this file: it may have those the model was shown, or a new one.

        What is there and was not shown to the model would be lost.
        """
        if path == task.path or path in task.files:
            return ""
        file = self._root / path
        if not file.resolve().is_relative_to(self._root.resolve()):
            return f"{path} leads out of the project"
        if os.path.lexists(file) or self._unsaved.get(path) is not None:
            return f"{path} is there already, and you were not shown it"
        return ""

    def _text(self, task: Task, path: str) -> str | None:
        """Return a file as the editor has it; None for one that is new."""
        return task.text if path == task.path else task.files.get(path)


def _must_pass(task: Task, outcome: Outcome, number: int, paths: Sequence[str]) -> bool:
    """Tell whether tests that fail are what a task is about. Others may go on failing as they did before.

    `number` is 0 for the tests nearest to the change.
    """
    if task.kind.name == "write-tests":
        return any(not one.path or any(path.endswith(one.path) for path in paths) for one in outcome.failures)
    if task.kind.name == "implement":
        return number == 0
    said = f"{task.problem}\n{task.instruction}"
    if task.kind.name == "fix-test" and not said.strip():
        return True
    names = [re.split(r"::| > |[./](?=\w)", failure.name)[-1].strip() for failure in outcome.failures]
    return any(len(name) > SHORTEST_NAME and name in said for name in names)


def _unparsed(before: Mapping[str, str | None], after: Mapping[str, str]) -> str:
    for path, text in after.items():
        language = language_of(path)
        found, old = errors(text, language), errors(before[path] or "", language)
        if len(found) > len(old):
            line = next((line for line in found if line not in old), found[0])
            return f"{path} does not parse at line {line + 1}: {text.splitlines()[line : line + 1]}"
    return ""


def _other_code(before: Mapping[str, str | None], after: Mapping[str, str]) -> str:
    for path, text in after.items():
        language = language_of(path)
        if code_of(before[path] or "", language) != code_of(text, language):
            return f"more than comments and documentation changed in {path}; only they may"
    return ""
