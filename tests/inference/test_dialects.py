"""One client reaches llama-server, Ollama, vLLM and LM Studio, and says of each what it cannot do."""

from __future__ import annotations

import math
from contextlib import aclosing

import pytest
from starlette.applications import Starlette

from inference.client import HttpEngine
from inference.dialects import NO_CONFIDENCE, NO_CONTEXT, ONE_SUGGESTION, neutralised
from inference.fim import FORMATS
from inference.types import (
    CannotInfill,
    CompletionRequest,
    EngineRefused,
    EngineUnavailable,
    FimPrompt,
    ModelNotFound,
    NearsideError,
    Piece,
    Snippet,
)
from tests.inference.servers import Fake, llama_server, ollama, openai_server, serving

PROMPT = FimPrompt("def f(x):\n    ", "\n", "f.py", "shop", (Snippet("g.py", "def g(): ...\n"),))
REQUEST = CompletionRequest(PROMPT, max_tokens=8)


async def ask(engine: HttpEngine, request: CompletionRequest = REQUEST) -> list[Piece]:
    async with aclosing(engine.complete(request)) as pieces:
        return [piece async for piece in pieces]


def text(pieces: list[Piece], index: int = 0) -> str:
    return "".join(piece.text for piece in pieces if piece.index == index)


async def test_llama_server_is_asked_to_infill_with_other_files_apart():
    with serving(fake := Fake(), llama_server(fake)):
        engine = HttpEngine(fake.url)
        pieces = await ask(engine)
        info = await engine.info()
        await engine.close()
    path, body = fake.asked[-1]
    assert path == "/infill"
    assert (body["input_prefix"], body["input_suffix"]) == (PROMPT.prefix, PROMPT.suffix)
    assert body["input_extra"] == [{"filename": "g.py", "text": "def g(): ...\n"}]
    assert (info.engine, info.model, info.context) == ("llama-server", "qwen2.5-coder-1.5b.gguf", 8192)
    assert info.limits == (ONE_SUGGESTION,)
    assert text(pieces) == "return x"
    assert [value for piece in pieces for value in piece.logprobs] == [-0.1, -0.7]
    assert pieces[0].margins == (pytest.approx(math.exp(-0.1) - math.exp(-2.0)),)
    usage = pieces[-1].usage
    assert usage and (usage.evaluated_tokens, usage.reused_tokens, usage.generated_tokens) == (10, 40, 2)
    assert [piece.finish for piece in pieces if piece.finish] == ["stop"]


async def test_llama_server_branches_into_as_many_alternatives_as_it_has_slots():
    branches = [[("return", -0.1)], [("yield", -1.0)], [("pass", -1.5)]]
    with serving(fake := Fake(slots=2, alternatives=branches), llama_server(fake)):
        engine = HttpEngine(fake.url)
        pieces = await ask(engine, CompletionRequest(PROMPT, max_tokens=8, alternatives=3))
        info = await engine.info()
        await engine.close()
    assert [text(pieces, index) for index in range(3)] == ["return", "yield", ""]
    assert (fake.last()["n_cmpl"], fake.last()["temperature"]) == (2, 0.6)
    assert info.limits == () and pieces[-1].usage


async def test_a_llama_server_model_without_fim_tokens_is_refused_with_what_to_do():
    with serving(fake := Fake(infill=False, model="mistral-7b-instruct"), llama_server(fake)):
        engine = HttpEngine(fake.url)
        with pytest.raises(CannotInfill, match="cannot fill in the middle.*Qwen2.5-Coder"):
            await ask(engine)
        await engine.close()


async def test_a_family_llama_server_does_not_recognise_gets_its_prompt_written_out():
    with serving(fake := Fake(infill=False, model="Codestral-22B"), llama_server(fake)):
        engine = HttpEngine(fake.url)
        assert text(await ask(engine)) == "return x"
        await engine.close()
    path, body = fake.asked[-1]
    assert path == "/completion"
    assert body["prompt"] == FORMATS["codestral"].render(PROMPT)


