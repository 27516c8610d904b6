"""What a model should see beside the part it works on: what the part uses, and the tests that speak of it.

The project's index knows the first; the tests are found without one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actions.target import Target
from inference.types import NearsideError, Snippet
from syntax.extract import facts
from syntax.languages import language_of
from tools.project import Look as Look
from tools.project import may_see
from tools.suites import find, is_test
from tools.testing import relevant

SIGNATURES, TESTS = 6_000, 4_000
"""Characters of either that a model is shown: some 1,500 and 1,000 tokens."""
SECONDS = 2.0
"""The index gets this long; an action takes many times that."""
MOST_FILES, LONGEST_FILE = 3, 12_000
"""Other files a hosted model may edit, and the characters one may have."""
MOST_BYTES = 200_000
"""Of a file of tests that is looked into."""


@dataclass(frozen=True, slots=True)
class Around:
    """What was found."""

    context: tuple[Snippet, ...] = ()
    """To be read."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Whole files of what the part uses, by path: no tests, so that nobody mends those instead."""


class Project:
    """The texts of a project as an action sees them: the editor's where it has any, else the disk's."""

    def __init__(self, root: Path, unsaved: Mapping[str, str | None], look: Look | None = None) -> None:
        self.root, self.look = root, look
        self._unsaved = unsaved

    def text(self, path: str) -> str | None:
        """Return a file's text; None where there is none, or none that a model may see."""
        if not may_see(self.root, path):
            return None
        if path in self._unsaved:
            return self._unsaved[path]
        file = self.root / path
        try:
            if file.stat().st_size > MOST_BYTES:
                return None
        except (OSError, ValueError):
            return None
        return text_of(file)

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Return what the index says; nothing where there is none, or it does not answer in time."""
        if self.look is None:
            return {}
        try:
            return dict(await self.look(method, params, SECONDS))
        except NearsideError:
            return {}


def text_of(file: Path) -> str | None:
    """Return a file with its own line ends and marks; None where there is none, or none in UTF-8."""
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, ValueError):
        return None


async def around(project: Project, path: str, text: str, part: Target, tests: str = "") -> Around:
    """Return what belongs to a part of a file; `tests` is the command set for them. Raises nothing."""
    lines = text.splitlines(keepends=True)
    answer = await project.ask(
        "context",
        path=path,
        language=language_of(path),
        prefix="".join(lines[: part.last + 1]).rstrip(),
        suffix="".join(lines[part.last + 1 :]),
        text=text,
        budget=SIGNATURES,
    )
    uses = [
        Snippet(str(item["path"]), str(item["text"]))
        for item in answer.get("signatures", ())
        if item["path"] != path
    ]
    files: dict[str, str] = {}
    for one in uses:
        whole = None if is_test(one.path) else await asyncio.to_thread(project.text, one.path)
        if whole is not None and len(whole) <= LONGEST_FILE and len(files) < MOST_FILES:
            files.setdefault(one.path, whole)
    speaking = await asyncio.to_thread(_tests, project, path, part, tests)
    return Around((*_within(uses, SIGNATURES), *_within(speaking, TESTS)), files)


def _tests(project: Project, path: str, part: Target, setting: str) -> list[Snippet]:
    """Return the tests that speak of a definition by its name, the nearest file's first."""
    name = part.name.rpartition(".")[2]
    if not name:
        return []
    suite = find(project.root, setting, [path])
    found = []
    for selection in relevant(suite, project.root, [path])[:1]:
        for file in selection.paths:
            inside = f"{suite.folder}/{file}" if suite.folder else file
            text = project.text(inside)
            if inside != path and text and (said := _speaking(text, language_of(inside), name)):
                found.append(Snippet(inside, said))
    return found


def _speaking(text: str, language: str, name: str) -> str:
    """Return the definitions of a file of tests that speak of a name; where it has none, all of the file."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    if not word.search(text):
        return ""
    lines = text.splitlines()
    symbols = [one for one in facts(text, language).symbols if one.kind in ("function", "method")]
    parts = ["\n".join(lines[one.first : one.last + 1]) for one in symbols]
    kept = [part for part in parts if word.search(part)]
    return "\n\n".join(kept) if kept else text


def _within(snippets: list[Snippet], budget: int) -> list[Snippet]:
    """Return snippets as long as they fit; a first one that alone is too long is cut."""
    kept: list[Snippet] = []
    for one in snippets:
        if len(one.text) > budget:
            if not kept:
                kept.append(Snippet(one.path, one.text[:budget]))
            break
        kept.append(one)
        budget -= len(one.text)
    return kept
