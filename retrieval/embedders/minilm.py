"""The bundled embedder: all-MiniLM-L6-v2 in int8 on onnxruntime, with nothing to install or to fetch.

The model's card is models/README.md.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.embedders.protocol import EmbedderUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MODELS = Path(__file__).parent / "models"
LENGTH = 128
"""Tokens of a text that are read. The model was trained at this length and ranks worse at 256."""
DIMENSIONS = 384
FILES = ("minilm-int8.onnx", "tokenizer.json")
BATCH = 8
"""Texts in one run: larger ones are slower on a CPU, for they leave its cache."""
SLICE = 256
"""Texts tokenised at once: what is known of each token takes gigabytes for a whole project."""
LONGEST = 4 * 1024
"""Characters of a text that are tokenised: 128 tokens are hardly ever more than 1,000."""
AUTOMATIC = 2
"""Threads where nobody says: indexing is background work, and two leave the editor alone on most machines."""


class MiniLm:
    """Loads its model with the first text, in 0.2 s and 100 MB."""

    dimensions = DIMENSIONS

    def __init__(self, threads: int = 0, folder: Path = MODELS) -> None:
        self._threads = threads or min(AUTOMATIC, os.cpu_count() or 1)
        self._folder = folder
        self._loading = threading.Lock()
        self._loaded: tuple[Tokenizer, InferenceSession] | None = None
        self._identity = ""

    @property
    def identity(self) -> str:
        if not self._identity:
            try:
                parts = [(self._folder / name).read_bytes() for name in FILES]
            except OSError as error:
                raise self._unavailable(error) from error
            revision = hashlib.sha256(b"".join(parts)).hexdigest()[:16]
            self._identity = f"all-MiniLM-L6-v2@{revision} int8 length={LENGTH} dimensions={DIMENSIONS}"
        return self._identity

    def embed(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Return float32 (len(texts), 384); questions are embedded as documents are."""
        found = np.empty((len(texts), DIMENSIONS), np.float32)
        if not texts:
            return found
        tokenizer, session = self._load()
        try:
            for start in range(0, len(texts), SLICE):
                # A lone surrogate is no text to the tokenizer, and an editor may send one.
                part = [_valid(text[:LONGEST]) for text in texts[start : start + SLICE]]
                ids = [encoding.ids for encoding in tokenizer.encode_batch(part)]
                # Texts of about one length stand together, so that hardly anything is padding.
                order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
                for first in range(0, len(order), BATCH):
                    places = order[first : first + BATCH]
                    rows = [start + place for place in places]
                    found[rows] = _run(session, [ids[place] for place in places])
        except Exception as error:  # onnxruntime has its own, which derive from nothing closer
            raise self._unavailable(error) from error
        return found

    def _load(self) -> tuple[Tokenizer, InferenceSession]:
        with self._loading:
            if self._loaded is None:
                try:
                    self._loaded = _tokenizer(self._folder), _session(self._folder, self._threads)
                except Exception as error:  # as above; tokenizers raises plain Exception
                    raise self._unavailable(error) from error
            return self._loaded

    def _unavailable(self, error: Exception) -> EmbedderUnavailable:
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        return EmbedderUnavailable(
            f"Nothing is embedded, because the bundled model does not work ({reason}); reinstall nearside."
        )


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    # Its own threads would fight with those of the model, and warn in every process that forks.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LENGTH)
    tokenizer.no_padding()
    return tokenizer


def _session(folder: Path, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors: its warnings are for those who make models
    # Threads that wait busily take the cores from whoever types: 20 ms a query became 600 beside other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # What it keeps for the next run is the largest batch ever seen; ours are small and come in every length.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        str(folder / "minilm-int8.onnx"), options, providers=["CPUExecutionProvider"]
    )


def _run(session: InferenceSession, ids: list[list[int]]) -> np.ndarray:
    longest = max(map(len, ids))
    padded = np.zeros((len(ids), longest), np.int64)
    mask = np.zeros_like(padded)
    for row, numbers in enumerate(ids):
        padded[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    return np.asarray(session.run(["vectors"], {"ids": padded, "mask": mask})[0])


def _valid(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
