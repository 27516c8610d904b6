"""A model without a model: the real scheduler, cache and wire over scripted logits.

Tokens are bytes. The answer depends on every token the KV cache holds, so damage to the cache changes it;
positions that do not continue what is held are an error, as they are in llama.cpp.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from inference import fim
from inference.backend import CacheFull, Interrupted, ModelDescription
from inference.gbnf import gbnf
from inference.grammar import Grammar

SPECIAL = (
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<|fim_pad|>",
)
SUFFIX_FIRST = replace(fim.FORMATS["qwen"], order="suffix-first")
END = 256
MIDDLE = 256 + SPECIAL.index("<|fim_middle|>")


def digest_script(prompt: bytes) -> bytes:
    """Twelve letters that depend on every byte of the prompt."""
    return hashlib.sha256(prompt).hexdigest()[:12].encode()


class ScriptedGrammar:
    """Implements inference.grammar.Grammar: the answer is one of some texts. Notes what it is asked."""

    def __init__(self, texts: Sequence[bytes], ends: Sequence[int] = (END,)) -> None:
        self.ends = np.array(ends)
        self.asked: list[int] = []
        """How many tokens each question was about."""
        self.written = b""
        self.closed = False
        self._texts = texts

    def permitted(self, tokens: np.ndarray) -> np.ndarray:
        assert not self.closed
        self.asked.append(len(tokens))
        return np.array([self._may_follow(int(token)) for token in tokens])

    def _may_follow(self, token: int) -> bool:
        if token in self.ends:
            return self.written in self._texts
        return token < 256 and any(text.startswith(self.written + bytes([token])) for text in self._texts)

    def accept(self, token: int) -> None:
        assert self._may_follow(token) and not self.closed
        self.written += bytes([token])

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class ScriptedBackend:
    """`script` maps the prompt (bytes, specials as their text) to the bytes of the answer."""

    def __init__(
        self,
        script: Callable[[bytes], bytes] = digest_script,
        *,
        context: int = 4096,
        cells: int = 16384,
        sequences: int = 4,
        prefill_delay: float = 0.0,
        decode_delay: float = 0.0,
        can_trim: bool = True,
        infill: bool = True,
        interruptible: bool = False,
    ) -> None:
        self.script, self.cells, self.can_trim = script, cells, can_trim
        self.prefill_delay, self.decode_delay = prefill_delay, decode_delay
        self.sequences, self.branches, self.batch_size, self.vocabulary = (
            sequences,
            4,
            512,
            256 + len(SPECIAL),
        )
        self.interruptible = interruptible
        self.interrupt: Callable[[], bool] = lambda: False
        self.format = SUFFIX_FIRST if infill else None
        self.description = ModelDescription(
            "scripted", "", "none", context, context, 1, 0, "cpu", 0, "nearside"
        )
        self.held: dict[int, list[int]] = {i: [] for i in range(sequences + self.branches)}
        self.decodes: list[int] = []
        """Tokens of each batch."""
        self.began = threading.Event()
        """Set when a batch has been evaluated."""
        self._rows: list[np.ndarray | None] = []
        self.grammars: list[ScriptedGrammar] = []
        """Those of all answers so far."""

    def grammar(self, schema: Mapping[str, Any]) -> Callable[[], Grammar]:
        """Keeps to schemas with an enum."""
        gbnf(schema)  # refuses what an engine refuses
        texts = [json.dumps(value).encode() for value in schema["enum"]]

        def make() -> ScriptedGrammar:
            self.grammars.append(ScriptedGrammar(texts))
            return self.grammars[-1]

        return make

    def tokenize(self, text: str) -> list[int]:
        return list(text.encode())

    def special(self, text: str) -> int | None:
        return 256 + SPECIAL.index(text) if text in SPECIAL else None

    def chat_tokens(self, messages: Sequence[tuple[str, str]]) -> list[int] | None:
        return [byte for _, content in messages for byte in content.encode()] + [MIDDLE]

    def start_tokens(self) -> list[int]:
        return []

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token < 256 else b""

    def is_end(self, token: int) -> bool:
        return token >= 256

    def decode(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[int],
        outputs: Sequence[bool],
    ) -> None:
        if sum(map(len, self.held.values())) + len(tokens) > self.cells:
            raise CacheFull
        prefill = len(tokens) > len(set(sequences))
        if not (prefill and self.interruptible):
            time.sleep(len(tokens) * self.prefill_delay if prefill else self.decode_delay)
        self._rows = []
        for token, position, sequence, output in zip(tokens, positions, sequences, outputs, strict=True):
            if prefill and self.interruptible:
                time.sleep(self.prefill_delay)
                self.began.set()
                if self.interrupt():
                    raise Interrupted
            held = self.held[sequence]
            assert position == len(held), (
                f"position {position} after {len(held)} tokens of sequence {sequence}"
            )
            held.append(token)
            self._rows.append(self._row(held) if output else None)
        self.decodes.append(len(tokens))
        self.began.set()

    def _row(self, held: list[int]) -> np.ndarray:
        """The scripted token far ahead, the next letter of the alphabet second."""
        at = len(held) - 1 - held[::-1].index(MIDDLE) if MIDDLE in held else len(held) - 1
        answer = self.script(
            b"".join(bytes([t]) if t < 256 else SPECIAL[t - 256].encode() for t in held[: at + 1])
        )
        made = len(held) - at - 1
        token = answer[made] if made < len(answer) else END
        row = np.zeros(self.vocabulary, dtype=np.float32)
        row[token], row[(token + 1) % 256] = 10.0, 8.0
        return row

    def logits(self, index: int) -> np.ndarray:
        row = self._rows[index]
        assert row is not None, "logits were not asked for at this index"
        return row

    def copy(self, source: int, target: int, length: int) -> None:
        self.held[target] = self.held[source][:length]

    def trim(self, sequence: int, length: int) -> bool:
        self.held[sequence] = self.held[sequence][:length] if self.can_trim else []
        return self.can_trim or length == 0

    def close(self) -> None:
        self.held.clear()
