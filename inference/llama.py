"""llama.cpp through the low-level bindings: one model, one context, several sequences in one KV cache.

Only this and llama_vocab import llama_cpp. No policy here: slices, stops and scheduling are elsewhere.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import llama_cpp as C
import numpy as np

from inference import fim
from inference.backend import CacheFull, Interrupted, ModelDescription
from inference.gbnf import gbnf
from inference.grammar import Grammar
from inference.llama_grammar import LlamaGrammar
from inference.llama_vocab import LlamaVocabulary
from inference.types import EngineError, ModelTooLarge, ModelUnreadable
from settings.schema import Model as ModelSettings

log = logging.getLogger(__name__)

BATCH = 512
"""n_batch and n_ubatch: large enough to fill a GPU, small enough for a cancel check between two (slices are
smaller yet).
"""
SMALL_MODEL = 64 << 20
"""Bytes of weights below which one thread is the fastest (see _threads)."""
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
            log.debug("llama.cpp: %s", line)  # an interrupted batch is an error to it; we say what is one


_native: _NativeLog | None = None


def _start_library() -> _NativeLog:
    global _native
    if _native is None:
        _native = _NativeLog()
        C.llama_backend_init()
    return _native


def can_offload() -> bool:
    """Whether llama.cpp was compiled with a GPU backend."""
    return bool(C.llama_supports_gpu_offload())


class LlamaBackend:
    """A GGUF model in memory. Raises ModelUnreadable or ModelTooLarge where it cannot be had."""

    def __init__(self, path: Path, settings: ModelSettings) -> None:
        native = _start_library()
        native.offloaded, native.last_error = 0, ""
        parameters = C.llama_model_default_params()
        parameters.n_gpu_layers = (
            (999 if settings.gpu_layers < 0 else settings.gpu_layers) if can_offload() else 0
        )
        model = C.llama_model_load_from_file(os.fsencode(path), parameters)
        if not model:
            raise ModelUnreadable(
                f"The model was not loaded: llama.cpp cannot read {path}"
                + (f" ({native.last_error})" if native.last_error else "")
                + ". Check that it is a complete GGUF file of a supported architecture."
            )
        self._model: Any = model
        vocabulary = LlamaVocabulary(model)
        self.vocabulary = vocabulary.size
        self.interrupt: Callable[[], bool] = lambda: False
        self.tokenize, self.special, self.piece = vocabulary.tokenize, vocabulary.special, vocabulary.piece
        self.is_end, self.start_tokens = vocabulary.is_end, vocabulary.start_tokens
        self.chat_tokens = vocabulary.chat_tokens
        self._vocabulary = vocabulary
        self.branches, self.batch_size = BRANCHES, BATCH
        self._context, self.sequences = self._open_context(settings, path)
        self._memory: Any = C.llama_get_memory(self._context)
        self._batch = C.llama_batch_init(BATCH, 0, 1)
        self.interruptible = not native.offloaded
        self._interrupt = C.ggml_abort_callback(lambda _data: self.interrupt())  # kept: llama.cpp holds it
        if self.interruptible:
            C.llama_set_abort_callback(self._context, self._interrupt, ctypes.c_void_p(0))
        name = vocabulary.metadata("general.name") or path.stem
        chosen = fim.choose(f"{name} {path.stem}", vocabulary.knows)
        self.format = chosen[1] if chosen else None
        vocabulary.end_with(self.format)
        layers = int(C.llama_model_n_layer(self._model))
        self.description = ModelDescription(
            name=name,
            path=str(path),
            architecture=vocabulary.metadata("general.architecture"),
            context=settings.context,
            trained_context=int(C.llama_model_n_ctx_train(self._model)),
            layers=layers,
            gpu_layers=min(native.offloaded, layers + 1),
            backend="gpu" if native.offloaded else "cpu",
            size_bytes=int(C.llama_model_size(self._model)),
            family=chosen[0] if chosen else None,
        )
        recurrent = C.llama_model_is_recurrent(self._model) or C.llama_model_is_hybrid(self._model)
        self.can_trim = not recurrent
        if self._memory and recurrent:
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
            parameters.n_threads = parameters.n_threads_batch = settings.threads or self._threads()
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

    def _threads(self) -> int:
        """One core is left to the editor, and a small model gets one thread.

        llama.cpp's threads wait for each other busily after each operation: on two cores with anything else
        running, two threads evaluated a 5 M model's prompt three to ten times slower than one did.
        """
        if C.llama_model_size(self._model) < SMALL_MODEL:
            return 1
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(1, cores - 1)

    def grammar(self, schema: Mapping[str, Any]) -> Callable[[], Grammar]:
        rules = gbnf(schema)
        LlamaGrammar(self._vocabulary, rules).close()  # what llama.cpp cannot read is refused before it waits
        return lambda: LlamaGrammar(self._vocabulary, rules)

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
        if status == 2:
            raise Interrupted
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

    def close(self) -> None:
        C.llama_batch_free(self._batch)
        C.llama_free(self._context)
        C.llama_model_free(self._model)
