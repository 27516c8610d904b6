"""What a change adds to what a project's own linter finds. Only tools that the project configures are run."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.runner import RunError, run

SECONDS = 20.0
"""A linter of some files answers in one or two; a plug-in that does not is not waited for."""
OUTPUT_BYTES = 4 << 20
ESLINT = ("eslint.config.js", "eslint.config.mjs", "eslint.config.cjs", "eslint.config.ts", ".eslintrc",
          ".eslintrc.js", ".eslintrc.cjs", ".eslintrc.json", ".eslintrc.yml", ".eslintrc.yaml")  # fmt: skip
SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a linter says of a file."""

    path: str
    line: int
    rule: str
    message: str


async def delta(before: Path, after: Path, paths: Sequence[str]) -> list[Finding]:
    """Return what linters find in `paths` of the copy `after` and did not find in the copy `before`.

    Findings are the same if file, rule and message are, wherever they moved. Empty where the project
    configures no linter, it is not installed, or it fails.
    """
    old, new = await asyncio.gather(findings(before, paths), findings(after, paths))
    left = Counter(_key(finding) for finding in old)
    added = []
    for finding in new:
        if left[_key(finding)]:
            left[_key(finding)] -= 1
        else:
            added.append(finding)
    return added


async def findings(root: Path, paths: Sequence[str]) -> list[Finding]:
    """Return all that the project's linters find in `paths`, by path and line."""
    found: list[Finding] = []
    for suffixes, program, options, read in (
        ((".py", ".pyi"), _ruff(root), ("check", "--output-format=json", "--no-cache", "--no-fix"), _of_ruff),
        (SCRIPTS, _eslint(root), ("--format=json",), _of_eslint),
    ):
        wanted = [path for path in paths if path.endswith(suffixes) and (root / path).is_file()]
        if program and wanted:
            found += await _run(root, (program, *options, "--", *wanted), read)
    return sorted(found, key=lambda finding: (finding.path, finding.line, finding.rule))


async def _run(root: Path, command: Sequence[str], read: Callable[[Any], list[Finding]]) -> list[Finding]:
    try:
        ran = await run(command, root, seconds=SECONDS, output_bytes=OUTPUT_BYTES)
        text = ran.output[ran.output.index("[") :]
        found = read(json.JSONDecoder().raw_decode(text)[0])
    except (RunError, ValueError, KeyError, TypeError, AttributeError):
        return []  # no linter is no reason to refuse a change
    base = os.path.realpath(root)
    return [
        Finding(os.path.relpath(os.path.join(base, each.path), base), each.line, each.rule, each.message)
        for each in found
    ]


def _ruff(root: Path) -> str:
    """Return the program if the project says how it wants to be checked."""
    pyproject = root / "pyproject.toml"
    told = any((root / name).is_file() for name in ("ruff.toml", ".ruff.toml"))
    if not told and not (pyproject.is_file() and "[tool.ruff" in pyproject.read_text("utf-8", "replace")):
        return ""
    for place in (".venv/bin/ruff", "venv/bin/ruff"):
        if (root / place).exists():
            return place
    return "ruff" if shutil.which("ruff") else ""


def _eslint(root: Path) -> str:
    program = "node_modules/.bin/eslint"
    return program if any((root / n).is_file() for n in ESLINT) and (root / program).exists() else ""


def _of_ruff(found: Any) -> list[Finding]:
    return [
        Finding(each["filename"], each["location"]["row"], each["code"] or "syntax", each["message"])
        for each in found
    ]


def _of_eslint(found: Any) -> list[Finding]:
    return [
        Finding(file["filePath"], each.get("line") or 0, each.get("ruleId") or "syntax", each["message"])
        for file in found
        for each in file["messages"]
        if each.get("ruleId") or each.get("fatal")  # and not that a file is ignored
    ]


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.path, finding.rule, finding.message
