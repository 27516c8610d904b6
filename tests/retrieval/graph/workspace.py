"""A graph of texts, for tests: `workspace({"a.py": "…"})`."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.graph import Cursor, Found, Graph
from retrieval.words import WORD
from syntax.extract import facts

LANGUAGES = {
    "py": "python",
    "js": "javascript",
    "ts": "typescript",
    "tsx": "typescriptreact",
    "go": "go",
    "rs": "rust",
    "java": "java",
    "kt": "kotlin",
    "c": "c",
    "h": "c",
    "cpp": "cpp",
    "hpp": "cpp",
    "cs": "csharp",
    "rb": "ruby",
    "php": "php",
    "lua": "lua",
}
MARK = "█"


def language_of(path: str) -> str:
    return LANGUAGES[path.rpartition(".")[2]]


def put(graph: Graph, path: str, text: str) -> None:
    graph.put(path, facts(text, language_of(path)), words=frozenset(WORD.findall(text)))


def workspace(files: Mapping[str, str], config: Mapping[str, str] | None = None) -> Graph:
    graph = Graph()
    for path, text in (config or {}).items():
        graph.put_config(path, text)
    for path, text in files.items():
        put(graph, path, text)
    return graph


def look(graph: Graph, path: str, text: str, limit: int = 100) -> list[Found]:
    """Put a text whose cursor is marked, and look there."""
    prefix, _, suffix = text.partition(MARK)
    put(graph, path, prefix + suffix)
    return graph.look(Cursor(path, language_of(path), prefix, suffix, prefix + suffix), limit)


def names(found: list[Found]) -> list[str]:
    return [f"{one.path}:{one.symbol.qualified}" for one in found]