async def test_a_llama_server_that_loads_its_model_is_unavailable_and_is_asked_again_later():
    with serving(fake := Fake(loading=True), llama_server(fake)):
        engine = HttpEngine(fake.url)
        with pytest.raises(EngineUnavailable, match="still loading"):
            await ask(engine)
        fake.loading = False
        assert text(await ask(engine)) == "return x"
        await engine.close()


async def test_ollama_gets_a_raw_prompt_with_other_files_when_the_family_is_known():
    with serving(fake := Fake(model="qwen2.5-coder:1.5b"), ollama(fake)):
        engine = HttpEngine(fake.url + "/v1/", "qwen2.5-coder:1.5b", context=4096)
        pieces = await ask(engine)
        info = await engine.info()
        await engine.close()
    body = fake.last()
    assert body["raw"] is True and "suffix" not in body
    assert body["prompt"] == FORMATS["qwen"].render(PROMPT)
    assert (body["options"]["num_ctx"], body["options"]["repeat_penalty"]) == (4096, 1.0)
    assert (info.engine, info.context, info.limits) == ("ollama", 4096, (ONE_SUGGESTION,))
    assert text(pieces) == "return x"
    assert [piece.finish for piece in pieces if piece.finish] == ["length"]
    usage = pieces[-1].usage
    assert usage and (usage.evaluated_tokens, usage.generated_tokens, usage.prefill_ms) == (26, 2, 4.0)


async def test_ollama_formats_a_model_of_unknown_family_that_can_insert():
    with serving(fake := Fake(model="house-coder"), ollama(fake)):
        engine = HttpEngine(fake.url, "house-coder")
        await ask(engine)
        info = await engine.info()
        await engine.close()
    body = fake.last()
    assert (body["prompt"], body["suffix"]) == (PROMPT.prefix, PROMPT.suffix)
    assert NO_CONTEXT in info.limits


async def test_a_chat_model_in_ollama_is_refused():
    with serving(fake := Fake(model="llama3.2", capabilities=("completion", "tools")), ollama(fake)):
        engine = HttpEngine(fake.url, "llama3.2")
        with pytest.raises(CannotInfill, match="not known how llama3.2"):
            await engine.info()
        await engine.close()


async def test_a_model_ollama_does_not_have_is_named_with_the_command_that_fetches_it():
    with serving(fake := Fake(), ollama(fake)):
        engine = HttpEngine(fake.url, "starcoder2:3b")
        with pytest.raises(ModelNotFound, match="ollama pull starcoder2:3b"):
            await engine.info()
        await engine.close()


async def test_vllm_gets_a_raw_prompt_by_family_and_samples_alternatives():
    branches = [[("return", -0.1)], [("yield", -1.0)], [("pass", -1.5)]]
    fake = Fake(model="Qwen/Qwen2.5-Coder-7B", alternatives=branches)
    with serving(fake, openai_server(fake, vllm=True)):
        engine = HttpEngine(fake.url, "Qwen/Qwen2.5-Coder-7B")
        pieces = await ask(engine, CompletionRequest(PROMPT, max_tokens=8, alternatives=3))
        info = await engine.info()
        one = fake.last()
        await ask(engine)
        await engine.close()
    assert [text(pieces, index) for index in range(3)] == ["return", "yield", "pass"]
    assert (one["n"], one["temperature"]) == (3, 0.6)
    assert "n" not in fake.last() and fake.last()["temperature"] == 0
    assert fake.last()["prompt"] == FORMATS["qwen"].render(PROMPT)
    assert (info.engine, info.context, info.limits) == ("vllm", 16384, ())
    usage = pieces[-1].usage
    assert usage and (usage.evaluated_tokens, usage.reused_tokens) == (14, 16)


