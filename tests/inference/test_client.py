"""The HTTP client: streams that break off, hold back or lie, and what closing one does."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
from contextlib import aclosing

import pytest

from inference.client import ConnectionLost, HttpEngine, Timeouts
from inference.refusals import refusal
from inference.types import (
    Cancelled,
    CannotInfill,
    ChatRequest,
    CompletionRequest,
    EngineRefused,
    EngineUnavailable,
    FimPrompt,
    ModelTooLarge,
    NearsideError,
    Piece,
    SettingsError,
)
from tests.inference.servers import Fake, llama_server, ollama, openai_server, raw_server, serving
from tests.inference.test_dialects import REQUEST, ask, text


def event(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "text": text, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


async def ask_raw(*chunks: bytes, request: CompletionRequest = REQUEST) -> list[Piece]:
    async with raw_server(*chunks) as (url, _):
        engine = HttpEngine(url)
        try:
            return await ask(engine, request)
        finally:
            await engine.close()


async def test_a_character_split_between_two_packets_arrives_whole():
    whole = event("naïve 🦊") + DONE
    middle = whole.index("🦊".encode()) + 2
    assert text(await ask_raw(whole[:middle], whole[middle:])) == "naïve 🦊"


async def test_a_character_split_between_two_events_arrives_whole():
    first = rb'data: {"choices": [{"index": 0, "text": "a\ud83e"}]}' + b"\n\n"
    second = rb'data: {"choices": [{"index": 0, "text": "\udd8a"}]}' + b"\n\n"
    pieces = await ask_raw(first, second, DONE)
    assert [piece.text for piece in pieces] == ["a", "🦊", ""]


async def test_half_a_character_at_the_end_becomes_the_replacement_character():
    alone = rb'data: {"choices": [{"index": 0, "text": "a\ud83e", "finish_reason": "stop"}]}' + b"\n\n"
    assert text(await ask_raw(alone, DONE)) == "a\ufffd"


async def test_line_separators_of_unicode_do_not_end_an_event():
    assert text(await ask_raw(event("a\u2028b\x85c"), DONE)) == "a\u2028b\x85c"


async def test_log_probabilities_are_read_in_either_form():
    top = [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]
    completion = {"token_logprobs": [None, -0.5], "top_logprobs": [{"a": -0.5, "b": -1.5}]}
    chat = {"content": [{"token": "a", "logprob": -0.5, "top_logprobs": top}]}
    for logprobs in (completion, chat):
        choice = {"index": 0, "text": "a", "logprobs": logprobs, "finish_reason": "stop"}
        pieces = await ask_raw(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n", DONE)
        assert pieces[0].logprobs == (-0.5,)
        assert pieces[0].margins == (pytest.approx(math.exp(-0.5) - math.exp(-1.5)),)


async def test_comments_and_unknown_fields_are_skipped():
    noise = b": ping\n\nevent: completion\nid: 7\nretry: 10\nnonsense\n"
    assert text(await ask_raw(noise + event("a"), noise, event("b"), DONE)) == "ab"


async def test_a_stream_that_ends_in_the_middle_is_an_error():
    with pytest.raises(EngineUnavailable, match="broke off"):
        await ask_raw(event("a"))


async def test_a_stream_that_ends_after_its_finish_needs_no_end_mark():
    pieces = await ask_raw(event("a"), event("", "stop"))
    assert text(pieces) == "a" and pieces[-1].usage is not None


async def test_data_that_cannot_be_read_is_an_error_as_its_text_would_be_missing():
    for garbage in (b"{oops", b"[1]", b"\xff\xfe", b'{"choices": "no"}'):
        with pytest.raises(EngineRefused, match="cannot be read"):
            await ask_raw(event("a"), b"data: " + garbage + b"\n\n", event("b"), DONE)


async def test_a_line_without_end_is_refused():
    with pytest.raises(EngineRefused, match="cannot be read"):
        await ask_raw(b"data: " + b"x" * (5 << 20))


async def test_an_error_inside_a_stream_is_raised_with_its_text():
    error = b'data: {"error": {"message": "CUDA out of memory", "type": "server_error"}}\n\n'
    with pytest.raises(NearsideError, match="CUDA out of memory"):
        await ask_raw(event("a"), error)
    with pytest.raises(NearsideError, match="slot unavailable"):
        await ask_raw(b'error: {"message": "slot unavailable", "code": 500}\n\n')


async def test_a_silent_stream_is_given_up():
    async with raw_server(event("a"), hold=True) as (url, _):
        engine = HttpEngine(url, timeouts=Timeouts(silence=0.1))
        with pytest.raises(EngineUnavailable, match="stopped answering"):
            await ask(engine)
        await engine.close()


async def test_no_more_lines_than_wanted_and_the_server_is_cut_off():
    request = CompletionRequest(FimPrompt("", ""), max_lines=2)
    async with raw_server(event("\n  one\n  t"), event("wo\n  three"), hold=True) as (url, gone):
        engine = HttpEngine(url)
        pieces = await ask(engine, request)
        await asyncio.wait_for(gone.wait(), 5)
        await engine.close()
    assert text(pieces) == "\n  one\n  two"
    assert [piece.finish for piece in pieces if piece.finish] == ["stop"]


async def test_an_end_token_handed_out_as_text_ends_the_text():
    assert text(await ask_raw(event("a"), event("b<|fim_pad|>junk"), event("more"), DONE)) == "ab"


async def test_zero_tokens_asks_for_the_prompt_only_and_yields_no_text():
    request = CompletionRequest(FimPrompt("a", "b"), max_tokens=0)
    with serving(fake := Fake(), openai_server(fake)):
        engine = HttpEngine(fake.url)
        pieces = await ask(engine, request)
        await engine.close()
    assert [piece.text for piece in pieces] == [""] and pieces[0].usage
    assert fake.last()["max_tokens"] == 1  # none of these servers takes 0


@pytest.mark.parametrize("app", [llama_server, ollama, openai_server], ids=lambda app: app.__name__)
async def test_closing_the_iterator_ends_the_work_at_the_server(app):
    with serving(fake := Fake(endless=True), app(fake)):
        engine = HttpEngine(fake.url)
        async with aclosing(engine.complete(REQUEST)) as pieces:
            async for piece in pieces:
                if "more" in piece.text:
                    break
        assert await asyncio.to_thread(fake.cancelled.wait, 5)
        await engine.close()


async def test_cancelling_the_task_ends_the_work_at_the_server():
    with serving(fake := Fake(endless=True), llama_server(fake)):
        engine = HttpEngine(fake.url)
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in engine.complete(REQUEST):
                begun.set()

        task = asyncio.create_task(read())
        await asyncio.wait_for(begun.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(fake.cancelled.wait, 5)
        await engine.close()


@pytest.mark.parametrize("app", [llama_server, ollama, openai_server], ids=lambda app: app.__name__)
async def test_finished_answers_leave_their_connection_to_the_next(app):
    with serving(fake := Fake(), app(fake)):
        engine = HttpEngine(fake.url)
        for _ in range(5):
            await ask(engine)
        await engine.close()
    assert len(fake.peers) == 1


async def test_nobody_there_is_said_with_the_address_and_what_to_do():
    async with raw_server() as (url, _):
        pass
    engine = HttpEngine(url)
    with pytest.raises(ConnectionLost, match=f"nothing answers at {url}.*Start the server") as raised:
        await ask(engine)
    assert raised.value.answering is False
    await engine.close()


@pytest.mark.parametrize("url", ["", "localhost:8080", "ftp://host", "http://", "file:///etc/passwd"])
def test_what_is_no_address_is_a_settings_error(url: str):
    with pytest.raises(SettingsError, match="http://host:port"):
        HttpEngine(url)


def test_errors_of_our_engine_come_through_as_they_are():
    def body(kind: str) -> bytes:
        return json.dumps({"error": {"message": "No completion: so it is.", "type": kind}}).encode()

    assert isinstance(refusal("x", 422, body("cannot_infill")), CannotInfill)
    assert isinstance(refusal("x", 503, body("model_too_large")), ModelTooLarge)
    assert isinstance(refusal("x", 503, body("loading")), EngineUnavailable)
    assert isinstance(refusal("x", 409, body("superseded")), Cancelled)
    assert str(refusal("x", 400, body("invalid_request"))) == "No completion: so it is."


def test_a_refusal_in_any_form_is_one_line():
    for data in (b"", b"<html>\n<h1>Bad gateway</h1>", b"[]", b'{"detail": "a\\nb"}', b'{"error": "c"}'):
        for status in (400, 401, 404, 429, 500, 503):
            line = str(refusal("http://x", status, data))
            assert "\n" not in line and "No completion: " in line and "http://x" in line


def test_the_client_is_imported_without_its_http_library():
    code = "import sys, inference.client; print('httpx2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def delta(content: str | None = None, finish: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": {"content": content, **more}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


async def chat_raw(*chunks: bytes) -> list[Piece]:
    async with raw_server(*chunks) as (url, _):
        engine = HttpEngine(url, "m")
        try:
            async with aclosing(engine.chat(ChatRequest((("user", "hello"),)))) as pieces:
                return [piece async for piece in pieces]
        finally:
            await engine.close()


async def test_a_chat_is_streamed_with_its_usage_and_without_its_reasoning():
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}\n\n'
    pieces = await chat_raw(
        delta(reasoning_content="hm"), delta("He"), delta("llo"), delta(finish="stop"), usage, DONE
    )
    assert text(pieces) == "Hello"
    assert [piece.finish for piece in pieces if piece.finish] == ["stop"]
    assert [(u.evaluated_tokens, u.generated_tokens) for piece in pieces if (u := piece.usage)] == [(9, 3)]


async def test_a_chat_that_breaks_off_is_no_answer():
    with pytest.raises(ConnectionLost, match="ended in the middle"):
        await chat_raw(delta("He"))


@pytest.mark.parametrize("event", [b'data: {"choices": 7}\n\n', b'data: {"choices": [3]}\n\n'])
async def test_a_chat_that_makes_no_sense_is_one_line(event: bytes):
    with pytest.raises(NearsideError) as told:
        await chat_raw(event, DONE)
    assert "\n" not in str(told.value)


async def test_a_server_that_reports_an_error_within_a_chat_is_heard():
    with pytest.raises(NearsideError, match="no more memory"):
        await chat_raw(delta("He"), b'data: {"error": {"message": "no more memory", "code": 500}}\n\n')
