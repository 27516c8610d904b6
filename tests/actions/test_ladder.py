"""A draft climbs the ladder in copies of the project; the project itself stays as it is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from actions.draft import Draft, Task
from actions.kinds import KINDS
from actions.ladder import Ladder, _must_pass
from actions.loop import perform
from actions.target import target
from tests.actions.test_loop import Says
from tools.outcome import Failure, Outcome

SUMS = "def add(a, b):\n    return a - b\n\n\ndef double(a):\n    return 2 * a\n"
TESTS = """\
from sums import add, double


def test_add():
    assert add(2, 3) == 5


def test_double():
    assert double(4) == 8
"""
ALL = ("parse", "lint", "tests")
RIGHT = SUMS.replace("a - b", "a + b")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    (root / "sums.py").write_text(SUMS)
    (root / "tests" / "test_sums.py").write_text(TESTS)
    return root


def state(root: Path) -> dict[str, str]:
    files = (file for file in root.rglob("*") if file.is_file())
    return {
        file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }


def task(kind: str = "fix-test", line: int = 1) -> Task:
    return Task(KINDS[kind], "sums.py", "python", SUMS, target(SUMS, "python", line, line))


async def judged(project: Path, text: str, kind: str = "fix-test", checks: tuple[str, ...] = ALL):
    before = state(project)
    said: list[str] = []
    verdict = await Ladder(project, {}, checks).verify(task(kind), Draft({"sums.py": text}), said.append)
    assert state(project) == before
    return verdict, said


async def test_a_right_draft_passes_every_step(project: Path) -> None:
    verdict, said = await judged(project, RIGHT)
    assert verdict.passed, verdict.why
    assert verdict.checked == ("applies", "parses", "lint", "tests")
    assert said[0] == "Copying the project" and any(line.startswith("Running 1 test") for line in said)


async def test_a_wrong_draft_fails_with_the_tests_that_say_so(project: Path) -> None:
    verdict, _ = await judged(project, SUMS.replace("a - b", "a * b"))
    assert not verdict.passed and verdict.step == "tests"
    assert "test_add" in verdict.why.split("\n")[0] and "1 of 2 tests failed" in verdict.why
    assert "test_double" not in verdict.why


async def test_what_does_not_parse_is_run_by_nobody(project: Path) -> None:
    verdict, said = await judged(project, SUMS.replace("(a, b):", "(a, b:"))
    assert (verdict.passed, verdict.step) == (False, "parses") and not said


async def test_a_refactoring_may_leave_failing_what_failed_before_and_break_nothing_else(
    project: Path,
) -> None:
    verdict, said = await judged(project, SUMS.replace("2 * a", "a + a"), "refactor")
    assert verdict.passed, verdict.why
    assert "Comparing with how it was" in said
    verdict, _ = await judged(project, SUMS.replace("2 * a", "3 * a"), "refactor")
    assert not verdict.passed and "test_double" in verdict.why


async def test_documentation_changes_no_code_and_needs_no_tests(project: Path) -> None:
    documented = SUMS.replace("a, b):\n", 'a, b):\n    """Add."""\n')
    verdict, said = await judged(project, documented, "document", ("parse", "tests"))
    assert verdict.passed and "same code" in verdict.checked and not said
    verdict, _ = await judged(project, documented.replace("a - b", "a + b"), "document", ("parse",))
    assert (verdict.passed, verdict.step) == (False, "same code")


async def test_a_project_without_tests_says_so(project: Path) -> None:
    (project / "tests" / "test_sums.py").unlink()
    (project / "pyproject.toml").unlink()
    verdict, _ = await judged(project, RIGHT)
    assert not verdict.passed and "No tests were run" in verdict.why


async def test_what_the_editor_has_not_saved_is_what_is_tested(project: Path) -> None:
    unsaved = {"tests/test_sums.py": TESTS.replace("== 5", "== -1")}
    verdict = await Ladder(project, unsaved, ALL).verify(task(), Draft({"sums.py": RIGHT}), lambda text: None)
    assert not verdict.passed and "test_add" in verdict.why


@pytest.mark.parametrize(
    ("path", "why"),
    [("tests/test_sums.py", "is there already"), ("draft.py", "is there already"), ("out/x.py", "leads out")],
)
async def test_a_file_the_model_was_not_shown_is_never_overwritten(
    project: Path, path: str, why: str
) -> None:
    (project / "out").symlink_to(project.parent, target_is_directory=True)
    ladder = Ladder(project, {"draft.py": "# not saved yet\n"}, ("parse",))
    verdict = await ladder.verify(task(), Draft({path: "x = 1\n"}), lambda text: None)
    assert (verdict.passed, verdict.step) == (False, "applies") and why in verdict.why
    new = Draft({"sums.py": RIGHT, "tests/test_new.py": "x = 1\n"})
    assert (await ladder.verify(task(), new, lambda text: None)).passed


async def test_the_loop_fixes_a_failing_test_at_the_second_try(project: Path) -> None:
    wrong = "```python\ndef add(a, b):\n    return a * b\n```"
    right = "```python\ndef add(a, b):\n    return a + b\n```"
    model = Says([wrong, right])
    before = state(project)
    result = await perform(task(), model, None, Ladder(project, {}, ALL))
    assert result.passed and result.draft.texts == {"sums.py": RIGHT}
    assert "test_add" in model.heard[1][-1][1] and state(project) == before


async def test_new_tests_that_nobody_finds_count_for_nothing(project: Path) -> None:
    new = "import unittest\n\n\nclass New(unittest.TestCase):\n    def test_new(self): ...\n"
    (project / "sums.py").write_text(RIGHT)
    for path, passed in (("tests/test_new.py", True), ("tests/checks_new.py", False)):
        draft = Draft({path: new})
        verdict = await Ladder(project, {}, ("tests",)).verify(task("write-tests"), draft, lambda text: None)
        assert verdict.passed is passed, verdict.why
    assert "none of the new tests ran" in verdict.why


async def test_a_failing_test_that_the_task_names_must_pass(project: Path) -> None:
    named = replace(task("refactor"), instruction="test_add fails because of the sign")
    draft = Draft({"sums.py": SUMS.replace("2 * a", "a + a")})
    verdict = await Ladder(project, {}, ("tests",)).verify(named, draft, lambda text: None)
    assert not verdict.passed and "test_add" in verdict.why


def failing(*names: str) -> Outcome:
    return Outcome(1, len(names), failures=tuple(Failure(name, "", 0, "") for name in names))


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("tests/test_sums.py::SumsTest::test_add", "test_add fails", True),
        ("tests/test_sums.py::test_add[1-2]", "test_add[1-2] fails", True),
        ("tests.test_sums.SumsTest.test_add", "def test_add(self):", True),
        ("adds up", "it('adds up', () => {})", True),
        ("cart > adds up", "it('adds up', () => {})", True),
        ("cart adds up", "it('adds up', () => {})", False),
        ("github.com/x/shop.TestAdd", "TestAdd fails", True),
        ("sums::tests::adds", "fn adds()", False),  # too short to be told from other words
        ("tests/test_other.py::test_other", "test_add fails", False),
        ("anything", "", True),
    ],
)
def test_which_failing_test_a_task_is_about_is_told_by_its_name(name: str, said: str, meant: bool) -> None:
    about = replace(task("fix-test"), problem=said)
    assert _must_pass(about, failing(name), 0, ["sums.py"]) is meant


FLAKY = """from pathlib import Path


