"""Any sentence-transformers model, for those who installed the library: a folder, or a name in its cache.

torch and the model live in the process that calls `embed`, 400 MB and more: never in the server.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from retrieval.embedders.protocol import EmbedderUnavailable

BATCH = 16


class SentenceModel:
    """Loads its model when first asked about it. Nothing is fetched: the model has to be there already."""

    def __init__(self, name: str, threads: int = 0) -> None:
        self._name, self._threads = name, threads
        self._lock = threading.Lock()
        self._model: Any = None
        self._identity = ""

    @property
    def identity(self) -> str:
        model = self._load()
        if not self._identity:
            prompts = sorted((getattr(model, "prompts", None) or {}).items())
            kind = next(iter(model.parameters())).dtype
            self._identity = (
                f"sentence-transformers:{self._name}@{_revision(model)} {str(kind).removeprefix('torch.')} "
                f"length={model.max_seq_length} dimensions={self.dimensions} prompts={prompts}"
            )
        return self._identity

    @property
    def dimensions(self) -> int:
        model = self._load()
        count = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
        return int(count() or 0)

    def embed(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Return float32 (len(texts), dimensions); a model with a prompt for questions gets it."""
        model = self._load()
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        encode = model.encode_query if query else model.encode_document
        valid = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        try:
            with self._lock:
                found = encode(
                    valid, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
                )
        except Exception as error:  # torch's errors have no common root of their own
            raise self._unavailable(error) from error
        return np.asarray(found, np.float32)

    def _load(self) -> Any:
        with self._lock:
            if self._model is None:
                os.environ.setdefault("HF_HUB_OFFLINE", "1")
                try:
                    import sentence_transformers  # pyright: ignore[reportMissingImports]
                except ImportError as error:
                    raise EmbedderUnavailable(
                        f"{self._name} cannot embed, because sentence-transformers is not installed; run "
                        f"{sys.executable} -m pip install sentence-transformers, "
                        "or set retrieval.embedder to minilm."
                    ) from error
                try:
                    if self._threads and (torch := sys.modules.get("torch")):
                        torch.set_num_threads(self._threads)
                    self._model = sentence_transformers.SentenceTransformer(
                        self._name, device=None, local_files_only=True
                    )
                except Exception as error:
                    raise self._unavailable(error) from error
            return self._model

    def _unavailable(self, error: Exception) -> EmbedderUnavailable:
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        return EmbedderUnavailable(
            f"{self._name} cannot embed ({reason}); name a folder with the model in retrieval.embedder, "
            "or set it to minilm."
        )


def _revision(model: Any) -> str:
    """Return what tells weights apart: the commit they are of, or a hash of some of them."""
    for module in model.modules():
        commit = getattr(getattr(module, "config", None), "_commit_hash", None)
        if commit:
            return str(commit)[:16]
    digest = hashlib.sha256()
    for name, weights in sorted(model.state_dict().items()):
        flat = weights.detach().cpu().flatten()
        digest.update(f"{name}{tuple(weights.shape)}".encode())
        digest.update(flat[:: max(1, len(flat) // 1000)].float().numpy().tobytes())
    return digest.hexdigest()[:16]


