"""Prompts by model family, as golden strings; and which family a vocabulary is taken for."""

from __future__ import annotations

import pytest

from inference.fim import FORMATS, Special, choose, family_of
from inference.types import FimPrompt, Snippet

ALONE = FimPrompt("P", "S", "a.py")
WITH_CONTEXT = FimPrompt("P", "S", "a.py", "shop", (Snippet("b.py", "B\n"),))

GOLDEN = {
    "nearside": (
        "<|fim_suffix|>S<|fim_prefix|>P",
        "<|repo_name|>shop\n<|file_sep|>b.py\nB\n<|file_sep|>a.py\n<|fim_suffix|>S<|fim_prefix|>P",
    ),
    "qwen": (
        "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
        "<|repo_name|>shop\n<|file_sep|>b.py\nB\n<|file_sep|>a.py\n"
        "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    ),
    "starcoder2": (
        "<fim_prefix>P<fim_suffix>S<fim_middle>",
        "<repo_name>shop<file_sep>b.py\nB\n<file_sep><fim_prefix>a.py\nP<fim_suffix>S<fim_middle>",
    ),
    "deepseek": (
        "<｜fim▁begin｜>P<｜fim▁hole｜>S<｜fim▁end｜>",
        "#b.py\nB\n<｜fim▁begin｜>#a.py\nP<｜fim▁hole｜>S<｜fim▁end｜>",
    ),
    "codellama": ("<PRE> P <SUF>S <MID>", "<PRE> P <SUF>S <MID>"),
    "codestral": ("[SUFFIX]S[PREFIX]P", "+++++ b.py\nB\n[SUFFIX]S[PREFIX]+++++ a.py\nP"),
    "granite": ("<fim_prefix>P<fim_suffix>S<fim_middle>", "<fim_prefix>P<fim_suffix>S<fim_middle>"),
    "seed-coder": (
        "<[fim-suffix]>S<[fim-prefix]>P<[fim-middle]>",
        "<[fim-suffix]>S<[fim-prefix]>P<[fim-middle]>",
    ),
}


@pytest.mark.parametrize("family", GOLDEN)
def test_each_family_gets_the_prompt_it_was_trained_on(family: str) -> None:
    alone, with_context = GOLDEN[family]
    assert FORMATS[family].render(ALONE) == alone
    assert FORMATS[family].render(WITH_CONTEXT) == with_context


@pytest.mark.parametrize("family", FORMATS)
def test_only_the_frame_is_special_whatever_the_text_holds(family: str) -> None:
    form = FORMATS[family]
    hostile = FimPrompt(form.middle or form.prefix, form.suffix, "a.py", "r", (Snippet("b", form.prefix),))
    plain = FimPrompt("P", "S", "a.py", "r", (Snippet("b", "B"),))
    assert [part for part in form.layout(hostile) if isinstance(part, Special)] == [
        part for part in form.layout(plain) if isinstance(part, Special)
    ]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Qwen2.5-Coder-1.5B-Q8_0.gguf", "qwen"),
        ("starcoder2-3b", "starcoder2"),
        ("starcoderbase-1b", "starcoder"),
        ("deepseek-coder-6.7b-base", "deepseek"),
        ("CodeLlama-7B", "codellama"),
        ("Codestral-22B-v0.1", "codestral"),
        ("granite-3b-code-base", "granite"),
        ("granite-4.0-h-tiny", "granite4"),
        ("Seed-Coder-8B-Base", "seed-coder"),
        ("codegemma-2b", "codegemma"),
        ("nearside-fim", "nearside"),
        ("Llama-3.1-8B-Instruct", None),
    ],
)
def test_a_models_name_tells_its_family(name: str, family: str | None) -> None:
    assert family_of(name) == family


def test_the_vocabulary_has_the_last_word() -> None:
    starcoder = {"<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<|endoftext|>"}
    found = choose("my-qwen-finetune", starcoder.__contains__)
    assert found is not None and found[1].prefix == "<fim_prefix>" and found[1].repository == ""
    assert choose("Qwen2.5-Coder", {"<|endoftext|>"}.__contains__) is None


def test_optional_tokens_a_vocabulary_lacks_are_not_used() -> None:
    found = choose("qwen", {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"}.__contains__)
    assert found is not None
    assert found[1].render(WITH_CONTEXT) == "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"
