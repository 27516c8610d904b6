"""The configurations docs/editors.md tells users to write, read from the page so that it cannot lie."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/editors.md"
FILE = re.compile(r"^In `(?P<file>~/[^`]+)`[^\n]*:\n\n```\w*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def configuration(editor: str) -> dict[str, str]:
    """Return what an editor's section has written into which files, by their paths below the home folder."""
    sections = re.split(r"^#+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next(part for part in sections if part.partition("\n")[0] == editor)
    files = {found["file"].removeprefix("~/"): found["text"] for found in FILE.finditer(section)}
    assert files, f"the page says nothing of how to set up {editor}"
    return files
