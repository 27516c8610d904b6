"""The symbol graph of a workspace: which definitions of other files a cursor is likely to want."""

from retrieval.graph.graph import Graph
from retrieval.graph.render import render
from retrieval.graph.types import Cursor, Found

__all__ = ["Cursor", "Found", "Graph", "render"]
