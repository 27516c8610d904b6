"""Grammars by LSP language identifier. They ship in a wheel and load, lazily, when a language is first parsed."""

from __future__ import annotations

from functools import cache
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


@cache
def parser(language: str) -> Parser | None:
    """Return the parser for an LSP language identifier; None for a language without a grammar."""
    name = GRAMMARS.get(language)
    if name is None:
        return None
    from tree_sitter_language_pack import get_parser

    return get_parser(name)  # type: ignore[arg-type]


def parse(text: str, language: str) -> Tree | None:
    """Parse a text as a whole; None for a language without a grammar. Positions in the tree count bytes of UTF-8."""
    ours = parser(language)
    return ours.parse(text.encode("utf-8", "replace")) if ours else None
