"""A llama.cpp model's vocabulary: text to tokens and back, special tokens by name, the chat template."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, cast

import llama_cpp as C
import numpy as np

from inference.chat_families import lead
from inference.chat_template import laid_out, rendered
from inference.fim import FimFormat
from inference.types import EngineError

WORD_MARK = "\u2581"
"""SentencePiece's space; some families' special tokens begin with it."""


class LlamaVocabulary:
    """Wraps one model's vocabulary; valid as long as the model is."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.handle: Any = C.llama_model_get_vocab(model)
        self.size = int(C.llama_vocab_n_tokens(self.handle))
        self._buffer = (C.llama_token * 4096)()
        self._pieces: dict[int, bytes] = {}
        self._specials: dict[str, int | None] = {}
        self._ends: frozenset[int] = frozenset()
        self._writes = np.full(self.size, -1, np.int8)
        """Of each token whether it spells bytes or ends an answer: 1, 0, or -1 where nobody asked yet."""
        # SentencePiece puts a space before every text; inside a prompt of several parts there must be none.
        spm = C.llama_vocab_type(self.handle) == C.LLAMA_VOCAB_TYPE_SPM
        self._glue = self._tokenize("\n", special=False) if spm else []

    def metadata(self, key: str) -> str:
        """A value of the GGUF's metadata as text, empty where there is none."""
        buffer = ctypes.create_string_buffer(512)
        length = C.llama_model_meta_val_str(self._model, key.encode(), cast(bytes, buffer), len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    def end_with(self, form: FimFormat | None) -> None:
        """Take a format's tokens for ends too: none that opens a part of a prompt belongs in an answer."""
        tokens = (self.special(text) for text in (form.tokens() if form else ()))
        self._ends = frozenset(token for token in tokens if token is not None)

    def tokenize(self, text: str) -> list[int]:
        """Ordinary text to tokens, exactly: no space in front, and special strings stay text."""
        if not self._glue:
            return self._tokenize(text, special=False)
        tokens = self._tokenize("\n" + text, special=False)
        glued = tokens[: len(self._glue)] == self._glue
        return tokens[len(self._glue) :] if glued else self._tokenize(text, special=False)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        if len(data) + 8 > len(self._buffer):
            self._buffer = (C.llama_token * (2 * len(data) + 8))()
        count = C.llama_tokenize(
            self.handle, data, len(data), self._buffer, len(self._buffer), False, special
        )
        if count < 0:
            raise EngineError(
                f"The request was not answered: its text of {len(data)} bytes could not be tokenised."
            )
        return cast(Any, self._buffer[:count])

    def knows(self, text: str) -> bool:
        return bool(text) and self.special(text) is not None

    def special(self, text: str) -> int | None:
        """The one token that stands for `text` when special tokens are parsed and not when they are not."""
        if text not in self._specials:
            self._specials[text] = self._find_special(text)
        return self._specials[text]

    def _find_special(self, text: str) -> int | None:
        if len(self._tokenize(text, special=False)) < 2:
            return None  # an ordinary word, not a special token
        for spelled in (text, WORD_MARK + text):
            for token in self._tokenize(spelled, special=True):
                written = C.llama_vocab_get_text(self.handle, token).decode("utf-8", "replace")
                if written in (text, WORD_MARK + text):
                    return token
        return None

    def start_tokens(self) -> list[int]:
        """The BOS token where the model was trained with one."""
        return [int(C.llama_vocab_bos(self.handle))] if C.llama_vocab_get_add_bos(self.handle) else []

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; empty for special tokens."""
        if (known := self._pieces.get(token)) is None:
            buffer = ctypes.create_string_buffer(256)
            length = C.llama_token_to_piece(self.handle, token, buffer, len(buffer), 0, False)
            known = self._pieces[token] = buffer.raw[: max(0, length)]
        return known

    def is_end(self, token: int) -> bool:
        return token in self._ends or bool(C.llama_vocab_is_eog(self.handle, token))

    @cached_property
    def ends(self) -> np.ndarray:
        """Every token that llama.cpp knows as the end of an answer."""
        return np.flatnonzero([C.llama_vocab_is_eog(self.handle, token) for token in range(self.size)])

    def writes_or_ends(self, tokens: np.ndarray) -> np.ndarray:
        """Tell of each token whether it spells any bytes or is one of `ends`; each is looked up once."""
        new = tokens[self._writes[tokens] < 0]
        if len(new):
            self._writes[new] = [bool(self.piece(int(token))) for token in new]
            self._writes[self.ends] = 1
        return self._writes[tokens] > 0

    def chat_tokens(self, messages: Sequence[tuple[str, str]]) -> list[int] | None:
        """(role, content) turns through the model's own chat template, up to where the answer's text begins.

        None where it has no template, or one that cannot frame these turns.
        """
        raw = C.llama_model_chat_template(self._model, None)
        if not raw:
            return None
        template = raw.decode("utf-8", "replace")
        bos, eos = (self._text(int(f(self.handle))) for f in (C.llama_vocab_bos, C.llama_vocab_eos))
        frames = (partial(_framed, raw), lambda turns: rendered(template, turns, bos, eos))
        laid = laid_out(messages, frames)
        if laid is None:
            return None
        turns, begun = laid
        tokens = [] if bos and (turns[0][0] if turns else begun).startswith(bos) else self.start_tokens()
        for frame, content in turns:
            tokens += self._tokenize(frame, special=True) + self.tokenize(content)
        return tokens + self._tokenize(begun + lead(template, begun), special=True)

    def _text(self, token: int) -> str:
        """A token as the vocabulary writes it, control tokens too; empty for none."""
        return C.llama_vocab_get_text(self.handle, token).decode("utf-8", "replace") if token >= 0 else ""


def _framed(template: bytes, messages: Sequence[tuple[str, str]]) -> str | None:
    """Write turns as llama.cpp does by one of the templates it knows; None for another."""
    turns = (C.llama_chat_message * len(messages))()
    kept = [(role.encode(), content.encode()) for role, content in messages]
    for turn, (role, content) in zip(turns, kept, strict=True):
        turn.role, turn.content = role, content
    size = 1024 + 256 * len(messages)
    buffer = ctypes.create_string_buffer(size)
    length = C.llama_chat_apply_template(template, turns, len(turns), True, cast(bytes, buffer), size)
    return buffer.raw[:length].decode("utf-8", "replace") if 0 <= length <= size else None
