"""llama.cpp through the low-level bindings: one model, one context, several sequences in one KV cache.

The only module that imports llama_cpp. It holds no policy: slices, stops and scheduling are elsewhere.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import llama_cpp as C
import numpy as np

from inference import fim
from inference.backend import CacheFull, ModelDescription
from inference.types import EngineError, ModelTooLarge, ModelUnreadable
from settings.schema import Model as ModelSettings

log = logging.getLogger(__name__)

BATCH = 512
"""n_batch and n_ubatch: large enough to fill a GPU, small enough for a cancel check between two (slices are
smaller yet).
"""
BRANCHES = 4
"""Scratch sequences for alternatives; editors show three."""

_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")


class _NativeLog:
    """Routes llama.cpp's own lines to our log and remembers the one that says what was offloaded."""

    def __init__(self) -> None:
        self.offloaded = 0
        self.last_error = ""
        self._callback = C.llama_log_callback(self._line)  # must outlive every call into the library
        C.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _line(self, level: int, text: bytes, _data: object) -> None:
        line = text.decode("utf-8", "replace").strip()
        if found := _OFFLOADED.search(line):
            self.offloaded = int(found[1])
        if level == 4 and line:  # GGML_LOG_LEVEL_ERROR
            self.last_error = line
        if line and line != ".":
            log.log(logging.WARNING if level == 4 else logging.DEBUG, "llama.cpp: %s", line)


_native: _NativeLog | None = None


def _start_library() -> _NativeLog:
    global _native
    if _native is None:
        _native = _NativeLog()
        C.llama_backend_init()
    return _native


