"""What a run of tests says of itself, read out of the output of the runners people use."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOST_FAILURES = 50
MOST_CHARACTERS = 2000
"""Of one message: the difference of two values may be megabytes."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)")
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


def _best(places: Iterable[tuple[str, str]]) -> tuple[str, int]:
    """Return the last of several places that is the project's own, or none."""
    own = [(path, int(line)) for path, line in places if not FOREIGN.search(path)]
    return own[-1] if own else ("", 0)


# pytest

PYTEST_END = re.compile(r"^=*\s*((?:\d+ [a-z ]+(?:, )?)+|no tests ran) in [\d.]+s.*$", re.MULTILINE)
PYTEST_LINE = re.compile(r"^(FAILED|ERROR|SUBFAILED(?:\[.*?\]|\(.*?\))*) (\S.*?)(?: - (.*))?$", re.MULTILINE)
PYTEST_SECTION = re.compile(r"^_{3,} (.+?) _{3,}$", re.MULTILINE)
PYTEST_PLACE = re.compile(r"^(\S[^:\n]*\.\w+):(\d+): ", re.MULTILINE)
FILE_LINE = re.compile(r'^\s*(?:E\s+)?File "([^"\n]+)", line (\d+)', re.MULTILINE)


def _pytest(text: str) -> Outcome:
    counts = _counts(PYTEST_END, text)
    summary = text.rpartition(" short test summary info ")
    sections = _pytest_sections(summary[0] or text)
    failures: list[Failure] = []
    for match in PYTEST_LINE.finditer(summary[2]):
        word, name, message = match.groups()
        short = ".".join(name.split("::")[1:])
        keys = [
            short,
            f"ERROR at setup of {short}",
            f"ERROR at teardown of {short}",
            f"ERROR collecting {name}",
        ]
        body = next((sections[key].pop(0) for key in keys if sections.get(key)), "")
        failures.append(_pytest_failure(name, body, message or word.lower()))
    if not summary[1]:  # it was stopped before it came so far
        for name, bodies in sections.items():
            failures += [_pytest_failure(name, body, "") for body in bodies]
    if not failures and not counts:
        for line in re.findall(
            r"^(?:ERROR: |INTERNALERROR> |.*: No module named pytest)(.*)$", text, re.MULTILINE
        )[:1]:
            failures.append(Failure("pytest", "", 0, line or "No module named pytest"))
        return Outcome(errors=len(failures), failures=tuple(failures))
    errors = counts.get("error", 0) + counts.get("errors", 0)
    failed = counts.get("failed", 0) if counts else len(failures)
    return Outcome(counts.get("passed", 0), failed, errors, tuple(failures))


def _pytest_sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for match, body in _parts(PYTEST_SECTION, text):
        found.setdefault(match[1], []).append(re.split(r"^={3,}", body, maxsplit=1, flags=re.MULTILINE)[0])
    return found


def _pytest_failure(name: str, body: str, message: str) -> Failure:
    path, line = _best(PYTEST_PLACE.findall(body))
    if not path:  # a syntax error, or the interpreter's own style
        path, line = _best(FILE_LINE.findall(body))
    told = "\n".join(re.findall(r"^E(?:   |$)(.*)$", body, re.MULTILINE))
    return Failure(name, path or name.partition("::")[0], line, told or message)


# unittest

UNITTEST_SECTION = re.compile(r"^={70}\n(FAIL|ERROR): (.+)\n(?:(?!-{70}).*\n)*?-{70}\n", re.MULTILINE)
UNITTEST_END = re.compile(r"^-{70}\nRan (\d+) tests? in", re.MULTILINE)
UNITTEST_COUNT = re.compile(r"(\w[\w ]*)=(\d+)")


