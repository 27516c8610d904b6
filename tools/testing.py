"""Which command runs a project's tests, and which of them matter most for a change. Nothing is run here.

What a run says is read in outcome.py.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from tools.outcome import Failure as Failure
from tools.outcome import Outcome as Outcome
from tools.outcome import parse as parse

Kind = Literal[
    "pytest", "unittest", "vitest", "jest", "node", "npm", "go", "cargo", "make", "command", "none"
]  # fmt: skip
SCRIPTED: tuple[Kind, ...] = ("vitest", "jest")
PROGRAMS: Mapping[str, Kind] = {
    "pytest": "pytest", "py.test": "pytest", "unittest": "unittest", "vitest": "vitest", "jest": "jest",
    "go": "go", "cargo": "cargo", "make": "make", "npm": "npm",
}  # fmt: skip
"""Words of a command that was set, by whose output it prints; the first that is in it counts."""
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "pytest": (".py", ".pyi"), "unittest": (".py", ".pyi"), "go": (".go",), "cargo": (".rs",),
} | dict.fromkeys(
    ("vitest", "jest", "node", "npm"),
    (".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte")
)  # fmt: skip
TEST_FILES = {
    "python": re.compile(r"^(test_?.*|.*_tests?)\.py$"),
    "script": re.compile(r"(\.|-|_)(test|spec)\.[cm]?[jt]sx?$"),
}
SKIPPED = frozenset((
    "node_modules", "venv", "env", "site-packages", "__pycache__", "build", "dist", "target", "vendor",
))  # fmt: skip
MOST_FILES = 20_000
"""Files looked at for tests; who has more is told by configuration files alone."""
MOST_TEST_BYTES = 200_000
MOST_RELEVANT = 12
"""Test files in the first selection: so many are quick, and the nearest ones are among them."""
PLAIN_PYTEST = ("-q", "-rfE", "--tb=short", "--color=no", "-p", "no:cacheprovider")
ONLY_ECHO = re.compile(r"no test specified|^\s*(echo|exit)\b")


@dataclass(frozen=True, slots=True)
class TestSuite:
    """How the tests of a project are run."""

    __test__: ClassVar[bool] = False

    command: tuple[str, ...]
    """Empty where there is none."""
    kind: Kind
    """Whose output it prints."""
    why: str
    """What told so, for the user; where there is no suite, why and what to do."""
    folder: str = ""
    """Where to run it, below the root."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """To add; paths in it count from the folder, so that a copy is tested and not what is installed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Some of the tests."""

    command: tuple[str, ...]
    what: str
    """For the user, as "3 test files" or "all tests"."""
    paths: tuple[str, ...] = ()
    """Relative to the suite's folder; empty where it is all, or the rest."""


def find(root: Path, setting: str = "", near: Sequence[str] = ()) -> TestSuite:
    """Return how the tests of `root` are run: as `setting` says, or else by what lies there.

    `near` are the changed files: the nearest folder above them that has tests of their language wins. Raises
    nothing.
    """
    if setting.strip():
        return _as_set(root, setting)
    suffixes = tuple(PurePosixPath(path).suffix for path in near)
    folders = [parent.as_posix() for path in near for parent in PurePosixPath(path).parents]
    suites = [suite for folder in dict.fromkeys([*folders, "."]) for suite in _suites(root, folder)]
    for suite in suites:
        if not suffixes or set(LANGUAGES.get(suite.kind, ())) & set(suffixes):
            return suite
    if suites:
        return suites[-1] if not suites[-1].folder else suites[0]
    return TestSuite((), "none", "No tests were run, because none were found; set routing.actions.tests.")


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


def test_files(folder: Path, language: str) -> list[str]:
    """Return the files below a folder that are tests by their names; `language` is "python" or "script"."""
    pattern = TEST_FILES[language]
    return [path for path in _files(folder) if pattern.search(path.rpartition("/")[2])]


test_files.__test__ = False  # type: ignore[attr-defined]


def _nearness(folder: Path, test: str, changed: Sequence[str]) -> int:
    """Return how much a test file has to do with changed files: 4 itself, 3 its name, 1 to 2 its imports."""
    if test in changed:
        return 4
    stem = re.sub(r"^test_?|_?tests?$|[-._](test|spec)$", "", PurePosixPath(test).stem)
    text = _text(folder / test)
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


