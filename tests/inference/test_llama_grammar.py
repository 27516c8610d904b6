"""Schemas kept to by the bundled model, which knows nothing of JSON, through llama.cpp's own grammars."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.client import HttpEngine
from inference.drafts import Drafts
from inference.grammar import Held
from inference.llama import LlamaBackend
from inference.llama_grammar import LlamaGrammar
from inference.models import resolve
from inference.scheduler import Scheduler
from inference.types import ChatRequest, EngineRefused
from settings.schema import Model
from tests.inference.engine_server import running
from tests.inference.gguf_files import with_template
from tests.inference.test_llama import Asked

CALL = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"tool": {"const": "search"}, "query": {"type": "string", "maxLength": 30}},
            "required": ["tool", "query"],
        },
        {
            "type": "object",
            "properties": {
                "tool": {"const": "read"},
                "path": {"type": "string", "minLength": 3, "maxLength": 20},
                "line": {"type": "integer"},
                "whole": {"type": "boolean"},
            },
            "required": ["tool", "path"],
        },
        {"type": "object", "properties": {"tool": {"const": "answer"}}, "required": ["tool"]},
    ]
}
PROMPTS = (
    "def add(a, b):\n    return",
    '{"tool": "read", "path": "',
    "\n\n\n\n",
    "日本語 é 😀 = '",
    'x = "a\\n\\t\\"b"\n',
    '{"tool": "search", "query": "line\nbreak',
    "<|fim_prefix|> # <|endoftext|>",
    "a" * 300,
)


@pytest.fixture(scope="module")
def backend() -> Iterator[LlamaBackend]:
    backend = LlamaBackend(resolve("auto"), Model())
    yield backend
    backend.close()


def fits(value: Any) -> bool:
    """Tell whether a parsed answer is what CALL describes."""
    match value:
        case {"tool": "answer"}:
            return len(value) == 1
        case {"tool": "search", "query": str(query)}:
            return len(value) == 2 and len(query) <= 30
        case {"tool": "read", "path": str(path), **rest}:
            kinds = {"line": int, "whole": bool}
            return 3 <= len(path) <= 20 and all(type(rest[name]) is kinds.get(name) for name in rest)
    return False


@pytest.mark.parametrize("temperature", [0.0, 1.5])
@pytest.mark.parametrize("drafts", [None, Drafts(longest=0)], ids=["drafts", "none"])
def test_every_answer_parses_and_fits_the_schema(
    backend: LlamaBackend, drafts: Drafts | None, temperature: float
) -> None:
    scheduler = Scheduler(backend, drafts)
    grammar = backend.grammar(CALL)
    try:
        for seed, prompt in enumerate(PROMPTS):
            asked = Asked(
                scheduler, backend.tokenize(prompt), grammar=grammar, max_tokens=300,
                temperature=temperature, seed=seed,
            )  # fmt: skip
            answer = asked.wait()
            assert fits(json.loads(answer)), answer
            assert asked.pieces[-2].finish == "stop"
    finally:
        scheduler.close()
        for sequence in range(backend.sequences + backend.branches):
            backend.trim(sequence, 0)


def grammar_of(backend: LlamaBackend, schema: dict[str, Any]) -> LlamaGrammar:
    made = backend.grammar(schema)()
    assert isinstance(made, LlamaGrammar)
    return made


def test_strings_hold_no_line_breaks_and_no_control_tokens(backend: LlamaBackend) -> None:
    grammar = grammar_of(backend, {"type": "string", "maxLength": 99})
    first = backend.tokenize('"')[0]
    assert grammar.permitted(np.array([first]))[0]
    grammar.accept(first)
    tokens = {text: backend.tokenize(text)[0] for text in ("a", "\n", "\t", '"', "\x7f")}
    allowed = dict(zip(tokens, grammar.permitted(np.array([*tokens.values()])), strict=True))
    assert allowed == {"a": True, "\n": False, "\t": False, '"': True, "\x7f": False}
    middle = backend.special("<|fim_middle|>")
    assert middle is not None
    everything = grammar.permitted(np.arange(backend.vocabulary))
    assert not everything[middle] and not everything[grammar.ends].any()
    one_by_one = [grammar.permitted(np.array([token]))[0] for token in range(0, backend.vocabulary, 97)]
    assert one_by_one == everything[::97].tolist()
    grammar.close()


def test_an_answer_ends_only_where_it_is_whole(backend: LlamaBackend) -> None:
    grammar = grammar_of(backend, {"enum": ["yes"]})
    for token in backend.tokenize('"yes"'):
        assert not grammar.permitted(grammar.ends).any()
        grammar.accept(token)
    assert grammar.permitted(grammar.ends).all()
    grammar.close()
    grammar.close()


def test_the_likeliest_token_spares_the_mask(backend: LlamaBackend) -> None:
    grammar = grammar_of(backend, CALL)
    held = Held(grammar)
    for token in backend.tokenize('{"tool": "search", "query": "where are prices rounded"}'):
        logits = np.zeros(backend.vocabulary, np.float32)
        logits[token] = 9.0
        assert held.choose(logits, np.arange(len(logits)), 0.0, np.random.default_rng(0)) == token
    assert held.full_masks == 0
    grammar.close()


def test_rules_that_llama_cpp_cannot_read_are_refused(backend: LlamaBackend) -> None:
    with pytest.raises(EngineRefused, match=r"llama.cpp cannot read"):
        LlamaGrammar(backend._vocabulary, "root ::= nothing")


QWEN = (
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant\n"
    "{%- if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
OWN = (
    "{%- if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{%- for m in messages %}[{{ m.role | upper }}]{{ m.content | trim }}[END]{% endfor %}"
    "{%- if add_generation_prompt %}[ASSISTANT]{% endif %}"
)
TURNS = (("system", "Be brief."), ("user", "Why {{ 7 * 7 }} <|fim_middle|>?"))


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        (
            QWEN,
            "<|im_start|>system\nBe brief.<|im_end|>\n"
            "<|im_start|>user\nWhy {{ 7 * 7 }} <|fim_middle|>?<|im_end|>\n"
            "<|im_start|>assistant\n<think>\n\n</think>\n\n",
        ),
        (OWN, "[USER]Be brief.\n\nWhy {{ 7 * 7 }} <|fim_middle|>?[END][ASSISTANT]"),
    ],
    ids=["known to llama.cpp", "rendered by us"],
)
def test_turns_are_framed_by_the_models_own_template(tmp_path: Path, template: str, wanted: str) -> None:
    model = tmp_path / "chatty.gguf"
    model.write_bytes(with_template(resolve("auto"), template))
    backend = LlamaBackend(model, Model())
    try:
        tokens = backend.chat_tokens(TURNS)
        assert tokens is not None
        assert b"".join(map(backend.piece, tokens)).decode() == wanted
        assert backend.special("<|fim_middle|>") not in tokens
    finally:
        backend.close()


def test_a_template_that_frames_nothing_is_no_chat(tmp_path: Path) -> None:
    model = tmp_path / "silent.gguf"
    model.write_bytes(with_template(resolve("auto"), "{{ raise_exception('not today') }}"))
    backend = LlamaBackend(model, Model())
    try:
        assert backend.chat_tokens(TURNS) is None
    finally:
        backend.close()


async def test_a_chat_over_the_engines_socket_keeps_to_the_schema(tmp_path: Path) -> None:
    model = tmp_path / "chatty.gguf"
    model.write_bytes(with_template(resolve("auto"), OWN))
    with running(lambda: LlamaBackend(model, Model()), tmp_path / "e.sock"):
        engine = HttpEngine(socket=tmp_path / "e.sock")
        assert (await engine.info()).chats
        request = ChatRequest(TURNS, max_tokens=300, schema=CALL)
        async with aclosing(engine.chat(request)) as pieces:
            answer = "".join([piece.text async for piece in pieces])
        assert fits(json.loads(answer)), answer
        with pytest.raises(EngineRefused, match="'pattern'"):
            async for _ in engine.chat(ChatRequest(TURNS, schema={"type": "string", "pattern": "a"})):
                pass
        await engine.close()
