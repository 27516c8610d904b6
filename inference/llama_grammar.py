"""Grammars (gbnf.py) kept to by llama.cpp's sampler."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp as C
import numpy as np

from inference.gbnf import not_held
from inference.llama_vocab import LlamaVocabulary

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""llama_token_data."""


class LlamaGrammar:
    """Implements inference.grammar.Grammar with llama.cpp's grammar sampler."""

    def __init__(self, vocabulary: LlamaVocabulary, rules: str) -> None:
        """Raises EngineRefused where llama.cpp cannot read the rules."""
        self._vocabulary = vocabulary
        self._sampler: Any = C.llama_sampler_init_grammar(vocabulary.handle, rules.encode(), b"root")
        if not self._sampler:
            raise not_held("llama.cpp cannot read the grammar that was made of it")
        self.ends = vocabulary.ends
        self._one = np.zeros(1, CANDIDATE)

    def permitted(self, tokens: np.ndarray) -> np.ndarray:
        """Tell of each token whether it may come next. Control tokens never may: they spell no text."""
        candidates = self._one if len(tokens) == 1 else np.zeros(len(tokens), CANDIDATE)
        candidates["id"], candidates["logit"] = tokens, 0
        data = C.llama_token_data_array(
            data=candidates.ctypes.data_as(ctypes.POINTER(C.llama_token_data)),
            size=len(tokens),
            selected=-1,
            sorted=False,
        )
        C.llama_sampler_apply(self._sampler, ctypes.byref(data))  # type: ignore[arg-type]
        return (candidates["logit"] > -np.inf) & self._vocabulary.writes_or_ends(tokens)

    def accept(self, token: int) -> None:
        C.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        if self._sampler:
            C.llama_sampler_free(self._sampler)
        self._sampler = None
