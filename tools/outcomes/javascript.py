"""What node's own runner, jest and vitest print of failed tests."""

from __future__ import annotations

import re

from tools.outcome import FOREIGN, Failure, Outcome, best, numbers, parts

TAP_POINT = re.compile(r"^( *)not ok \d+ - (.*)$")
TAP_FIELD = re.compile(r"^ *(\w+): (.*)$")


def tap(text: str) -> Outcome:
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
        path, number = best(reversed(stack))  # the innermost call is first
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


JEST_HEAD = re.compile(r"^(?:PASS|FAIL) +(\S+)", re.MULTILINE)
JEST_POINT = re.compile(r"^  ● (.+)$", re.MULTILINE)
SCRIPT_PLACE = re.compile(
    r"(?:\(|❯ |at |^ *)((?:file://)?[^\s():]+\.[cm]?[jt]sx?|[^\s():]+\.(?:vue|svelte)):(\d+):\d+"
)


def jest(text: str) -> Outcome:
    counts = numbers(re.compile(r"^Tests: +(.*)$", re.MULTILINE), text)
    failures: list[Failure] = []
    body_text = text.partition("Summary of all failing tests")[0]
    for match, body in parts(JEST_POINT, body_text):
        body = re.split(r"^(?:PASS|FAIL|Test Suites:) ", body, maxsplit=1, flags=re.MULTILINE)[0]
        file = next((head[1] for head in reversed(list(JEST_HEAD.finditer(body_text, 0, match.start())))), "")
        if match[1].startswith("Console"):
            continue
        places = [place for place in SCRIPT_PLACE.findall(body) if not FOREIGN.search(place[0])]
        path, line = (places[0][0], int(places[0][1])) if places else (file, 0)  # the innermost call is first
        told = "\n".join(line[4:] for line in body.split("\n") if not re.match(r"^ +(>? *\d* \||at )", line))
        failures.append(Failure(match[1], path, line, told))
    suites = numbers(re.compile(r"^Test Suites: +(.*)$", re.MULTILINE), text)
    broken = sum(failure.name == "Test suite failed to run" for failure in failures)
    if not counts and not suites:
        return Outcome(0, len(failures) - broken, broken, tuple(failures))
    return Outcome(counts.get("passed", 0), counts.get("failed", 0), broken, tuple(failures))


VITEST_POINT = re.compile(r"^ *(?:FAIL) +(?:\|.*?\| )?(.+)$", re.MULTILINE)


def vitest(text: str) -> Outcome:
    counts = numbers(re.compile(r"^ *Tests +(\d.*)$", re.MULTILINE), text)
    failures: list[Failure] = []
    broken = 0
    for match, body in parts(VITEST_POINT, text):
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
