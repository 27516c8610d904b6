"""Embedders: the bundled one, sentence-transformers, and servers that speak the OpenAI wire format."""

from __future__ import annotations

from pathlib import Path

from retrieval.embedders.endpoint import EndpointModel
from retrieval.embedders.minilm import MiniLm
from retrieval.embedders.protocol import Embedder, EmbedderUnavailable
from retrieval.embedders.sentence import SentenceModel
from settings.schema import Endpoint

__all__ = ["BUNDLED", "NONE", "Embedder", "EmbedderUnavailable", "embedder_for"]

BUNDLED, NONE = "minilm", "none"
"""Values of retrieval.embedder that name no model of the user's."""


def embedder_for(
    setting: str | Endpoint, *, threads: int = 0, socket: Path | None = None
) -> Embedder | None:
    """Return the embedder a value of retrieval.embedder names, None for 'none'; nothing is loaded yet.

    `threads` is for models in this process, 0 for what suits the machine. With `socket` an endpoint is
    reached over that unix socket, and its base_url may be empty.
    """
    if isinstance(setting, Endpoint):
        return EndpointModel(setting, socket=socket)
    name = setting.strip()
    if name.lower() == NONE:
        return None
    if name.lower() in ("", BUNDLED):
        return MiniLm(threads)
    return SentenceModel(str(Path(name).expanduser()) if name.startswith("~") else name, threads)