async def test_a_model_vllm_does_not_serve_is_answered_with_those_it_does():
    with serving(fake := Fake(), openai_server(fake, vllm=True)):
        engine = HttpEngine(fake.url, "starcoder2")
        with pytest.raises(ModelNotFound, match="it serves qwen2.5-coder-1.5b"):
            await engine.info()
        await engine.close()


async def test_lm_studio_is_an_openai_server_whose_missing_confidence_is_learned_from_its_answer():
    with serving(fake := Fake(logprobs=False), openai_server(fake)):
        engine = HttpEngine(fake.url)
        before = await engine.info()
        pieces = await ask(engine)
        after = await engine.info()
        await engine.close()
    assert (before.engine, before.model, before.logprobs) == ("openai-compatible", "qwen2.5-coder-1.5b", True)
    assert text(pieces) == "return x" and not any(piece.logprobs for piece in pieces)
    assert after.logprobs is False and NO_CONFIDENCE in after.limits


async def test_a_server_without_text_completion_is_refused_as_chat_only():
    with serving(fake := Fake(chat_only=True), openai_server(fake)):
        engine = HttpEngine(fake.url)
        with pytest.raises(CannotInfill, match="chat only"):
            await ask(engine)
        await engine.close()


async def test_a_server_is_probed_once():
    with serving(fake := Fake(), openai_server(fake)):
        engine = HttpEngine(fake.url)
        for _ in range(3):
            await ask(engine)
        await engine.close()
    assert fake.paths.count("GET /v1/models") == 1
    assert fake.paths.count("POST /v1/completions") == 3


async def test_a_wrong_key_is_said_and_the_key_is_not():
    with serving(fake := Fake(key="right"), openai_server(fake)):
        engine = HttpEngine(fake.url, api_key="sk-wrong")
        with pytest.raises(EngineRefused, match="refused the key.*api_key_env") as raised:
            await ask(engine)
        await engine.close()
        good = HttpEngine(fake.url, api_key="right")
        assert text(await ask(good)) == "return x"
        await good.close()
    assert "sk-wrong" not in str(raised.value)


async def test_what_is_no_engine_at_all_is_said():
    with serving(fake := Fake(), Starlette()):
        engine = HttpEngine(fake.url)
        with pytest.raises(NearsideError, match="does not speak the OpenAI wire format"):
            await engine.info()
        await engine.close()


@pytest.mark.parametrize("family", sorted(FORMATS))
def test_user_text_never_ends_or_redirects_its_own_prompt(family: str):
    format = FORMATS[family]
    hostile = "a" + "b".join(format.tokens()) + "<|im_start|>c"
    prompt = FimPrompt(hostile, hostile, hostile, hostile, (Snippet(hostile, hostile),))
    clean = neutralised(prompt, format.tokens())
    for part in (clean.prefix, clean.suffix, clean.path, clean.repository, clean.snippets[0].text):
        assert not any(token in part for token in (*format.tokens(), "<|im_start|>"))
    assert clean.prefix.replace(" ", "") == hostile.replace(" ", "")  # split, not dropped


@pytest.mark.parametrize("app", [ollama, openai_server], ids=lambda app: app.__name__)
async def test_a_file_that_spells_special_tokens_does_not_send_them(app):
    hostile = CompletionRequest(FimPrompt("a<|fim_middle|>b", "<|endoftext|>c<|fim_prefix|>"), max_tokens=8)
    with serving(fake := Fake(), app(fake)):
        engine = HttpEngine(fake.url, fake.model)
        await ask(engine, hostile)
        await engine.close()
    prompt = fake.last()["prompt"]
    assert [prompt.count(f"<|fim_{part}|>") for part in ("prefix", "suffix", "middle")] == [1, 1, 1]
    assert "<|endoftext|>" not in prompt


def test_ordinary_code_is_not_touched_by_neutralising():
    code = "x = a <| b |> c\nif a < b and b > c: s = '<b>' + '</s>' + '<|>'\n"
    assert neutralised(FimPrompt(code, code), FORMATS["qwen"].tokens()) == FimPrompt(code, code)