def _unittest(text: str) -> Outcome:
    end = list(UNITTEST_END.finditer(text))
    failures: list[Failure] = []
    words: list[str] = []
    for match, body in _parts(UNITTEST_SECTION, text[: end[-1].start()] if end else text):
        body = body.strip("\n")
        words.append(match[1])
        path, line = _best(FILE_LINE.findall(body))
        failures.append(Failure(_unittest_name(match[2]), path, line, _last_error(body)))
    failed, errors = words.count("FAIL"), words.count("ERROR")
    if not end:
        return Outcome(0, failed, errors, tuple(failures))
    verdict = re.search(r"^(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$", text[end[-1].end() :], re.MULTILINE)
    counts = {
        name.strip(): int(count)
        for name, count in UNITTEST_COUNT.findall(verdict[1] or "" if verdict else "")
    }
    failed, errors = counts.get("failures", failed), counts.get("errors", errors)
    failed += counts.get("unexpected successes", 0)
    others = counts.get("skipped", 0) + counts.get("expected failures", 0)
    return Outcome(max(0, int(end[-1][1]) - failed - errors - others), failed, errors, tuple(failures))


def _unittest_name(told: str) -> str:
    """Return the dotted name of "test_x (tests.test_a.T.test_x)"; "test_x (tests.test_a.T)" before 3.11."""
    match = re.match(r"(\S+) \(([\w.]+)\)(.*)", told)
    if not match:
        return told
    dotted = match[2] if match[2].endswith(f".{match[1]}") else f"{match[2]}.{match[1]}"
    return dotted + match[3]


def _last_error(body: str) -> str:
    """Return what follows the frames of the last traceback."""
    lines = body.split("\n")
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].startswith("  "):
            return "\n".join(lines[index + 1 :]).strip("\n") or body
    return body


# node --test

TAP_POINT = re.compile(r"^( *)not ok \d+ - (.*)$")
TAP_FIELD = re.compile(r"^ *(\w+): (.*)$")


def _tap(text: str) -> Outcome:
    counts = {
        name: int(count) for name, count in re.findall(r"^# (pass|fail|cancelled) (\d+)$", text, re.MULTILINE)
    }
    failures = []
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if not (match := TAP_POINT.match(line)) or re.search(r"# (TODO|SKIP)\b", line):
            continue
        fields = _tap_fields(lines[index + 1 :], len(match[1]) + 2)
        if fields.get("failureType") == "subtestsFailed":
            continue
        stack = re.findall(r"(?:\(|at |^)((?:file://)?/[^():\n]+):(\d+):\d+", fields.get("stack", ""))
        path, number = _best(reversed(stack))  # the innermost call is first
        place = re.match(r"(.+):(\d+):\d+$", fields.get("location", ""))
        if not path and place:
            path, number = place[1], int(place[2])
        failures.append(Failure(match[2].replace("\\#", "#"), path, number, fields.get("error", "")))
    failed = counts.get("fail", len(failures)) + counts.get("cancelled", 0)
    passed = counts.get("pass", len(re.findall(r"^ *ok \d+", text, re.MULTILINE)))
    return Outcome(passed, failed, 0, tuple(failures))


def _tap_fields(lines: list[str], indent: int) -> dict[str, str]:
    """Return the top fields of the YAML block at the beginning of `lines`, as far as node writes them."""
    found: dict[str, str] = {}
    name = ""
    if not lines or lines[0].strip() != "---":
        return found
    for line in lines[1:]:
        if line.strip() == "..." and len(line) - 3 <= indent:
            break
        match = TAP_FIELD.match(line)
        if match and len(line) - len(line.lstrip()) <= indent:
            name, value = match.groups()
            found[name] = "" if value in ("|-", "|", ">-") else value.strip("'\"")
        elif name:
            found[name] += ("\n" if found[name] else "") + line[indent + 2 :]
    return found


# jest and vitest

JEST_HEAD = re.compile(r"^(?:PASS|FAIL) +(\S+)", re.MULTILINE)
JEST_POINT = re.compile(r"^  ● (.+)$", re.MULTILINE)
SCRIPT_PLACE = re.compile(
    r"(?:\(|❯ |at |^ *)((?:file://)?[^\s():]+\.[cm]?[jt]sx?|[^\s():]+\.(?:vue|svelte)):(\d+):\d+"
)