SET = "routing.actions.tests says so"


def _as_set(root: Path, setting: str) -> TestSuite:
    try:
        words = tuple(shlex.split(setting))
    except ValueError:  # a quote that does not end
        words = tuple(setting.split())
    names = [PurePosixPath(word).name for word in words]
    known: list[Kind] = [kind for name, kind in PROGRAMS.items() if name in names]
    kind: Kind = known[0] if known else "command"
    if kind == "command" and "node" in names and "--test" in words:
        kind = "node"
    return TestSuite(
        words, kind, SET, environment=_python_path(root) if kind in ("pytest", "unittest") else {}
    )


def _suites(root: Path, folder: str) -> Iterator[TestSuite]:
    """Yield every suite of one folder, the best first."""
    at, name = root / folder, "" if folder == "." else folder
    for found in (_python(at, name == ""), _script(at), _go(at), _cargo(at), _make(at)):
        if found is not None:
            yield replace(found, folder=name)


def _python(folder: Path, is_root: bool) -> TestSuite | None:
    configured = _pytest_configured(folder)
    marked = configured or any(
        (folder / name).exists() for name in ("setup.py", "setup.cfg", "pyproject.toml")
    )
    if not (marked or is_root or (folder / "manage.py").exists()):
        return None
    tests = test_files(folder, "python")
    if not tests and not configured:
        return None
    python, has_pytest = _interpreter(folder)
    path = _python_path(folder)
    if configured or (has_pytest and not (folder / "manage.py").exists()):
        why = configured or f"there is {tests[0]}"
        return TestSuite((*python, "-m", "pytest", *PLAIN_PYTEST), "pytest", why, environment=path)
    if (folder / "manage.py").exists():
        return TestSuite(
            (*python, "manage.py", "test", "-v", "2"), "unittest", "there is manage.py", environment=path
        )
    tops = {test.partition("/")[0] for test in tests if "/" in test}
    at_top = any("/" not in test for test in tests)
    options: tuple[str, ...] = ()
    for name in ("tests", "test"):
        if not at_top and name in tops:
            package = (folder / name / "__init__.py").exists()
            options = ("-s", name, "-t", ".") if package else ("-s", name)
            break
    if any(not PurePosixPath(test).name.startswith("test") for test in tests):
        options = (*options, "-p", "*test*.py")
    command = (*python, "-m", "unittest", "discover", "-v", *options)
    return TestSuite(command, "unittest", f"there is {tests[0]}", environment=path)


def _pytest_configured(folder: Path) -> str:
    """Return what in a folder configures pytest, for the user."""
    for name in ("pytest.ini", ".pytest.ini", "conftest.py", "tests/conftest.py", "test/conftest.py"):
        if (folder / name).exists():
            return f"there is {name}"
    if "pytest" in _toml(folder / "pyproject.toml").get("tool", {}):
        return "pyproject.toml has tool.pytest"
    for name, section in (("tox.ini", "[pytest]"), ("setup.cfg", "[tool:pytest]")):
        if section in _text(folder / name):
            return f"{name} has {section}"
    return ""


def _interpreter(folder: Path) -> tuple[tuple[str, ...], bool]:
    """Return the project's Python and whether pytest is installed for it."""
    for place in (folder, folder.parent):
        for name in (".venv", "venv", "env"):
            if (place / name / "bin" / "python").exists():
                python = f"{name}/bin/python" if place == folder else str(place / name / "bin" / "python")
                return (python,), _has_pytest(place / name)
    active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if active and (Path(active) / "bin" / "python").exists():
        return (str(Path(active) / "bin" / "python"),), _has_pytest(Path(active))
    program = shutil.which("pytest")
    beside = Path(program).parent / "python" if program else None
    if beside is not None and beside.exists():
        return (str(beside),), True
    return ("python3" if shutil.which("python3") else "python",), False


def _has_pytest(environment: Path) -> bool:
    return (environment / "bin" / "pytest").exists() or any(
        environment.glob("lib/python*/site-packages/pytest")
    )


def _python_path(folder: Path) -> dict[str, str]:
    """Return what makes Python import the copy although the original is installed in editable mode."""
    return {"PYTHONPATH": os.pathsep.join(("src", ".") if (folder / "src").is_dir() else (".",))}


