"""The unfinished word before the cursor is taken back and written again by the model."""

from __future__ import annotations

import argparse
import queue
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.generate import Job
from inference.healing import Pieces, take_back
from inference.scheduler import Scheduler
from inference.types import FimPrompt
from tests.inference.test_scheduler import Asked
from tests.scripted_backend import SUFFIX_FIRST, ScriptedBackend


def healing() -> ScriptedBackend:
    backend = ScriptedBackend()
    backend.format = replace(SUFFIX_FIRST, heal=True)
    return backend


@pytest.mark.parametrize(
    ("prefix", "typed"),
    [
        ("x = retu", " retu"),
        ("self.na", ".na"),
        ("self.", "."),
        ("x = ", " "),
        ("def f(", "("),
        ("snake_ca", "_ca"),
        ("if a:\n        re", "        re"),
        ("if a:\n        ", "        "),
        ("x = 12", ""),
        ("line\n", ""),
        ("", ""),
        ("naïve", "naïve"),
    ],
)
def test_what_is_taken_back_is_the_unfinished_word_and_the_mark_before_it(prefix: str, typed: str) -> None:
    prompt, back = take_back(healing(), FimPrompt(prefix, "S"))
    assert (prompt.prefix, back.decode()) == (prefix.removesuffix(typed), typed)


def test_a_model_trained_on_cut_words_keeps_its_prompt() -> None:
    prompt = FimPrompt("x = retu", "S")
    assert take_back(ScriptedBackend(), prompt) == (prompt, b"")


@given(st.text(max_size=60))
def test_nothing_is_lost(prefix: str) -> None:
    prompt, back = take_back(healing(), FimPrompt(prefix, ""))
    assert prompt.prefix.encode("utf-8", "replace") + back == prefix.encode("utf-8", "replace")


class Words(ScriptedBackend):
    """A vocabulary of a few words beside the bytes."""

    WORDS = (b" return", b" ret", b" re", b"urn", b" result", b"return")

    def __init__(self) -> None:
        super().__init__()
        self.vocabulary += len(self.WORDS)

    def piece(self, token: int) -> bytes:
        words = self.vocabulary - len(self.WORDS)
        return self.WORDS[token - words] if token >= words else super().piece(token)


def test_only_tokens_that_spell_what_was_typed_may_follow() -> None:
    backend = Words()
    spelled = {backend.piece(token) for token in Pieces(backend).spelling(b" ret")}
    assert spelled == {b" return", b" ret", b" re", b" "}


@pytest.mark.parametrize("alternatives", [1, 3])
def test_what_was_typed_is_written_again_and_not_handed_out(alternatives: int) -> None:
    backend = healing()
    backend.script = lambda prompt: b"abcdef"
    scheduler = Scheduler(backend)
    try:
        asked = Asked(scheduler, "prompt", typed=b"xy", alternatives=alternatives)
        assert asked.wait() == "cdef"  # two letters spent on what was typed, whatever the model preferred
        assert sum(len(piece.logprobs) for piece in asked.pieces if piece.index == 0) == 4
        assert backend.held[0][-6:] == list(b"xycdef")
    finally:
        scheduler.close()


def test_typing_on_in_a_word_evaluates_one_token() -> None:
    scheduler = Scheduler(healing())
    try:
        Asked(scheduler, "p" * 500, typed=b" re", owner="a").wait()
        further = Asked(scheduler, "p" * 500, typed=b" ret", owner="a")
        further.wait()
        assert further.usage.evaluated_tokens == 1
    finally:
        scheduler.close()


def test_the_bundled_model_finishes_a_word_of_the_file() -> None:
    from inference.llama import LlamaBackend
    from inference.models import resolve
    from inference.tokens import infill_tokens
    from settings.schema import Model

    backend = LlamaBackend(resolve("auto"), Model())
    scheduler = Scheduler(backend)
    try:
        source = Path(argparse.__file__).read_text("utf-8")
        at = source.index("class HelpFormatter")
        whole = FimPrompt(source[at : at + 1500] + "\n        self._prog", "\n", "argparse.py", "python")
        prompt, typed = take_back(backend, whole)
        assert typed == b"_prog" and prompt.prefix.endswith("self.")
        pieces: list[str] = []
        done: queue.Queue[Exception | None] = queue.Queue()
        tokens = infill_tokens(backend, prompt, 1000)
        scheduler.submit(Job(tokens, lambda piece: pieces.append(piece.text), done.put, typed=typed))
        assert done.get(timeout=60) is None
        assert "".join(pieces) and not "".join(pieces).startswith(("_prog", "prog"))
    finally:
        scheduler.close()
        backend.close()
