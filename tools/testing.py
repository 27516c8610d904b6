"""Which of a project's tests matter most for a change. Nothing is run here.

How they are run is found in suites.py, and what a run says is read in outcome.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools.suites import SET, TestSuite, read_text, test_files

MOST_RELEVANT = 12
"""Test files in the first selection: so many are quick, and the nearest ones are among them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Some of the tests."""

    command: tuple[str, ...]
    what: str
    """For the user, as "3 test files" or "all tests"."""
    paths: tuple[str, ...] = ()
    """Relative to the suite's folder; empty where it is all, or the rest."""


def relevant(suite: TestSuite, root: Path, changed: Sequence[str]) -> list[Selection]:
    """Return the tests that matter for files that changed, as far as can be told, and then the rest.

    `changed` are paths below `root`. Empty where there is no suite.
    """
    if not suite.command:
        return []
    folder = root / suite.folder
    everything = Selection(suite.command, "all tests")
    here = [path for path in (_below(each, suite.folder) for each in changed) if path]
    if not here or _has_own_paths(suite, folder):
        return [everything]
    if suite.kind in ("pytest", "unittest", "node"):
        return _by_files(suite, folder, here, everything)
    direct = PurePosixPath(suite.command[0]).name in (suite.kind, "npx")  # not a script that runs it
    if suite.kind == "jest" and direct:
        return [Selection((*suite.command, "--findRelatedTests", *here), "related tests"), everything]
    if suite.kind == "vitest" and direct and "run" in suite.command:
        at = suite.command.index("run")
        command = (*suite.command[:at], "related", "--run", *suite.command[at + 1 :], *here)
        return [Selection(command, "related tests"), everything]
    if suite.kind == "go" and suite.command[-1] == "./...":
        parts = {PurePosixPath(path).parent.as_posix() for path in here if path.endswith(".go")}
        if not parts:
            return [everything]
        wanted = tuple("." if part == "." else f"./{part}" for part in sorted(parts))
        return [Selection((*suite.command[:-1], *wanted), "tests of the package", wanted), everything]
    if suite.kind == "cargo":
        tests = [PurePosixPath(path) for path in here]
        names = [path.stem for path in tests if path.parent.name == "tests" and path.suffix == ".rs"]
        options = [option for name in names for option in ("--test", name)]
        return [Selection((*suite.command, *options), "changed tests"), everything] if names else [everything]
    return [everything]


def _by_files(
    suite: TestSuite, folder: Path, changed: Sequence[str], everything: Selection
) -> list[Selection]:
    tests = test_files(folder, "script" if suite.kind == "node" else "python")
    scores = {path: _nearness(folder, path, changed) for path in tests}
    ranked = sorted((path for path in tests if scores[path]), key=lambda path: (-scores[path], path))
    chosen = tuple(ranked[:MOST_RELEVANT])
    if not chosen:
        return [everything]
    what = "1 test file" if len(chosen) == 1 else f"{len(chosen)} test files"
    if suite.kind == "unittest":
        if "discover" not in suite.command:
            return [everything]
        options = suite.command[suite.command.index("discover") :]
        base = options[options.index("-s") + 1] if "-s" in options and "-t" not in options else ""
        modules = [_module(path, base) for path in chosen]
        if not all(modules):
            return [everything]
        command = (*suite.command[: -len(options)], "-v", *modules)
        if base:  # its folder is no package: its modules are found from inside
            path = os.pathsep.join((base, suite.environment.get("PYTHONPATH", ".")))
            command = ("env", f"PYTHONPATH={path}", *command)
        first = Selection(command, what, chosen)
    else:
        first = Selection((*suite.command, *chosen), what, chosen)
    if set(chosen) == set(tests):
        return [first]
    if suite.kind == "pytest":
        rest = (*suite.command, *(f"--ignore={path}" for path in chosen))
        return [first, Selection(rest, "the other tests")]
    return [first, everything]


def _nearness(folder: Path, test: str, changed: Sequence[str]) -> int:
    """Return how much a test file has to do with changed files: 4 itself, 3 its name, 1 to 2 its imports."""
    if test in changed:
        return 4
    stem = re.sub(r"^test_?|_?tests?$|[-._](test|spec)$", "", PurePosixPath(test).stem)
    text = read_text(folder / test)
    best = 0
    for path in changed:
        own = PurePosixPath(path)
        name = own.parent.name if own.stem in ("__init__", "index", "mod") else own.stem
        if stem and stem == name:
            best = max(best, 3)
        module = re.escape(_module(path, "") or name)
        if re.search(
            rf"\b(from|import)\s+([\w.]+\.)?{module}\b|[\"'][^\"'\n]*/{re.escape(name)}(\.\w+)?[\"']", text
        ):
            best = max(best, 2)
        elif name and re.search(rf"\b(import|from|require)\b.*\b{re.escape(name)}\b", text):
            best = max(best, 1)
    return best


def _module(path: str, base: str) -> str:
    """Return the dotted name of a Python file, from the folder `base`; empty where it has none."""
    own = PurePosixPath(path)
    if base:
        if not own.is_relative_to(base):
            return ""
        own = own.relative_to(base)
    parts = [part for part in own.with_suffix("").parts if part != "__init__"]
    if parts[:1] in (["src"], ["lib"]):
        parts = parts[1:]
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else ""


def _below(path: str, folder: str) -> str:
    if not folder:
        return path
    return path[len(folder) + 1 :] if path.startswith(f"{folder}/") else ""


def _has_own_paths(suite: TestSuite, folder: Path) -> bool:
    """Tell whether a command that was set, or a script's, names the tests it wants."""
    rest = suite.command[2:] if suite.kind == "unittest" else suite.command[1:]
    told = suite.why == SET or suite.kind == "node"
    return told and any(not word.startswith("-") and (folder / word).exists() for word in rest)
