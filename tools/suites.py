"""Which command runs a project's tests: as it is set, or as what lies there tells. Nothing is run here."""

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
TEST_FOLDERS = frozenset(("tests", "test", "__tests__", "spec"))
SKIPPED = frozenset((
    "node_modules", "venv", "env", "site-packages", "__pycache__", "build", "dist", "target", "vendor",
))  # fmt: skip
MOST_FILES = 20_000
"""Files looked at for tests; who has more is told by configuration files alone."""
MOST_TEST_BYTES = 200_000
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


def is_test(path: str) -> bool:
    """Tell by its path whether a file is one of tests."""
    file = PurePosixPath(path)
    return (
        any(pattern.search(file.name) for pattern in TEST_FILES.values())
        or file.name.endswith(("_test.go", "_spec.rb", "_test.rb", "Test.java", "Tests.java", "Test.kt"))
        or not TEST_FOLDERS.isdisjoint(file.parts[:-1])
    )


def test_files(folder: Path, language: str) -> list[str]:
    """Return the files below a folder that are tests by their names; `language` is "python" or "script"."""
    pattern = TEST_FILES[language]
    return [path for path in _files(folder) if pattern.search(path.rpartition("/")[2])]


test_files.__test__ = False  # type: ignore[attr-defined]


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
        if section in read_text(folder / name):
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
        text = read_text(folder / name)
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


def read_text(path: Path) -> str:
    try:
        with open(path, "rb") as opened:
            return opened.read(MOST_TEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except (ValueError, RecursionError):
        return {}


def _json(path: Path) -> dict[str, Any] | None:
    """Return an object of a JSON file; None where there is no file, {} where it is broken."""
    text = read_text(path)
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