def test_that_fails_the_first_time():
    mark = Path("been-here")
    was = mark.exists()
    mark.touch()
    assert was
"""


async def test_a_flaky_test_is_run_once_more_before_it_counts(project: Path) -> None:
    (project / "tests" / "test_sums.py").write_text(TESTS + "\n\n" + FLAKY.split("\n\n\n")[1])
    text = (project / "tests" / "test_sums.py").read_text()
    (project / "tests" / "test_sums.py").write_text("from pathlib import Path\n" + text)
    verdict, said = await judged(project, RIGHT)
    assert verdict.passed, verdict.why
    assert [line for line in said if "again" in line] == ["Running 1 test file again"]


@pytest.mark.parametrize(
    ("confidence", "checks", "passed", "step"),
    [
        (0.4, ("parse",), False, "confidence"),
        (0.6, ("parse",), True, "confidence"),
        (None, ("parse",), True, "parses"),
        (0.4, ("parse", "tests"), True, "tests"),
    ],
)
async def test_a_draft_that_no_test_checked_must_have_been_sure(
    project: Path, confidence: float | None, checks: tuple[str, ...], passed: bool, step: str
) -> None:
    draft = Draft({"sums.py": RIGHT}, confidence=confidence)
    verdict = await Ladder(project, {}, checks, sure_above=0.5).verify(task(), draft, lambda text: None)
    assert (verdict.passed, verdict.step) == (passed, step), verdict.why
    assert passed or "40%" in verdict.why


OTHER = """

class OtherTest(unittest.TestCase):
    def test_unrelated(self):
        self.fail("as always")
"""


@pytest.mark.parametrize("kind", ["fix-test", "write-tests"])
async def test_an_unrelated_test_that_always_fails_is_in_nobodys_way(project: Path, kind: str) -> None:
    (project / "tests" / "test_other.py").write_text("import unittest\nimport sums\n" + OTHER)
    draft = Draft({"sums.py": RIGHT})
    if kind == "write-tests":
        (project / "sums.py").write_text(RIGHT)
        draft = Draft({"tests/test_new.py": "def test_new(): ...\n"})
    about = replace(task(kind), problem="tests/test_sums.py::test_add fails")
    verdict = await Ladder(project, {}, ("tests",)).verify(about, draft, lambda text: None)
    assert verdict.passed, verdict.why


async def test_how_far_the_tests_are_is_told(project: Path) -> None:
    _, said = await judged(project, RIGHT)
    assert any("100 % done" in line for line in said)
