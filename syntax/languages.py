"""Grammars by LSP language identifier. They ship in wheels and load when a language is first parsed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree

GRAMMARS = {
    "c": "c",
    "cpp": "cpp",
    "csharp": "csharp",
    "css": "css",
    "go": "go",
    "html": "html",
    "java": "java",
    "javascript": "javascript",
    "javascriptreact": "javascript",
    "json": "json",
    "kotlin": "kotlin",
    "lua": "lua",
    "php": "php",
    "python": "python",
    "ruby": "ruby",
    "rust": "rust",
    "sh": "bash",
    "shellscript": "bash",
    "sql": "sql",
    "toml": "toml",
    "typescript": "typescript",
    "typescriptreact": "tsx",
    "yaml": "yaml",
}
"""LSP language identifier -> name of the grammar. Editors differ in few of the identifiers."""

_threads = threading.local()


def parser(language: str) -> Parser | None:
    """Return this thread's parser for an LSP language identifier; None for a language without a grammar.

    The first call of a process imports tree-sitter (about 60 ms): make it on a thread of its own where
    something else must not wait.
    """
    name = GRAMMARS.get(language)
    if name is None:
        return None
    ours: dict[str, Parser | None] = _threads.__dict__.setdefault("parsers", {})
    if name not in ours:
        try:
            from tree_sitter_language_pack import get_parser

            ours[name] = get_parser(name)  # type: ignore[arg-type]
        except (ImportError, LookupError, OSError):  # an installation without this grammar works without it
            ours[name] = None
    return ours[name]


def parse(text: str, language: str) -> Tree | None:
    """Parse a whole text; None for a language without a grammar. Positions in the tree are bytes of UTF-8."""
    ours = parser(language)
    return ours.parse(text.encode("utf-8", "replace")) if ours else None
