"""JSON schemas as llama.cpp grammars: converted by llama-cpp-python, kept to by llama.cpp's sampler."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import llama_cpp as C
import numpy as np
from llama_cpp.llama_grammar import PRIMITIVE_RULES, json_schema_to_gbnf

from inference.grammar import checked, not_held
from inference.llama_vocab import LlamaVocabulary

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""llama_token_data."""
CHARACTER = r"""[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})"""
"""One character of a JSON string (RFC 8259, section 7); the library's own rule lets line breaks through."""


def gbnf(schema: Mapping[str, Any]) -> str:
    """Return a schema as a grammar in llama.cpp's notation. Raises EngineRefused where it cannot be one."""
    text = checked(schema)
    try:
        rules = json_schema_to_gbnf(text)
    except Exception as error:  # the library raises whatever it stumbles over
        raise not_held(f"llama-cpp-python cannot convert it ({type(error).__name__}: {error})") from error
    return rules.replace(f"char ::= {PRIMITIVE_RULES['char'].content}", f"char ::= {CHARACTER}")


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
