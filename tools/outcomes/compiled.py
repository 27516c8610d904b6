"""What go test and cargo test print of failed tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.outcome import Failure, Outcome, best, parts

GO_POINT = re.compile(r"^( *)--- (FAIL|PASS|SKIP): (\S+)", re.MULTILINE)
GO_PLACE = re.compile(r"^\s+([\w./-]+\.go):(\d+): (.*)$", re.MULTILINE)
GO_ERROR = re.compile(r"^(?:vet: )?((?:\./)?[\w./-]+\.go):(\d+):(?:\d+:)? (.*)$", re.MULTILINE)


def go(text: str) -> Outcome:
    marks = list(parts(GO_POINT, text))
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
            path, line = best(re.findall(r"^\t(/[^\s:]+_test\.go):(\d+)", text, re.MULTILINE)[:1])
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


def cargo(text: str) -> Outcome:
    failures: list[Failure] = []
    for match, body in parts(CARGO_OUTPUT, text):
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