def _jest(text: str) -> Outcome:
    counts = _counts(re.compile(r"^Tests: +(.*)$", re.MULTILINE), text)
    failures: list[Failure] = []
    body_text = text.partition("Summary of all failing tests")[0]
    for match, body in _parts(JEST_POINT, body_text):
        body = re.split(r"^(?:PASS|FAIL|Test Suites:) ", body, maxsplit=1, flags=re.MULTILINE)[0]
        file = next((head[1] for head in reversed(list(JEST_HEAD.finditer(body_text, 0, match.start())))), "")
        if match[1].startswith("Console"):
            continue
        places = [place for place in SCRIPT_PLACE.findall(body) if not FOREIGN.search(place[0])]
        path, line = (places[0][0], int(places[0][1])) if places else (file, 0)  # the innermost call is first
        told = "\n".join(line[4:] for line in body.split("\n") if not re.match(r"^ +(>? *\d* \||at )", line))
        failures.append(Failure(match[1], path, line, told))
    suites = _counts(re.compile(r"^Test Suites: +(.*)$", re.MULTILINE), text)
    broken = sum(failure.name == "Test suite failed to run" for failure in failures)
    if not counts and not suites:
        return Outcome(0, len(failures) - broken, broken, tuple(failures))
    return Outcome(counts.get("passed", 0), counts.get("failed", 0), broken, tuple(failures))


VITEST_POINT = re.compile(r"^ *(?:FAIL) +(?:\|.*?\| )?(.+)$", re.MULTILINE)


def _vitest(text: str) -> Outcome:
    counts = _counts(re.compile(r"^ *Tests +(\d.*)$", re.MULTILINE), text)
    failures: list[Failure] = []
    broken = 0
    for match, body in _parts(VITEST_POINT, text):
        body = re.split(r"^(?:⎯{3,}| *Test Files )", body.lstrip("\n"), maxsplit=1, flags=re.MULTILINE)[0]
        file, _, name = match[1].partition(" > ")
        file = re.sub(r" \[.*\]$", "", file)
        broken += not name
        places = [place for place in SCRIPT_PLACE.findall(body) if not FOREIGN.search(place[0])]
        path, line = (places[0][0], int(places[0][1])) if places else (file, 0)
        told = re.split(r"^ ❯ ", body, maxsplit=1, flags=re.MULTILINE)[0]
        failures.append(Failure(name or file, path, line, told))
    if not counts and not re.search(r"^ *Test Files +", text, re.MULTILINE):
        return Outcome(0, len(failures) - broken, broken, tuple(failures))
    return Outcome(counts.get("passed", 0), counts.get("failed", 0), broken, tuple(failures))


# go and cargo

GO_POINT = re.compile(r"^( *)--- (FAIL|PASS|SKIP): (\S+)", re.MULTILINE)
GO_PLACE = re.compile(r"^\s+([\w./-]+\.go):(\d+): (.*)$", re.MULTILINE)
GO_ERROR = re.compile(r"^(?:vet: )?((?:\./)?[\w./-]+\.go):(\d+):(?:\d+:)? (.*)$", re.MULTILINE)