class LlamaBackend:
    """A GGUF model in memory. Raises ModelUnreadable or ModelTooLarge where it cannot be had."""

    def __init__(self, path: Path, settings: ModelSettings) -> None:
        native = _start_library()
        native.offloaded, native.last_error = 0, ""
        can_offload = bool(C.llama_supports_gpu_offload())
        parameters = C.llama_model_default_params()
        parameters.n_gpu_layers = (
            (999 if settings.gpu_layers < 0 else settings.gpu_layers) if can_offload else 0
        )
        model = C.llama_model_load_from_file(os.fsencode(path), parameters)
        if not model:
            raise ModelUnreadable(
                f"The model was not loaded: llama.cpp cannot read {path}"
                + (f" ({native.last_error})" if native.last_error else "")
                + ". Check that it is a complete GGUF file of a supported architecture."
            )
        self._model: Any = model
        self._vocab: Any = C.llama_model_get_vocab(model)
        self.vocabulary = int(C.llama_vocab_n_tokens(self._vocab))
        self.branches, self.batch_size = BRANCHES, BATCH
        self._context, self.sequences = self._open_context(settings, path)
        self._memory: Any = C.llama_get_memory(self._context)
        self._batch = C.llama_batch_init(BATCH, 0, 1)
        self._buffer = (C.llama_token * 4096)()
        self._pieces: dict[int, bytes] = {}
        name = self._metadata("general.name") or path.stem
        known = self._known
        chosen = fim.choose(f"{name} {path.stem}", known)
        self.format = chosen[1] if chosen else None
        self._ends = self._end_tokens()
        layers = int(C.llama_model_n_layer(self._model))
        self.description = ModelDescription(
            name=name,
            path=str(path),
            architecture=self._metadata("general.architecture"),
            context=settings.context,
            trained_context=int(C.llama_model_n_ctx_train(self._model)),
            layers=layers,
            gpu_layers=min(native.offloaded, layers + 1),
            backend="gpu" if native.offloaded else "cpu",
            size_bytes=int(C.llama_model_size(self._model)),
            family=chosen[0] if chosen else None,
        )
        if self._memory and (C.llama_model_is_recurrent(self._model) or C.llama_model_is_hybrid(self._model)):
            log.warning(
                "This model cannot drop the end of its cache: each keystroke evaluates the prompt again."
            )

    def _open_context(self, settings: ModelSettings, path: Path) -> tuple[Any, int]:
        """A context for as many documents as memory allows: first as set, then one alone."""
        for documents in dict.fromkeys((max(1, settings.documents), 1)):
            parameters = C.llama_context_default_params()
            parameters.n_ctx = settings.context * documents
            parameters.n_batch = parameters.n_ubatch = BATCH
            parameters.n_seq_max = documents + BRANCHES
            parameters.kv_unified = (
                True  # sequences share cells: a common prefix is held once, a branch is free
            )
            threads = settings.threads or len(
                os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0]
            )
            parameters.n_threads = parameters.n_threads_batch = threads
            parameters.flash_attn_type = C.LLAMA_FLASH_ATTN_TYPE_AUTO
            if settings.kv_type == "q8_0":
                parameters.type_k = parameters.type_v = C.GGML_TYPE_Q8_0
                parameters.flash_attn_type = C.LLAMA_FLASH_ATTN_TYPE_ENABLED  # a quantised V needs it
            if context := C.llama_init_from_model(self._model, parameters):
                return context, documents
            log.warning("No KV cache for %d documents of %d tokens.", documents, settings.context)
        C.llama_model_free(self._model)
        raise ModelTooLarge(
            f"The model was not loaded: no memory for the KV cache of {path.name} at {settings.context} "
            "tokens. "
            'Lower model.context, or set model.kv_type to "q8_0".'
        )

    def _metadata(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(512)
        length = C.llama_model_meta_val_str(self._model, key.encode(), cast(bytes, buffer), len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    def _known(self, text: str) -> bool:
        return bool(text) and self.special(text) is not None

    def _end_tokens(self) -> frozenset[int]:
        """End tokens of the format, and every token that opens a part of a prompt: none belongs in an
        answer.
        """
        named = self.format.tokens() if self.format else ()
        return frozenset(token for text in named if (token := self.special(text)) is not None)

    def tokenize(self, text: str) -> list[int]:
        return self._tokenize(text, special=False)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        if len(data) + 8 > len(self._buffer):
            self._buffer = (C.llama_token * (2 * len(data) + 8))()
        count = C.llama_tokenize(
            self._vocab, data, len(data), self._buffer, len(self._buffer), False, special
        )
        if count < 0:
            raise EngineError(
                f"The request was not answered: its text of {len(data)} bytes could not be tokenised."
            )
        return list(map(int, self._buffer[:count]))

    def special(self, text: str) -> int | None:
        """A control or user-defined token with exactly this text; CodeLlama's carry a leading word mark."""
        for candidate in (text, " " + text):
            tokens = self._tokenize(candidate, special=True)
            tokens = tokens[-1:] if len(tokens) == 2 and not self.piece(tokens[0]).strip() else tokens
            if len(tokens) == 1 and C.llama_vocab_get_attr(self._vocab, tokens[0]) & (
                C.LLAMA_TOKEN_ATTR_CONTROL | C.LLAMA_TOKEN_ATTR_USER_DEFINED | C.LLAMA_TOKEN_ATTR_UNKNOWN
            ):
                written = C.llama_vocab_get_text(self._vocab, tokens[0]).decode("utf-8", "replace")
                if written.strip("\u2581 ") == text:
                    return tokens[0]
        return None

    def start_tokens(self) -> list[int]:
        return [C.llama_vocab_bos(self._vocab)] if C.llama_vocab_get_add_bos(self._vocab) else []

    def piece(self, token: int) -> bytes:
        if (known := self._pieces.get(token)) is None:
            buffer = ctypes.create_string_buffer(256)
            length = C.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
            known = self._pieces[token] = buffer.raw[: max(0, length)]
        return known

    def is_end(self, token: int) -> bool:
        return token in self._ends or bool(C.llama_vocab_is_eog(self._vocab, token))

    def decode(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[int],
        outputs: Sequence[bool],
    ) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i] = token, positions[i]
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequences[i]
            batch.logits[i] = outputs[i]
        status = C.llama_decode(self._context, batch)
        if status == 1:
            raise CacheFull
        if status:
            raise EngineError(
                f"The request was not answered: llama.cpp failed to evaluate it (status {status})."
            )

    def logits(self, index: int) -> np.ndarray:
        return np.ctypeslib.as_array(C.llama_get_logits_ith(self._context, index), shape=(self.vocabulary,))

    def copy(self, source: int, target: int, length: int) -> None:
        C.llama_memory_seq_rm(self._memory, target, -1, -1)
        C.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def trim(self, sequence: int, length: int) -> bool:
        if C.llama_memory_seq_rm(self._memory, sequence, length, -1):
            return True
        C.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def chat_tokens(self, messages: Sequence[tuple[str, str]]) -> list[int] | None:
        """(role, content) turns through the model's own chat template; None where it has none llama.cpp
        knows.

        The template is rendered with markers in place of the contents, so that its special tokens are
        special and a content that spells one is not.
        """
        template = C.llama_model_chat_template(self._model, None)
        if not template:
            return None
        marks = [f"\u2402{i}\u2403" for i in range(len(messages))]
        turns = (C.llama_chat_message * len(messages))()
        kept = [(role.encode(), mark.encode()) for (role, _), mark in zip(messages, marks, strict=True)]
        for turn, (role, mark) in zip(turns, kept, strict=True):
            turn.role, turn.content = role, mark
        size = 1024 + 256 * len(messages)
        buffer = ctypes.create_string_buffer(size)
        length = C.llama_chat_apply_template(template, turns, len(turns), True, cast(bytes, buffer), size)
        if not 0 <= length <= size:
            return None
        tokens = self.start_tokens()
        rest = buffer.raw[:length].decode("utf-8", "replace")
        for mark, (_, content) in zip(marks, messages, strict=True):
            before, _, rest = rest.partition(mark)
            tokens += self._tokenize(before, special=True) + self._tokenize(content, special=False)
        return tokens + self._tokenize(rest, special=True)

    def close(self) -> None:
        C.llama_batch_free(self._batch)
        C.llama_free(self._context)
        C.llama_model_free(self._model)
