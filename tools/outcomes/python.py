"""What pytest and unittest print of failed tests."""

from __future__ import annotations

import re

from tools.outcome import Failure, Outcome, best, numbers, parts

PYTEST_END = re.compile(r"^=*\s*((?:\d+ [a-z ]+(?:, )?)+|no tests ran) in [\d.]+s.*$", re.MULTILINE)
PYTEST_LINE = re.compile(r"^(FAILED|ERROR|SUBFAILED(?:\[.*?\]|\(.*?\))*) (\S.*?)(?: - (.*))?$", re.MULTILINE)
PYTEST_SECTION = re.compile(r"^_{3,} (.+?) _{3,}$", re.MULTILINE)
PYTEST_PLACE = re.compile(r"^(\S[^:\n]*\.\w+):(\d+): ", re.MULTILINE)
FILE_LINE = re.compile(r'^\s*(?:E\s+)?File "([^"\n]+)", line (\d+)', re.MULTILINE)


def pytest(text: str) -> Outcome:
    counts = numbers(PYTEST_END, text)
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
    for match, body in parts(PYTEST_SECTION, text):
        found.setdefault(match[1], []).append(re.split(r"^={3,}", body, maxsplit=1, flags=re.MULTILINE)[0])
    return found


def _pytest_failure(name: str, body: str, message: str) -> Failure:
    path, line = best(PYTEST_PLACE.findall(body))
    if not path:  # a syntax error, or the interpreter's own style
        path, line = best(FILE_LINE.findall(body))
    told = "\n".join(re.findall(r"^E(?:   |$)(.*)$", body, re.MULTILINE))
    return Failure(name, path or name.partition("::")[0], line, told or message)


UNITTEST_SECTION = re.compile(r"^={70}\n(FAIL|ERROR): (.+)\n(?:(?!-{70}).*\n)*?-{70}\n", re.MULTILINE)
UNITTEST_END = re.compile(r"^-{70}\nRan (\d+) tests? in", re.MULTILINE)
UNITTEST_COUNT = re.compile(r"(\w[\w ]*)=(\d+)")


def unittest(text: str) -> Outcome:
    end = list(UNITTEST_END.finditer(text))
    failures: list[Failure] = []
    words: list[str] = []
    for match, body in parts(UNITTEST_SECTION, text[: end[-1].start()] if end else text):
        body = body.strip("\n")
        words.append(match[1])
        path, line = best(FILE_LINE.findall(body))
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
