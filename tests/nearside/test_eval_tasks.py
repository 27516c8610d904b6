"""Each task of `nearside eval` can be solved, is not solved as it is, and notices a wrong solution."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from actions.kinds import KINDS, TASKS
from nearside.evaluation.judge import judged
from nearside.evaluation.tasks import WRITES_TESTS, EvalTask, TaskError, chosen, load, load_all
from tests.nearside.eval_models import part_of, wrong

OURS = load_all()


def visible(task: EvalTask) -> EvalTask:
    """Return a task that is judged by what the model may see."""
    return replace(task, hidden={}, mutants=(), judge=task.tests)


def test_there_are_two_of_each_kind_and_some_in_other_languages() -> None:
    assert len(OURS) == 16
    assert Counter(task.kind for task in OURS) == Counter(dict.fromkeys(TASKS, 2))
    assert all(KINDS[task.action].task == task.kind for task in OURS)
    assert Counter(task.needs for task in OURS) == {"": 12, "node": 2, "go": 2}


@pytest.mark.parametrize("task", OURS, ids=lambda task: task.name)
async def test_a_task_tells_right_from_wrong(task: EvalTask) -> None:
    part_of(task)  # the solution is within the part that a model is shown
    assert sum(len(text.splitlines()) for text in task.texts.values()) >= 60
    if task.missing:
        pytest.skip(task.missing)
    root = task.folder / "project"
    assert await judged(task, root, task.reference) == ""
    [(path, text)] = task.reference.items()
    bad = wrong(task, text)
    assert "failed" in await judged(task, root, {path: bad})
    assert "failed" in await judged(visible(task), root, {path: bad})
    if task.action != WRITES_TESTS:
        assert "failed" in await judged(task, root, {task.file: task.texts[task.file]})


SPECIAL_CASES = """\
    known = {
        (3, 1): ["2026-03-01", "2026-04-01", "2026-05-01"],
        (1, 31): ["2026-01-31", "2026-02-28", "2026-03-31"],
        (11, 15): ["2025-11-15", "2026-02-15", "2026-05-15"],
    }
    return [date.fromisoformat(day) for day in known[lease.start.month, lease.start.day]]
"""


def named(name: str) -> EvalTask:
    return next(task for task in OURS if task.name == name)


async def test_special_cases_for_the_visible_tests_do_not_count() -> None:
    task = named("rent-schedule")
    text = task.texts[task.file]
    begin, end = text.index("    due, dates ="), text.index("def statement")
    draft = {task.file: f"{text[:begin]}{SPECIAL_CASES}\n\n{text[end:]}"}
    assert await judged(visible(task), task.folder / "project", draft) == ""
    assert "failed" in await judged(task, task.folder / "project", draft)


async def test_nobody_passes_by_changing_the_tests() -> None:
    task = named("rent-schedule")
    draft = {**task.reference, "tests/test_schedule.py": "", "tests/test_hidden.py": ""}
    bad = {**draft, task.file: task.texts[task.file]}
    assert await judged(task, task.folder / "project", draft) == ""
    assert "failed" in await judged(task, task.folder / "project", bad)
    only_tests = {"tests/test_schedule.py": ""}
    assert await judged(task, task.folder / "project", only_tests) == "there is no draft"


@pytest.mark.parametrize("lost", ["test_units_come_once", "test_the_sign_stands"])
async def test_tests_that_find_too_little_are_told_what_they_overlook(lost: str) -> None:
    task = named("durations")
    [(path, text)] = task.reference.items()
    why = await judged(task, task.folder / "project", {path: text.replace(lost, "skipped")})
    assert why.startswith("its tests do not notice")


async def test_a_file_without_tests_is_no_file_of_tests() -> None:
    task = named("durations")
    why = await judged(task, task.folder / "project", {"tests/test_durations.py": "import durations\n"})
    assert why == "no hidden test ran"


GOOD = {
    "title": '"T"',
    "kind": '"bug fix"',
    "action": '"fix-diagnostic"',
    "file": '"sums.py"',
    "symbol": '"add"',
    "tests": '"{python} -m unittest -v"',
}


def written(folder: Path, **changed: str | None) -> Path:
    """Write a task of somebody's own; None leaves a line out."""
    (folder / "project").mkdir(parents=True)
    (folder / "hidden").mkdir()
    (folder / "project" / "sums.py").write_text("def add(a, b):\n    return a - b\n")
    (folder / "hidden" / "test_sums.py").write_text("import unittest\n")
    lines = {**GOOD, **changed}
    text = "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None)
    (folder / "task.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": '"puzzle"'}, "kind is 'puzzle'"),
        ({"action": '"explain"'}, "action is 'explain'"),
        ({"action": '"refactor"'}, "refactor needs an instruction"),
        ({"action": '"write-tests"'}, "needs [[mutants]]"),
        ({"title": "7"}, "title must be a text"),
        ({"tests": None}, "tests must be a text"),
        ({"file": '"other.py"'}, "which its project does not have"),
        ({"shows": '["other.py"]'}, "shows names 'other.py'"),
        ({"symbol": '"sub"'}, "of which sums.py has 0"),
        ({"symbol": None, "lines": "[0, 1]"}, "within the 2 of sums.py"),
        ({"symbol": None, "lines": "[2, 1]"}, "within the 2 of sums.py"),
        ({"seconds": "0"}, "seconds must be a number"),
        ({"mutants": '[{find = "nowhere", put = ""}]'}, "not 'nowhere'"),
        ({"title": '"'}, "it cannot be read"),
    ],
)
def test_a_task_that_is_written_wrongly_is_one_line(
    tmp_path: Path, changed: dict[str, str | None], says: str
) -> None:
    folder = written(tmp_path / "mine", **changed)
    with pytest.raises(TaskError, match="was not read") as told:
        load(folder)
    assert says in str(told.value) and "\n" not in str(told.value).split("(")[0]


def test_lines_and_symbols_name_the_same_part(tmp_path: Path) -> None:
    one = load(written(tmp_path / "one"))
    other = load(written(tmp_path / "other", symbol=None, lines="[1, 2]"))
    assert (one.first, one.last) == (other.first, other.last) == (0, 1)


def test_files_can_be_shown_with_the_problem(tmp_path: Path) -> None:
    task = load(written(tmp_path / "mine", problem='"It is wrong."', shows='["sums.py"]'))
    assert task.problem == "It is wrong.\n\nsums.py:\ndef add(a, b):\n    return a - b"


def test_a_task_without_hidden_tests_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "mine")
    (folder / "hidden" / "test_sums.py").unlink()
    with pytest.raises(TaskError, match="no hidden tests"):
        load(folder)


@pytest.mark.parametrize(
    ("names", "kinds", "says"),
    [
        (["nope"], [], "no task 'nope'; there are invoice-rounding"),
        ([], ["puzzle"], "no kind 'puzzle'; there are bug fix"),
        (["durations"], ["bug fix"], "no task has both"),
    ],
)
def test_what_is_not_there_cannot_be_chosen(names: list[str], kinds: list[str], says: str) -> None:
    with pytest.raises(TaskError) as told:
        chosen(OURS, names, kinds)
    assert says in str(told.value)


def test_a_folder_without_tasks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"has a task\.toml"):
        load_all(tmp_path)
    with pytest.raises(TaskError, match="no folder"):
        load_all(tmp_path / "nowhere")
