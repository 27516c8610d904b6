"""What runners print is read as they mean it: how many passed, what failed, where and why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.outcome import Failure, Outcome
from tools.outcomes import MOST_CHARACTERS, MOST_FAILURES, READERS, parse

DATA = Path(__file__).parent / "data"
PYTHON_PROJECT = {
    "code.py": "def add(a, b):\n    if a > 9:\n        raise ValueError('too - large')\n    return a - b\n",
    "tests/__init__.py": "",
    "tests/test_code.py": """\
import unittest
from code_ import add

class Adding(unittest.TestCase):
    def test_wrong(self):
        self.assertEqual(add(1, 2), 3)

    def test_right(self):
        self.assertEqual(add(0, 0), 0)

    def test_raises(self):
        add(10, 1)

    @unittest.skip("later")
    def test_skipped(self): ...

    def test_parts(self):
        for number in (0, 1):
            with self.subTest(number=number):
                self.assertEqual(number, 0)
""",
}


def project(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        path = path.replace("code.py", "code_.py") if path == "code.py" else path
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def output(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "COLUMNS": "80", "CI": "1"}
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, env=environment, timeout=60
    )
    return ran.stdout + ran.stderr


def pytest_output(folder: Path, *arguments: str) -> str:
    return output(folder, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), *arguments)


def test_unittest_really(tmp_path: Path) -> None:
    found = parse(
        "unittest", output(project(tmp_path, PYTHON_PROJECT), "-m", "unittest", "discover", "-v"), tmp_path
    )
    assert (found.passed, found.failed, found.errors) == (1, 2, 1) and not found.good
    by_name = {failure.name.removeprefix("tests.test_code.Adding."): failure for failure in found.failures}
    assert by_name["test_wrong"] == Failure(
        "tests.test_code.Adding.test_wrong", "tests/test_code.py", 6, "AssertionError: -1 != 3"
    )
    assert (by_name["test_raises"].path, by_name["test_raises"].line) == ("code_.py", 3)
    assert by_name["test_raises"].message == "ValueError: too - large"
    assert any(name.startswith("test_parts (number=1)") or "number=1" in name for name in by_name)


def test_unittest_that_all_passed_really(tmp_path: Path) -> None:
    project(
        tmp_path, {"test_a.py": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): ...\n"}
    )
    found = parse("unittest", output(tmp_path, "-m", "unittest"), tmp_path)
    assert found == Outcome(1) and found.good


def test_unittest_that_cannot_import_really(tmp_path: Path) -> None:
    project(tmp_path, {"test_a.py": "import nothing_here\n"})
    found = parse("unittest", output(tmp_path, "-m", "unittest"), tmp_path)
    assert found.errors == 1 and "No module named 'nothing_here'" in found.failures[0].message
    assert (found.failures[0].path, found.failures[0].line) == ("test_a.py", 1)


@pytest.mark.parametrize(
    ("verdict", "passed", "failed", "errors"),
    [
        ("OK", 9, 0, 0),
        ("OK (skipped=2, expected failures=1)", 6, 0, 0),
        ("FAILED (failures=1, errors=2, unexpected successes=1)", 5, 2, 2),
        ("", 9, 0, 0),
    ],
)
def test_the_verdict_of_unittest_is_counted(verdict: str, passed: int, failed: int, errors: int) -> None:
    found = parse("unittest", f"{'-' * 70}\nRan 9 tests in 0.001s\n\n{verdict}\n")
    assert (found.passed, found.failed, found.errors) == (passed, failed, errors)


@pytest.mark.parametrize("style", ["-q -rfE --tb=short", "-v", "-q -rA", "--tb=native --color=yes"])
def test_pytest_really(tmp_path: Path, style: str) -> None:
    tests = PYTHON_PROJECT["tests/test_code.py"].partition("    def test_parts")[0]
    project(tmp_path, PYTHON_PROJECT | {"tests/test_code.py": tests})
    more = """
import pytest
from code_ import add
@pytest.mark.parametrize("text", ["a - b", "ok"])
def test_text(text):
    assert text == "ok", "two\\nlines"
