"""Where the code is that makes a test fail: by what the test's run says, else by what the test calls.

A test that fails is seldom what is to be changed. Whoever asks inside of one means the code it tests.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from actions.around import Project
from actions.ladder import Ladder
from actions.loop import Progress
from actions.target import target
from inference.types import NearsideError
from retrieval.walk import Rules, walk
from syntax.extract import facts
from syntax.languages import language_of
from tools.suites import is_test

if TYPE_CHECKING:
    from actions.act import Asked

FRAME = re.compile(
    r'(?:File "(?P<python>[^"\n]+)", line (?P<line>[0-9]+))'
    r"|(?P<path>[\w@.+/\\-]+\.\w{1,5}):(?P<at>[0-9]+)(?=[:) \n,]|$)"
)
"""A place in what tests print: Python's own form, and the one of nearly everybody else."""
INNERMOST_LAST = ("python",)
"""Languages whose tracebacks end with the call that failed; the others' begin with it."""
LONGEST_SAID = 2_500
"""Characters of what a run says that go with the text of the test."""
MOST_SCANNED = 3_000
"""Files looked through for a definition where there is no index."""
COMMON = frozenset((
    "assert", "assertEqual", "assertTrue", "assertFalse", "assertRaises", "describe", "expect", "it", "print",
    "len", "range", "str", "int", "list", "dict", "set", "isinstance", "sorted", "repr", "toBe", "toEqual",
    "test", "deepEqual", "strictEqual", "Errorf", "Fatalf", "Run", "super",
))  # fmt: skip
"""Names that nearly every test calls."""


class NoSuspect(NearsideError):
    """Nothing tells which code a test is about."""


async def suspected(asked: Asked, project: Project, ladder: Ladder, progress: Progress) -> Asked:
    """Return what is to be changed so that a failing test passes, and with it what its run says.

    A place outside of tests is taken as it is. Where tests may not be run, what the test calls is all that
    tells. Raises NoSuspect.
    """
    if not is_test(asked.path):
        said = asked.problem or await ladder.said(asked.path, progress)
        return replace(asked, problem=said)
    part = target(asked.text, language_of(asked.path), asked.first, asked.last)
    said = asked.problem or await ladder.said(asked.path, progress, part.name.rpartition(".")[2])
    places = [*_frames(said, asked.path), *await _called(project, asked.path, part.text)]
    for path, line in places:
        text = None if is_test(path) else await asyncio.to_thread(project.text, path)
        if text is not None and line < len(text.splitlines()):
            shown = f"The test:\n{part.text}\n\n{said[:LONGEST_SAID]}".strip()
            return replace(asked, path=path, text=text, first=line, last=line, problem=shown)
    raise NoSuspect(
        f"Nothing was changed, because nothing tells which code {part.name or 'this test'} is about; ask "
        "again in that code."
    )


def _frames(said: str, path: str) -> list[tuple[str, int]]:
    """Return the places a run names, the likeliest first; paths as they are printed, lines from 0."""
    found = []
    for match in FRAME.finditer(said):
        name = (match["python"] or match["path"]).replace("\\", "/").removeprefix("./")
        found.append((name, int(match["line"] or match["at"]) - 1))
    if language_of(path) in INNERMOST_LAST:
        found.reverse()
    # A suite in a folder of its own prints paths from there.
    folders = ["", *(f"{folder}/" for folder in PurePosixPath(path).parents if folder.name)]
    inside = [place for place in dict.fromkeys(found) if not PurePosixPath(place[0]).is_absolute()]
    return [(folder + name, line) for name, line in inside for folder in folders]


async def _called(project: Project, path: str, text: str) -> list[tuple[str, int]]:
    """Return where the names are defined that a test calls, those it calls most first."""
    names = Counter(re.findall(r"\b([A-Za-z_]\w*)(?=\s*\()", text))
    names += Counter(re.findall(r"\b([A-Z]\w*)\b", text))
    wanted = [name for name, _ in names.most_common() if name not in COMMON and not name.startswith("test")]
    family = PurePosixPath(path).suffix
    found: dict[str, list[tuple[str, int]]] = {}
    for name in wanted:
        answer = await project.ask("symbol", name=name)
        found[name] = [(str(one["path"]), int(one["line"]) - 1) for one in answer.get("symbols", ())]
    if not any(found.values()):
        found = await asyncio.to_thread(_scanned, project, wanted, family)
    return [
        place
        for name in wanted
        for place in sorted(found.get(name, ()), key=lambda place: _distance(path, place[0]))
        if not is_test(place[0])
    ]


def _scanned(project: Project, wanted: list[str], family: str) -> dict[str, list[tuple[str, int]]]:
    """Return the definitions of names in the project's files of one suffix, without an index."""
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in wanted}
    for path in _files(project, family):
        text = project.text(path)
        if not text or not any(name in text for name in wanted):
            continue
        for symbol in facts(text, language_of(path)).symbols:
            if symbol.name in found and symbol.kind in ("function", "method", "class"):
                found[symbol.name].append((path, symbol.first))
    return found


def _files(project: Project, family: str) -> Iterator[str]:
    left = MOST_SCANNED
    for file in walk(project.root, Rules()):
        if PurePosixPath(file.path).suffix == family and not is_test(file.path):
            left -= 1
            if left < 0:
                return
            yield file.path


def _distance(one: str, other: str) -> int:
    """Return how far two files are apart, in folders."""
    left, right = PurePosixPath(one).parts[:-1], PurePosixPath(other).parts[:-1]
    shared = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), None)
    common = min(len(left), len(right)) if shared is None else shared
    return len(left) + len(right) - 2 * common
