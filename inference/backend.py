"""What the engine needs of a model: tokens in, logits out, sequences in one KV cache. Two implementations
exist, llama.cpp (llama.py) and a scripted one in the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from inference.fim import FimFormat
from inference.grammar import Grammar


class CacheFull(Exception):
    """The KV cache has no room for the batch; evict a sequence and try again."""


class Interrupted(Exception):
    """`interrupt` asked to stop in the middle of a batch; the caller trims the sequence to what it knows."""


@dataclass(frozen=True)
class ModelDescription:
    """What was really loaded, for /health and for messages."""

    name: str
    path: str
    architecture: str
    context: int
    """Tokens one request may hold."""
    trained_context: int
    layers: int
    gpu_layers: int
    """Layers really on the GPU, from llama.cpp's own report."""
    backend: str
    """'cpu', or the names of the GPU devices."""
    size_bytes: int
    family: str | None
    """FIM family (fim.py), None where the model cannot fill in the middle."""


class Backend(Protocol):
    """One loaded model and its KV cache. Not thread-safe: only the scheduler's thread calls decode and
    below.
    """

    description: ModelDescription
    format: FimFormat | None
    sequences: int
    """Ids 0..sequences-1 hold documents."""
    branches: int
    """Ids sequences..sequences+branches-1 are scratch for alternatives."""
    batch_size: int
    vocabulary: int
    can_trim: bool
    """Whether `trim` can keep a part of a sequence; recurrent memories cannot."""
    interruptible: bool
    """Whether decode looks at `interrupt` while it works (llama.cpp does on a CPU, not on a GPU)."""
    interrupt: Callable[[], bool]

    def tokenize(self, text: str) -> list[int]:
        """Ordinary text to tokens; special token strings inside it stay ordinary text."""
        ...

    def special(self, text: str) -> int | None:
        """The id of a special token, None where the vocabulary lacks it."""
        ...

    def chat_tokens(self, messages: Sequence[tuple[str, str]]) -> list[int] | None:
        """(role, content) turns as the model's chat template writes them; None where it has none."""
        ...

    def grammar(self, schema: Mapping[str, Any]) -> Callable[[], Grammar]:
        """What makes the grammar of an answer that keeps to a JSON schema. Raises EngineRefused at once."""
        ...

    def start_tokens(self) -> list[int]:
        """What every prompt begins with: the BOS token where the model was trained with one."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; empty for special tokens."""
        ...

    def is_end(self, token: int) -> bool:
        """Whether generation ends here."""
        ...

    def decode(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[int],
        outputs: Sequence[bool],
    ) -> None:
        """Evaluate one batch. Raises CacheFull with the cache as it was before, or Interrupted."""
        ...

    def logits(self, index: int) -> np.ndarray:
        """Raw logits (vocabulary,) float32 of batch entry `index`; valid until the next decode."""
        ...

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target` hold the first `length` tokens of `source` and nothing else."""
        ...

    def trim(self, sequence: int, length: int) -> bool:
        """Drop everything from position `length` on; False where the memory cannot, and then all is gone."""
        ...

    def close(self) -> None: ...
