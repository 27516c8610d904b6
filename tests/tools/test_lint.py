"""A change is told what it adds to what the project's own linter finds, and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tools.lint import Finding, delta

RUFF = Path(sys.prefix) / "bin" / "ruff"
OLD = "import os\nx = 1\n"
CONFIGURED = {"ruff.toml": "[lint]\nselect = ['F']\n"}


def copies(
    folder: Path, files: dict[str, str], old: dict[str, str], new: dict[str, str]
) -> tuple[Path, Path]:
    found = []
    for name, texts in (("before", old), ("after", new)):
        for path, text in (files | texts).items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text)
            (folder / name / path).chmod(0o755)
        found.append(folder / name)
    return found[0], found[1]


def with_ruff(before: Path, after: Path) -> tuple[Path, Path]:
    if not RUFF.exists():
        pytest.skip("ruff is not installed")
    for root in (before, after):
        (root / ".venv/bin").mkdir(parents=True)
        (root / ".venv/bin/ruff").symlink_to(RUFF)
    return before, after


async def test_only_what_is_new_is_found(tmp_path: Path) -> None:
    new = "x = 1\n\n\nimport os\nimport sys\nprint(y)\n"  # what was there has moved
    before, after = with_ruff(*copies(tmp_path, CONFIGURED, {"a.py": OLD}, {"a.py": new}))
    found = await delta(before, after, ["a.py"])
    assert [(each.path, each.line, each.rule) for each in found] == [("a.py", 5, "F401"), ("a.py", 6, "F821")]
    assert await delta(after, after, ["a.py"]) == []


async def test_a_new_file_and_a_second_finding_of_the_same_kind_are_new(tmp_path: Path) -> None:
    before, after = copies(
        tmp_path, CONFIGURED, {"a.py": "print(y)\n"}, {"a.py": "print(y)\n" * 2, "b.py": OLD}
    )
    found = await delta(*with_ruff(before, after), ["a.py", "b.py", "gone.py"])
    assert [(each.path, each.line) for each in found] == [("a.py", 2), ("b.py", 1)]


@pytest.mark.parametrize("files", [{}, {"pyproject.toml": "[project]\nname = 'a'\n"}])
async def test_without_the_projects_wish_nothing_is_run(files: dict[str, str], tmp_path: Path) -> None:
    before, after = with_ruff(*copies(tmp_path, files, {}, {"a.py": OLD}))
    assert await delta(before, after, ["a.py"]) == []


@pytest.mark.parametrize("answer", ["", "oh no", "[", "[1]", "{}", '[{"filename": 1}]'])
async def test_a_linter_that_fails_finds_nothing(answer: str, tmp_path: Path) -> None:
    files = CONFIGURED | {".venv/bin/ruff": f"#!/bin/sh\necho '{answer}'\nexit 2\n"}
    assert await delta(*copies(tmp_path, files, {}, {"a.py": OLD}), ["a.py"]) == []


async def test_eslint_is_read(tmp_path: Path) -> None:
    message = {"line": 3, "ruleId": "no-undef", "message": "'y' is not defined."}
    ignored = {"message": "File ignored because of a matching ignore pattern."}
    program = '#!/bin/sh\n[ -e new ] || { echo "[]"; exit; }\n'
    report = json.dumps([{"filePath": "FOLDER/a.ts", "messages": [message, ignored]}])
    program += f'cat <<EOF | sed "s#FOLDER#$PWD#"\nwarning\n{report}\nEOF\n'
    files = {"eslint.config.js": "", "node_modules/.bin/eslint": program, "a.ts": ""}
    found = await delta(*copies(tmp_path, files, {}, {"new": ""}), ["a.ts", "a.py"])
    assert found == [Finding("a.ts", 3, "no-undef", "'y' is not defined.")]