def _script(folder: Path) -> TestSuite | None:
    package = _json(folder / "package.json")
    if package is None:
        return None
    scripts = package.get("scripts")
    script = scripts.get("test") if isinstance(scripts, dict) else None
    script = script if isinstance(script, str) and not ONLY_ECHO.search(script) else ""
    wanted: dict[str, Any] = {}
    for key in ("dependencies", "devDependencies"):
        if isinstance(package.get(key), dict):
            wanted |= package[key]
    named: list[Kind] = [name for name in SCRIPTED if re.search(rf"\b{name}\b", script)]
    kind: Kind = named[0] if named else "npm"
    if kind == "npm" and re.search(r"\bnode\b.*--test\b", script):
        kind = "node"
    if script:
        direct = _direct(folder, kind, script)
        if direct:
            return TestSuite(direct, kind, f"package.json's test script is {script!r}")  # type: ignore[arg-type]
        manager = next((name for name in _managers(folder) if shutil.which(name)), "npm")
        return TestSuite((manager, "run", "test"), kind, "package.json has a test script")
    for name in SCRIPTED:
        if name in wanted:
            command = _direct(folder, name, name) or ("npx", name)
            return TestSuite(command, name, f"package.json wants {name}")
    if test_files(folder, "script"):
        return TestSuite(("node", "--test", "--test-reporter=tap"), "node", "there are test files")
    return None


def _direct(folder: Path, kind: Kind, script: str) -> tuple[str, ...]:
    """Return the program that a simple script runs, which can be told more; empty where it is not simple."""
    if re.search(r"[;&|<>$`()]", script):
        return ()
    try:
        words = shlex.split(script)
    except ValueError:
        return ()
    options = [word for word in words[1:] if not word.startswith("--watch") and word not in ("run", "watch")]
    if kind == "node" and words[0] == "node":
        options = [word for word in options if not word.startswith("--test-reporter")]
        return ("node", "--test", "--test-reporter=tap", *(word for word in options if word != "--test"))
    if kind not in ("vitest", "jest") or words[0] != kind:
        return ()
    place = next(
        (p for p in (folder, *list(folder.parents)[:3]) if (p / "node_modules/.bin" / kind).exists()), None
    )
    if place is None:
        return ()
    program = os.path.relpath(place / "node_modules/.bin" / kind, folder)
    return (program, "run", *options) if kind == "vitest" else (program, "--ci", *options)


def _managers(folder: Path) -> Iterator[str]:
    for lock, name in (
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", "yarn"),
        ("bun.lock", "bun"),
        ("bun.lockb", "bun"),
    ):
        if (folder / lock).exists():
            yield name
    yield from ("npm", "pnpm", "yarn", "bun")


def _go(folder: Path) -> TestSuite | None:
    if not (folder / "go.mod").exists():
        return None
    return TestSuite(("go", "test", "-v", "./..."), "go", "there is go.mod")


def _cargo(folder: Path) -> TestSuite | None:
    if not (folder / "Cargo.toml").exists():
        return None
    command = ("cargo", "test", "--no-fail-fast")
    is_workspace = "workspace" in _toml(folder / "Cargo.toml")
    command = (*command, "--workspace") if is_workspace else command
    return TestSuite(command, "cargo", "there is Cargo.toml", environment={"RUST_BACKTRACE": "0"})


def _make(folder: Path) -> TestSuite | None:
    for name in ("GNUmakefile", "makefile", "Makefile"):
        text = _text(folder / name)
        for target in ("test", "tests", "check"):
            if re.search(rf"^{target}\s*:(?!=)", text, re.MULTILINE):
                return TestSuite(("make", target), "make", f"{name} has the target {target}")
    return None


def _files(folder: Path) -> Iterator[str]:
    """Yield the files below a folder that are the project's own."""
    left = MOST_FILES
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        base = os.path.relpath(top, folder)
        for name in sorted(files):
            left -= 1
            if left < 0:
                return
            yield name if base == "." else f"{base}/{name}".replace(os.sep, "/")


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as opened:
            return opened.read(MOST_TEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except (ValueError, RecursionError):
        return {}


def _json(path: Path) -> dict[str, Any] | None:
    """Return an object of a JSON file; None where there is no file, {} where it is broken."""
    text = _text(path)
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
