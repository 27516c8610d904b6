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

EXTENSIONS = {
    "c": "c h",
    "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp inl tpp cu cuh",
    "csharp": "cs csx",
    "css": "css",
    "dart": "dart",
    "elixir": "ex exs",
    "go": "go",
    "haskell": "hs",
    "html": "html htm xhtml",
    "java": "java",
    "javascript": "js mjs cjs",
    "javascriptreact": "jsx",
    "json": "json jsonc",
    "kotlin": "kt kts",
    "less": "less",
    "lua": "lua",
    "markdown": "md markdown",
    "perl": "pl pm",
    "php": "php phtml",
    "proto": "proto",
    "python": "py pyi pyw",
    "r": "r",
    "restructuredtext": "rst",
    "ruby": "rb rake gemspec ru",
    "rust": "rs",
    "scala": "scala sc",
    "scss": "scss",
    "shellscript": "sh bash zsh ksh",
    "sql": "sql",
    "svelte": "svelte",
    "swift": "swift",
    "toml": "toml",
    "typescript": "ts mts cts",
    "typescriptreact": "tsx",
    "vue": "vue",
    "xml": "xml xsd xsl svg",
    "yaml": "yaml yml",
    "zig": "zig",
}
FILES = {
    "cmakelists.txt": "cmake",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "makefile": "makefile",
    "rakefile": "ruby",
    "sconstruct": "python",
}
_LANGUAGES = {extension: language for language, listed in EXTENSIONS.items() for extension in listed.split()}

_threads = threading.local()


def language_of(path: str) -> str:
    """Return the LSP language identifier that a file's name says; "plaintext" where it says none.

    A header `.h` is C; `facts` reads it as C++ where its text says so.
    """
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    return FILES.get(name) or _LANGUAGES.get(name.rpartition(".")[2] if "." in name else "", "plaintext")


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
