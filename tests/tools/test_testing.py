"""How a project's tests are run is told by what lies there, and what matters for a change comes first."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tools import suites
from tools.outcomes import parse
from tools.runner import run
from tools.scratch import scratch
from tools.suites import TestSuite, find, is_test
from tools.testing import Selection, relevant


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no tools but those a test puts there."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")


def project(folder: Path, *paths: str, **texts: str) -> Path:
    for path in paths:
        path, _, text = path.partition("=")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def package(script: str = "", **wanted: str) -> str:
    return "package.json=" + json.dumps({"scripts": {"test": script}, "devDependencies": wanted})


@pytest.mark.parametrize(
    ("files", "kind", "command"),
    [
        (["pytest.ini="], "pytest", "python -m pytest"),
        (["pyproject.toml=[tool.pytest.ini_options]\n"], "pytest", "python -m pytest"),
        (["setup.cfg=[tool:pytest]\n"], "pytest", "python -m pytest"),
        (["tests/conftest.py="], "pytest", "python -m pytest"),
        (["tests/test_a.py="], "unittest", "python -m unittest discover -v -s tests"),
        (
            ["tests/test_a.py=", "tests/__init__.py="],
            "unittest",
            "python -m unittest discover -v -s tests -t .",
        ),
        (["test_a.py="], "unittest", "python -m unittest discover -v"),
        (["a_test.py="], "unittest", "python -m unittest discover -v -p *test*.py"),
        (["manage.py=", "app/tests.py="], "unittest", "python manage.py test -v 2"),
        ([".venv/bin/python=", ".venv/bin/pytest=", "test_a.py="], "pytest", ".venv/bin/python -m pytest"),
        ([package("jest"), "node_modules/.bin/jest="], "jest", "node_modules/.bin/jest --ci"),
        ([package("vitest --watch"), "node_modules/.bin/vitest="], "vitest", "node_modules/.bin/vitest run"),
        ([package("jest && eslint ."), "node_modules/.bin/jest="], "jest", "npm run test"),
        ([package("FOO=1 vitest"), "node_modules/.bin/vitest="], "vitest", "npm run test"),
        ([package("node --test test/")], "node", "node --test --test-reporter=tap test/"),
        ([package("ava")], "npm", "npm run test"),
        ([package(vitest="1"), "node_modules/.bin/vitest="], "vitest", "node_modules/.bin/vitest run"),
        ([package('echo "Error: no test specified" && exit 1'), "a.test.js="], "node", "node --test"),
        (["go.mod="], "go", "go test -v ./..."),
        (["Cargo.toml=[package]\n"], "cargo", "cargo test --no-fail-fast"),
        (["Cargo.toml=[workspace]\n"], "cargo", "cargo test --no-fail-fast --workspace"),
        (["Makefile=all:\n\ntest: all\n\trun\n"], "make", "make test"),
        (["Makefile=check:\n\trun\n"], "make", "make check"),
        (["Makefile=test := 1\n"], "none", ""),
        (["a.py=", "README.md="], "none", ""),
        (["package.json={broken", "pyproject.toml=broken [", "Cargo.toml=["], "cargo", "cargo test"),
        (["node_modules/x/test_a.py=", "venv/test_b.py="], "none", ""),
    ],
)
def test_the_command_is_told_by_what_lies_there(
    files: list[str], kind: str, command: str, tmp_path: Path
) -> None:
    found = find(project(tmp_path, *files))
    told = " ".join(found.command).replace("python3", "python")
    assert (found.kind, told[: len(command)] if command else told) == (kind, command)
    assert found.why and "\n" not in found.why and found.folder == ""


def test_nothing_found_says_what_to_do(tmp_path: Path) -> None:
    assert "none were found; set routing.actions.tests" in find(tmp_path / "gone").why


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("pytest -x tests/unit", "pytest"), ("python -m unittest a.b", "unittest"), ("make -s check", "make"),
        ("./run 'all of them'", "command"), ("node --test", "node"), ("npx vitest run", "vitest"),
        ("broken 'quote", "command"),
    ],
)  # fmt: skip
def test_a_setting_is_taken_as_it_is(setting: str, kind: str, tmp_path: Path) -> None:
    found = find(project(tmp_path, "pytest.ini="), setting)
    assert found.kind == kind and "routing.actions.tests" in found.why
    assert " ".join(found.command) == setting.replace("'all of them'", "all of them")


def test_the_nearest_folder_with_tests_of_the_language_wins(tmp_path: Path) -> None:
    project(tmp_path, "pytest.ini=", "tests/test_a.py=", "web/ui/src/a.ts=", "web/core/src/b.ts=")
    for name in ("ui", "core"):
        project(tmp_path / "web" / name, package("jest"))
        project(tmp_path / "web", "node_modules/.bin/jest=")
    found = find(tmp_path, near=["web/ui/src/a.ts"])
    assert (found.kind, found.folder, found.command[0]) == ("jest", "web/ui", "../node_modules/.bin/jest")
    assert find(tmp_path, near=["web/ui/src/a.py"]).kind == "pytest"
    assert find(tmp_path, near=["lib/b.py"]).kind == "pytest" == find(tmp_path).kind
    (first, _) = relevant(found, tmp_path, ["web/ui/src/a.ts", "lib/b.py"])
    assert first.command[-2:] == ("--findRelatedTests", "src/a.ts")


def shown(selections: list[Selection]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.what, each.paths) for each in selections]


def test_tests_of_the_change_come_first_and_then_the_others(tmp_path: Path) -> None:
    project(
        tmp_path, "pytest.ini=", "src/app/money.py=", "tests/test_money.py=",
        "tests/test_other.py=import os\n",
        "tests/test_bank.py=from app.money import add\n",
        "tests/test_shop.py=from app import (\n    x)\nimport money_x\n",
        "tests/deep/test_direct.py=from app import money\n", "tests/test_changed.py=",
    )  # fmt: skip
    suite = find(tmp_path)
    selections = relevant(suite, tmp_path, ["src/app/money.py", "tests/test_changed.py"])
    expected = ("test_changed.py", "test_money.py", "test_bank.py", "deep/test_direct.py")
    assert shown(selections) == [
        ("4 test files", tuple(f"tests/{name}" for name in expected)), ("the other tests", ())
    ]  # fmt: skip
    assert selections[0].command == (*suite.command, *selections[0].paths)
    assert set(selections[1].command[len(suite.command) :]) == {
        f"--ignore={path}" for path in selections[0].paths
    }
    assert shown(relevant(suite, tmp_path, ["README.md"])) == [("all tests", ())]
    assert shown(relevant(suite, tmp_path, [])) == [("all tests", ())]


def test_where_every_test_matters_there_is_no_rest(tmp_path: Path) -> None:
    suite = find(project(tmp_path, "pytest.ini=", "a.py=", "test_a.py="))
    assert shown(relevant(suite, tmp_path, ["a.py"])) == [("1 test file", ("test_a.py",))]


@pytest.mark.parametrize(
    ("suite", "changed", "first"),
    [
        (TestSuite(("go", "test", "-v", "./..."), "go", ""), "pkg/a.go", "go test -v ./pkg"),
        (TestSuite(("go", "test", "-v", "./..."), "go", ""), "a.go", "go test -v ."),
        (TestSuite(("go", "test", "-v", "./..."), "go", ""), "a.md", "go test -v ./..."),
        (TestSuite(("x/vitest", "run", "--dom"), "vitest", ""), "a.ts", "x/vitest related --run --dom a.ts"),
        (TestSuite(("cargo", "test"), "cargo", ""), "tests/all.rs", "cargo test --test all"),
        (TestSuite(("cargo", "test"), "cargo", ""), "src/lib.rs", "cargo test"),
        (TestSuite(("make", "test"), "make", ""), "a.c", "make test"),
        (TestSuite(("npm", "run", "test"), "jest", "set"), "a.js", "npm run test"),
        (TestSuite(("npm", "run", "test"), "vitest", "set"), "a.js", "npm run test"),
        (TestSuite(("node", "--test", "spec"), "node", "set"), "a.js", "node --test spec"),
        (TestSuite(("node", "--test"), "node", "set"), "a.js", "node --test spec/a.test.js"),
        (TestSuite(("go", "test", "./..."), "go", "", "sub"), "a.go", "go test ./..."),
    ],
)
def test_other_runners_are_told_in_their_way(
    suite: TestSuite, changed: str, first: str, tmp_path: Path
) -> None:
    project(tmp_path, "spec/a.test.js=import '../a'\n", "spec/b.test.js=")
    selections = relevant(suite, tmp_path, [changed])
    assert " ".join(selections[0].command) == first and selections[-1].command == suite.command


def test_a_setting_that_names_tests_is_not_added_to(tmp_path: Path) -> None:
    project(tmp_path, "tests/test_a.py=", "a.py=")
    assert shown(relevant(find(tmp_path, "pytest tests"), tmp_path, ["a.py"])) == [("all tests", ())]
    assert shown(relevant(find(tmp_path, "pytest -q"), tmp_path, ["a.py"]))[0] == (
        "1 test file",
        ("tests/test_a.py",),
    )


def test_no_suite_has_no_selection(tmp_path: Path) -> None:
    assert relevant(find(tmp_path), tmp_path, ["a.py"]) == []


BAD, GOOD = "def add(a, b):\n    return a - b\n", "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize("kind", ["pytest", "unittest"])
@pytest.mark.parametrize("layout", ["tests/test_money.py", "tests/__init__.py", "test_money.py"])
async def test_python_projects_really(kind: str, layout: str, tmp_path: Path, monkeypatch) -> None:
    """What is installed in editable mode is the original: the copy must be what is tested."""
    monkeypatch.setenv("PATH", os.defpath)
    root = tmp_path / "project"
    place = "test_money.py" if layout == "test_money.py" else "tests/test_money.py"
    test = "import unittest\nfrom app.money import add\nclass A(unittest.TestCase):\n  def test_add(self):\n"
    project(root, "src/app/__init__.py=", f"src/app/money.py={BAD}", f"{layout}=")
    project(root, f"{place}={test}    self.assertEqual(add(1, 2), 3)\n")
    project(root, f"{Path(place).parent}/test_other.py={test}    add(1, 1)\n")
    python = Path(sys.prefix)
    (root / ".venv").symlink_to(python)
    if kind == "unittest":
        monkeypatch.setattr(suites, "_has_pytest", lambda _: False)
    for text, good in ((BAD, False), (GOOD, True)):
        with scratch(root, {"src/app/money.py": text}) as copy:
            suite = find(copy)
            assert suite.kind == kind
            for selection in relevant(suite, copy, ["src/app/money.py"]):
                ran = await run(
                    selection.command, copy, seconds=60, output_bytes=50_000, environment=suite.environment
                )
                outcome = parse(suite.kind, ran.output, copy)
                assert (ran.status == 0, outcome.good) == (
                    good or selection.what == "the other tests",
                ) * 2, ran
                if not outcome.good:
                    (failure,) = outcome.failures
                    assert (failure.path, failure.line) == (place, 5) and "-1 != 3" in failure.message


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/helpers.py", True),
        ("src/test_cart.py", True),
        ("cart_test.go", True),
        ("web/cart.spec.tsx", True),
        ("src/__tests__/cart.js", True),
        ("src/main/CartTest.java", True),
        ("src/cart.py", False),
        ("src/latest.py", False),
        ("contest/cart.py", False),
    ],
)
def test_a_file_of_tests_is_told_by_its_path(path: str, expected: bool) -> None:
    assert is_test(path) is expected
