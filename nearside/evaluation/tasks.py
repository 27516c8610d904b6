"""The tasks a model is judged by: folders with a small project, what is asked of it, and hidden tests.

Beside task.toml lie `project` (what the model works on), `hidden` (tests that are laid over the result and
alone decide) and `reference` (a solution; no model sees it). Text that is replaced in a mutant stands in
task.toml.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actions.act import Asked
from actions.kinds import KINDS, TASKS
from inference.types import NearsideError
from syntax.extract import facts
from syntax.languages import language_of

OURS = Path(__file__).parent / "tasks"
SECONDS = 600.0
"""For one run of a task, unless it says otherwise: three answers of a slow model, and their tests."""
MOST_BYTES = 1_000_000
"""Of one file; the tasks here have a few thousand."""
WRITES_TESTS = "write-tests"
"""The kind of action that is judged by seeded mutants instead of hidden tests alone."""


class TaskError(NearsideError):
    """A task cannot be used as it is written."""


@dataclass(frozen=True, slots=True)
class EvalTask:
    """One task, as its folder describes it."""

    name: str
    folder: Path
    title: str
    kind: str
    """One of actions.kinds.TASKS."""
    action: str
    """One of actions.kinds.KINDS."""
    file: str
    """That the model changes, or writes tests for; relative to the project, as are all paths here."""
    first: int
    last: int
    """Lines from 0, both part of it."""
    instruction: str
    problem: str
    tests: str
    """The command of the tests the model is told of."""
    judge: str
    """The command that decides, with `hidden` laid over the result."""
    needs: str = ""
    """A program without which the task is left out."""
    seconds: float = SECONDS
    mutants: tuple[tuple[str, str], ...] = ()
    """Wrong versions of `file`, each as a text that occurs once in it and what stands there instead."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The project's files."""
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    reference: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def missing(self) -> str:
        """Why it cannot be run here; empty where it can."""
        return f"{self.needs} is not installed" if self.needs and not shutil.which(self.needs) else ""

    def asked(self) -> Asked:
        return Asked(
            KINDS[self.action], self.file, self.texts[self.file], self.first, self.last,
            self.instruction, self.problem,
        )  # fmt: skip

    def mutant(self, number: int) -> str:
        """Return the text of `file` in one of its wrong versions."""
        find, put = self.mutants[number]
        return self.texts[self.file].replace(find, put)


def load_all(folder: Path = OURS) -> list[EvalTask]:
    """Return every task of a folder, in the order of their kinds. Raises TaskError."""
    if not folder.is_dir():
        raise TaskError(f"No tasks were read, because there is no folder {folder}; name one with tasks.")
    tasks = [load(path.parent) for path in sorted(folder.glob("*/task.toml"))]
    if not tasks:
        raise TaskError(f"No tasks were read, because no folder in {folder} has a task.toml; write one.")
    return sorted(tasks, key=lambda task: TASKS.index(task.kind))


def chosen(tasks: Sequence[EvalTask], names: Collection[str], kinds: Collection[str]) -> list[EvalTask]:
    """Return the tasks of these names and kinds; an empty collection is all of them. Raises TaskError."""
    for wanted, there, what in (
        (names, [task.name for task in tasks], "task"),
        (kinds, list(dict.fromkeys(task.kind for task in tasks)), "kind"),
    ):
        if unknown := [one for one in wanted if one not in there]:
            raise TaskError(
                f"Nothing was evaluated, because there is no {what} {unknown[0]!r}; "
                f"there are {', '.join(there)}."
            )
    found = [
        task for task in tasks if (not names or task.name in names) and (not kinds or task.kind in kinds)
    ]
    if not found:
        raise TaskError("Nothing was evaluated, because no task has both; leave --tasks or --kinds out.")
    return found