def _go(text: str) -> Outcome:
    marks = list(_parts(GO_POINT, text))
    blocks: dict[str, str] = {}
    for name, body in _go_runs(text):
        blocks[name] = blocks.get(name, "") + body
    failed_names = [match[3] for match, _ in marks if match[2] == "FAIL"]
    failures: list[Failure] = []
    for match, after in marks:
        name = match[3]
        if match[2] != "FAIL" or any(other.startswith(f"{name}/") for other in failed_names):
            continue  # a test whose parts failed says nothing more
        after = re.split(r"^(?:FAIL|ok|PASS|=== )", after, maxsplit=1, flags=re.MULTILINE)[0]
        body = blocks.get(name, "") + after
        places = GO_PLACE.findall(body)
        panic = re.search(r"^panic: (.*?)(?: \[recovered.*)?$", text, re.MULTILINE)
        if not places and panic:
            path, line = _best(re.findall(r"^\t(/[^\s:]+_test\.go):(\d+)", text, re.MULTILINE)[:1])
            failures.append(Failure(name, path, line, f"panic: {panic[1]}"))
            continue
        path, line = (places[0][0], int(places[0][1])) if places else ("", 0)
        failures.append(
            Failure(name, path, line, "\n".join(f"{p}:{n}: {told}" for p, n, told in places) or body)
        )
    passed = sum(match[2] == "PASS" for match, _ in marks)
    failed = len(failures)
    broken = re.findall(r"^FAIL\s+(\S+) \[(?:build|setup) failed\]", text, re.MULTILINE)
    if broken:
        errors = GO_ERROR.findall(text)
        failures += [
            Failure(broken[0], path.removeprefix("./"), int(line), told) for path, line, told in errors
        ] or [Failure(name, "", 0, "build failed") for name in broken]
    return Outcome(passed, failed, len(broken), tuple(failures))


def _go_runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield what each test printed while it ran, as -v shows it."""
    parts = re.split(r"^ *(=== (?:RUN|CONT|NAME|PAUSE) .*|--- .*)$", text, flags=re.MULTILINE)
    for head, body in zip(parts[1::2], parts[2::2], strict=False):
        if head.startswith("=== "):
            yield head.split()[-1], body


CARGO_TEST = re.compile(r"^test (.+?) (?:- should panic )?\.\.\. (ok|FAILED|ignored)", re.MULTILINE)
CARGO_OUTPUT = re.compile(r"^---- (.+?) stdout ----$", re.MULTILINE)
CARGO_PANIC = re.compile(
    r"panicked at (?:'(?P<old>.*?)', )?(?P<path>[^\s:]+):(?P<line>\d+):\d+:?\n?", re.DOTALL
)
CARGO_ERROR = re.compile(r"^error(?:\[\w+\])?: (.*)\n(?: +--> ([^\s:]+):(\d+):\d+)?", re.MULTILINE)


def _cargo(text: str) -> Outcome:
    failures: list[Failure] = []
    for match, body in _parts(CARGO_OUTPUT, text):
        body = re.split(
            r"^failures:$|^note: run with|^stack backtrace:$", body, maxsplit=1, flags=re.MULTILINE
        )[0].strip("\n")
        panic = CARGO_PANIC.search(body)
        path, line = (panic["path"], int(panic["line"])) if panic else ("", 0)
        told = (panic["old"] or body[panic.end() :]) if panic else body
        failures.append(Failure(match[1], path, line, told or body))
    ends = re.findall(r"^test result: \w+\. (\d+) passed; (\d+) failed", text, re.MULTILINE)
    results = CARGO_TEST.findall(text)
    passed = sum(int(one) for one, _ in ends) if ends else sum(word == "ok" for _, word in results)
    failed = sum(int(one) for _, one in ends) if ends else sum(word == "FAILED" for _, word in results)
    errors = [each for each in CARGO_ERROR.findall(text) if each[1]]
    failures += [Failure("compile", path, int(line), told) for told, path, line in errors]
    return Outcome(passed, failed, len(errors), tuple(failures))


def _parts(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield every match with the text between it and the next."""
    marks = list(pattern.finditer(text))
    for index, match in enumerate(marks):
        yield match, text[match.end() : marks[index + 1].start() if index + 1 < len(marks) else None]


def _counts(pattern: re.Pattern[str], text: str) -> dict[str, int]:
    """Return the numbers by word of the last line that matches, as "2 failed, 3 passed" has them."""
    lines = pattern.findall(text)
    return {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", lines[-1])} if lines else {}


READERS: dict[str, Callable[[str], Outcome]] = {
    "pytest": _pytest,
    "unittest": _unittest,
    "node": _tap,
    "jest": _jest,
    "vitest": _vitest,
    "go": _go,
    "cargo": _cargo,
}
