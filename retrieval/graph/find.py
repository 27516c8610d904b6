"""Symbols by name, and a map of what matters in a repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retrieval.graph.types import Found

if TYPE_CHECKING:
    from retrieval.graph.graph import Graph


def named(graph: Graph, query: str, limit: int) -> list[Found]:
    raise NotImplementedError


def repository_map(graph: Graph, budget: int, focus: Sequence[str]) -> list[tuple[str, str]]:
    raise NotImplementedError