def load(folder: Path) -> EvalTask:
    """Read one task. Raises TaskError with what is wrong."""
    file = folder / "task.toml"
    try:
        table = tomllib.loads(file.read_bytes().decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(file, f"it cannot be read ({error})") from None
    taken = _Table(file, table)
    kind = taken.one_of("kind", TASKS)
    action = taken.one_of("action", tuple(name for name, one in KINDS.items() if one.task))
    texts = _texts(folder / "project")
    path = taken.text("file")
    if path not in texts:
        raise _wrong(file, f"file is {path!r}, which its project does not have")
    first, last = _place(file, table, texts[path], path)
    problem = [taken.text("problem", "").strip()]
    for shown in taken.texts("shows"):
        if shown not in texts:
            raise _wrong(file, f"shows names {shown!r}, which its project does not have")
        problem.append(f"{shown}:\n{texts[shown].rstrip()}")
    tests = taken.text("tests")
    task = EvalTask(
        folder.name, folder, taken.text("title"), kind, action, path, first, last,
        taken.text("instruction", "").strip(), "\n\n".join(filter(None, problem)),
        _command(tests), _command(taken.text("judge", tests)), taken.text("needs", ""),
        taken.seconds(), _mutants(file, table.get("mutants", []), texts[path]),
        texts, _texts(folder / "hidden"), _texts(folder / "reference"),
    )  # fmt: skip
    if action == WRITES_TESTS and not task.mutants:
        raise _wrong(file, "a task of writing tests needs [[mutants]] that they should find")
    if action != WRITES_TESTS and not task.hidden:
        raise _wrong(file, "there are no hidden tests; put some into the folder hidden")
    if KINDS[action].instruction and not task.instruction:
        raise _wrong(file, f"{action} needs an instruction")
    return task


class _Table:
    """A task.toml whose values are checked when they are taken."""

    def __init__(self, file: Path, table: Mapping[str, Any]) -> None:
        self._file = file
        self._table = table

    def text(self, key: str, default: str | None = None) -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise _wrong(self._file, f"{key} must be a text")
        return value

    def texts(self, key: str) -> list[str]:
        value = self._table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _wrong(self._file, f"{key} must be a list of texts")
        return value

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        value = self.text(key)
        if value not in choices:
            raise _wrong(self._file, f"{key} is {value!r}; it is one of {', '.join(choices)}")
        return value

    def seconds(self) -> float:
        value = self._table.get("seconds", SECONDS)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 86_400:
            raise _wrong(self._file, "seconds must be a number from 1 to 86400")
        return float(value)


def _place(file: Path, table: Mapping[str, Any], text: str, path: str) -> tuple[int, int]:
    """Return the first and the last line, from 0, of what task.toml names by `symbol` or `lines`."""
    lines, symbol = table.get("lines"), table.get("symbol")
    if symbol is not None:
        found = [one for one in facts(text, language_of(path)).symbols if one.qualified == symbol]
        if len(found) != 1:
            raise _wrong(file, f"symbol is {symbol!r}, of which {path} has {len(found)}")
        return found[0].first, found[0].last
    total = len(text.splitlines())
    if (
        not isinstance(lines, list)
        or len(lines) != 2
        or not all(type(line) is int for line in lines)
        or not 1 <= lines[0] <= lines[1] <= total
    ):
        raise _wrong(file, f"it needs a symbol, or lines = [first, last] within the {total} of {path}")
    return lines[0] - 1, lines[1] - 1


def _mutants(file: Path, tables: Any, text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for table in tables if isinstance(tables, list) else [tables]:
        find, put = (table.get("find"), table.get("put")) if isinstance(table, dict) else (None, None)
        if not isinstance(find, str) or not isinstance(put, str) or text.count(find) != 1:
            raise _wrong(file, f"a mutant needs find, a text that occurs once, and put; not {find!r}")
        found.append((find, put))
    return tuple(found)


def _texts(folder: Path) -> dict[str, str]:
    """Return the files below a folder by their paths. Raises TaskError."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            try:
                if path.stat().st_size > MOST_BYTES:
                    raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
                found[path.relative_to(folder).as_posix()] = path.read_bytes().decode("utf-8")
            except (OSError, ValueError) as error:
                raise _wrong(path, f"it cannot be read ({error})") from None
    return found


def _command(text: str) -> str:
    """Return a command for a shell's eyes; {python} is the interpreter that runs this."""
    return text.replace("{python}", f"{shlex.quote(sys.executable)} -B")


def _wrong(file: Path, why: str) -> TaskError:
    return TaskError(f"The task {file} was not read: {why}. Correct it.")