@pytest.fixture
def broken(): raise RuntimeError("set up")
def test_setup(broken): ...
def test_wrong(): assert add(3, 2) == 5
"""
    project(
        tmp_path, {"tests/test_more.py": more, "tests/test_again.py": "def test_wrong():\n    assert 0\n"}
    )
    found = parse("pytest", pytest_output(tmp_path, *style.split()), tmp_path)
    assert (found.passed, found.failed, found.errors) == (2, 5, 1) and len(found.failures) == 6
    by_name = {failure.name: failure for failure in found.failures}
    wrong = by_name["tests/test_code.py::Adding::test_wrong"]
    assert (wrong.path, wrong.line) == ("tests/test_code.py", 6) and "-1 != 3" in wrong.message
    raised = by_name["tests/test_code.py::Adding::test_raises"]
    assert (raised.path, raised.line) == ("code_.py", 3) and "too - large" in raised.message
    more_wrong = by_name["tests/test_more.py::test_wrong"]
    assert (more_wrong.path, more_wrong.line) == ("tests/test_more.py", 10)
    assert by_name["tests/test_again.py::test_wrong"].path == "tests/test_again.py"
    assert any("set up" in failure.message for failure in found.failures)


def test_pytest_that_cannot_collect_really(tmp_path: Path) -> None:
    project(tmp_path, {"test_a.py": "import nothing_here\n", "test_b.py": "def test_b(:\n"})
    found = parse("pytest", pytest_output(tmp_path, "-q", "-rfE", "--tb=short"), tmp_path)
    assert (found.passed, found.failed, found.errors) == (0, 0, 2)
    first, second = found.failures
    assert (first.path, first.line) == ("test_a.py", 1) and "nothing_here" in first.message
    assert (second.path, second.line) == ("test_b.py", 1) and "SyntaxError" in second.message


def test_pytest_that_all_passed_or_found_nothing_really(tmp_path: Path) -> None:
    assert not parse("pytest", pytest_output(tmp_path, "-q")).known
    project(tmp_path, {"test_a.py": "def test_a(): print('FAILED test_a.py::test_a - no')\n"})
    assert parse("pytest", pytest_output(tmp_path, "-q", "-rA")) == Outcome(1)


def test_pytest_that_is_told_nonsense_or_is_not_there() -> None:
    (told,) = parse("pytest", "ERROR: usage: pytest\nunrecognized arguments: --what").failures
    assert "usage" in told.message
    assert parse("pytest", "/usr/bin/python: No module named pytest\n").errors == 1


def test_pytest_that_was_stopped_tells_what_it_had() -> None:
    text = (DATA / "pytest_stopped.txt").read_text()
    (failure,) = parse("pytest", text).failures
    assert failure == Failure("test_slow", "test_a.py", 4, "assert 1 == 2")


EXPECTED = {
    "node_tap.txt": (
        "node",
        (1, 2, 0),
        [
            ("adds", "sum.test.js", 6, "Expected values to be strictly equal:\n\n-1 !== 3\n"),
            ("inner", "sum.test.js", 10, "no such thing"),
        ],
    ),
    "jest.txt": (
        "jest",
        (2, 1, 1),
        [
            ("adds › numbers", "src/sum.test.js", 5, "Expected: 3"),
            ("Test suite failed to run", "src/other.test.js", 1, "Cannot find module './missing'"),
        ],
    ),
    "vitest.txt": (
        "vitest",
        (2, 1, 1),
        [
            ("src/other.test.ts", "src/other.test.ts", 2, "Cannot find module './missing'"),
            ("adds > numbers", "src/sum.test.ts", 6, "AssertionError: expected -1 to be 3"),
        ],
    ),
    "go.txt": (
        "go",
        (2, 2, 0),
        [
            ("TestAdd/negative", "add_test.go", 19, "add_test.go:19: got 1, want -3"),
            ("TestSub", "add_test.go", 27, "add_test.go:27: got 5"),
        ],
    ),
    "go_build.txt": ("go", (0, 0, 1), [("example.com/sum", "add.go", 4, "undefined: c")]),
    "go_panic.txt": (
        "go",
        (0, 1, 0),
        [
            (
                "TestIndex",
                "/copy/sum/add_test.go",
                8,
                "panic: runtime error: index out of range [3] with length 2",
            )
        ],
    ),
    "cargo.txt": (
        "cargo",
        (2, 2, 0),
        [
            ("tests::adds", "src/lib.rs", 12, "assertion `left == right` failed"),
            ("tests::old", "src/lib.rs", 20, "not yet"),
        ],
    ),
    "cargo_build.txt": (
        "cargo",
        (0, 0, 1),
        [("compile", "src/lib.rs", 2, "cannot find value `c` in this scope")],
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("known", [True, False])
def test_recorded_output_is_read(name: str, known: bool) -> None:
    kind, counts, failures = EXPECTED[name]
    found = parse(kind if known else "make", (DATA / name).read_text(), Path("/copy"))
    assert (found.passed, found.failed, found.errors) == counts
    told = [(each.name, each.path, each.line) for each in found.failures]
    assert told == [(name, path.removeprefix("/copy/"), line) for name, path, line, _ in failures]
    for failure, (*_, message) in zip(found.failures, failures, strict=True):
        assert message.strip() in failure.message and "backtrace" not in failure.message


def test_the_innermost_call_of_the_project_is_where_it_failed() -> None:
    stack = (
        "    deep (/copy/node_modules/x/a.js:1:1)\n    own (/copy/lib.js:2:1)\n    test (/copy/a.test.js:3:1)"
    )
    text = f"not ok 1 - a\n  ---\n  error: 'no'\n  stack: |-\n{stack}\n  ...\n"
    assert parse("node", text, Path("/copy")).failures == (Failure("a", "lib.js", 2, "no"),)


@pytest.mark.parametrize("kind", [*READERS, "make", "command", "none"])
def test_output_of_something_else_says_nothing_and_cut_output_breaks_nothing(kind: str) -> None:
    nonsense = "\x00\x1b[31m===\n--- \n● \nFAILED\nFAIL\n" + "x" * 10_000 + "\nnot ok\n---- stdout ----\n"
    assert isinstance(parse(kind, nonsense), Outcome)
    assert parse(kind, "") == Outcome() and not Outcome().good
    for path in DATA.iterdir():
        text = path.read_text()
        for end in range(0, len(text), 97):
            parse(kind, text[:end])
            parse(kind, text[end:])


def test_much_is_cut() -> None:
    text = "".join(f"not ok {n} - t{n}\n  ---\n  error: '{'x' * 3000}'\n  ...\n" for n in range(80))
    found = parse("node", text)
    assert len(found.failures) == MOST_FAILURES and found.failed == 80
    assert all(len(failure.message) < MOST_CHARACTERS + 10 for failure in found.failures)


def test_a_failed_run_is_never_good() -> None:
    assert not Outcome(1, 1).good and not Outcome(1, errors=1).good and not Outcome().good
    assert not Outcome(1, failures=(Failure("a", "", 0, ""),)).good and Outcome(1).good
