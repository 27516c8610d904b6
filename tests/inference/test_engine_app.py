"""The engine's wire: OpenAI completions and chat, /infill, health, metrics, cancellation by hanging up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from inference.engine_state import EngineState
from inference.events import read_chat
from inference.types import ModelUnreadable
from tests.inference.engine_server import running
from tests.scripted_backend import ScriptedBackend, digest_script


class Engine:
    """A client on the socket, and the state behind it."""

    def __init__(self, socket: Path, state: EngineState) -> None:
        self.http = httpx2.Client(
            transport=httpx2.HTTPTransport(uds=str(socket)), base_url="http://engine", timeout=20
        )
        self.state = state

    def post(self, path: str, **body: Any) -> Any:
        return self.http.post(path, json=body)

    def stream(self, path: str, **body: Any) -> list[dict[str, Any]]:
        """The events of a streamed answer; the closing [DONE] must be there."""
        with self.http.stream("POST", path, json=body | {"stream": True}) as response:
            assert response.status_code == 200, response.read()
            lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
        assert lines[-1] == "[DONE]"
        return [json.loads(line) for line in lines[:-1]]

    def until(self, condition: Callable[[], bool]) -> None:
        limit = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < limit
            time.sleep(0.002)


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def engine(backend: ScriptedBackend, tmp_path: Path) -> Iterator[Engine]:
    with running(lambda: backend, tmp_path / "e.sock") as state:
        yield Engine(tmp_path / "e.sock", state)


FIM = b"<|fim_suffix|>\n)<|fim_prefix|>print(<|fim_middle|>"


def test_a_suffix_makes_a_completion_fill_in_the_middle(engine: Engine) -> None:
    body = engine.post("/v1/completions", prompt="print(", suffix="\n)", max_tokens=64).json()
    assert body["choices"][0]["text"] == digest_script(FIM).decode()
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["prompt_tokens"] == len("\n)print(") + 3
    assert len(body["choices"][0]["logprobs"]["token_logprobs"]) == 12


def test_a_stream_carries_text_figures_and_an_end(engine: Engine) -> None:
    events = engine.stream("/v1/completions", prompt="print(", suffix="\n)", max_tokens=64)
    text = "".join(choice["text"] for event in events for choice in event["choices"])
    assert text == digest_script(FIM).decode()
    assert events[-1]["choices"] == []
    assert events[-1]["nearside"]["evaluated_tokens"] == len("\n)print(") + 3
    assert [e["choices"][0]["finish_reason"] for e in events[:-1]][-1] == "stop"


def test_context_files_stand_before_the_code_and_are_dropped_last_first(
    backend: ScriptedBackend, tmp_path: Path
) -> None:
    backend.script = lambda prompt: prompt[:100]
    with running(lambda: backend, tmp_path / "e.sock") as state:
        engine = Engine(tmp_path / "e.sock", state)
        ours = {
            "path": "a.py",
            "repository": "shop",
            "context": [{"path": "b.py", "text": "B"}, {"path": "c.py", "text": "C"}],
        }
        text = engine.post("/v1/completions", prompt="P", suffix="S", max_tokens=200, nearside=ours).json()[
            "choices"
        ][0]["text"]
        assert (
            text == "<|repo_name|>shop\n<|file_sep|>b.py\nB\n<|file_sep|>c.py\nC\n"
            "<|file_sep|>a.py\n<|fim_suffix|>S<|fim_prefix"
        )
        ours["context"] = [{"path": "b.py", "text": "B"}, {"path": "c.py", "text": "C" * 5000}]
        text = engine.post("/v1/completions", prompt="P", suffix="S", max_tokens=200, nearside=ours).json()[
            "choices"
        ][0]["text"]
        assert text.startswith("<|repo_name|>shop\n<|file_sep|>b.py\nB\n<|file_sep|>a.py\n")


def test_special_token_strings_in_a_file_stay_text(engine: Engine, backend: ScriptedBackend) -> None:
    engine.post("/v1/completions", prompt="x = '<|fim_middle|>'", suffix="", max_tokens=0)
    assert sum(token >= 256 for token in backend.held[0]) == 3  # suffix, prefix and middle of the frame alone


def test_a_long_file_is_cut_at_its_beginning_in_steps(engine: Engine, backend: ScriptedBackend) -> None:
    usages = []
    text = "".join(f"line {i}\n" for i in range(900))
    for _ in range(40):
        text += "x"
        ours = {"client": "c", "document": "d"}
        events = engine.stream("/v1/completions", prompt=text, suffix="S" * 3000, max_tokens=4, nearside=ours)
        usages.append(events[-1]["nearside"])
        assert usages[-1]["evaluated_tokens"] + usages[-1]["reused_tokens"] <= 4092
    assert (
        sum(usage["evaluated_tokens"] > 8 for usage in usages[1:]) <= 1
    )  # at most one jump in forty keystrokes


def test_alternatives_come_as_choices(engine: Engine) -> None:
    choices = engine.post("/v1/completions", prompt="a", suffix="b", n=3, max_tokens=64).json()["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert len({choice["text"] for choice in choices}) == 3


def test_infill_speaks_llama_cpps_wire(engine: Engine) -> None:
    body = engine.post("/infill", input_prefix="pri", prompt="nt(", input_suffix="\n)", n_predict=64).json()
    assert body["content"] == digest_script(FIM).decode()
    assert body["tokens_evaluated"] == len("\n)print(") + 3
    again = engine.post("/infill", input_prefix="pri", prompt="nt(", input_suffix="\n)", n_predict=4).json()
    assert again["content"] == digest_script(FIM).decode()[:4]


def test_infills_time_limit_returns_what_is_there(tmp_path: Path) -> None:
    slow = ScriptedBackend(lambda _: b"abcdefgh" * 8, decode_delay=0.05)
    with running(lambda: slow, tmp_path / "e.sock") as state:
        engine = Engine(tmp_path / "e.sock", state)
        body = engine.post(
            "/infill", input_prefix="p", input_suffix="", n_predict=64, t_max_predict_ms=300
        ).json()
    assert 1 <= len(body["content"]) < 30
    assert ("abcdefgh" * 8).startswith(body["content"])


def test_chat_answers_and_streams_deltas(engine: Engine) -> None:
    messages = [{"role": "user", "content": "hello"}]
    expected = digest_script(b"hello<|fim_middle|>").decode()
    assert (
        engine.post("/v1/chat/completions", messages=messages).json()["choices"][0]["message"]["content"]
        == expected
    )
    events = engine.stream("/v1/chat/completions", messages=messages)
    assert "".join(c["delta"].get("content", "") for event in events for c in event["choices"]) == expected
    told = [piece for event in events for piece in read_chat(event)]
    logprobs = [value for piece in told for value in piece.logprobs]
    assert len(logprobs) == len(expected) and max(logprobs) <= 0  # a byte is a token here


def test_a_conversations_answer_gets_what_the_turns_leave(tmp_path: Path) -> None:
    endless = ScriptedBackend(lambda _: b"abc\n" * 2000, context=1024)
    with running(lambda: endless, tmp_path / "e.sock") as state:
        engine = Engine(tmp_path / "e.sock", state)
        turns = [{"role": "user", "content": "x" * 500}]
        usage = engine.post("/v1/chat/completions", messages=turns, max_tokens=4096).json()["usage"]
        assert usage["prompt_tokens"] + usage["completion_tokens"] == 1024
        turns[0]["content"] = "x" * 900
        refused = engine.post("/v1/chat/completions", messages=turns, max_tokens=4096)
        assert refused.status_code == 400 and "context of 1024" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("/v1/completions", {"prompt": 7}, "'prompt'"),
        ("/v1/completions", {"prompt": "x", "max_tokens": -1}, "'max_tokens'"),
        ("/v1/completions", {"prompt": "x", "n": True}, "'n'"),
        ("/v1/completions", {"prompt": "x", "nearside": []}, None),
        ("/v1/completions", {"prompt": "x", "nearside": {"priority": "first"}}, "'priority'"),
        ("/v1/completions", {"prompt": ""}, "empty"),
        ("/v1/chat/completions", {"messages": []}, "'messages'"),
        ("/v1/chat/completions", {"messages": [{"role": "user"}]}, "'content'"),
        ("/infill", {"input_extra": "x"}, "'input_extra'"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_the_fields_name(
    engine: Engine, path: str, body: dict[str, Any], names: str | None
) -> None:
    response = engine.post(path, **body)
    if names is None:
        assert response.status_code == 200
    else:
        assert response.status_code == 400
        assert names in response.json()["error"]["message"]


def test_a_body_that_is_not_json_is_refused(engine: Engine) -> None:
    response = engine.http.post("/v1/completions", content=b"\xff{")
    assert response.status_code == 400 and "JSON" in response.json()["error"]["message"]


@pytest.mark.parametrize("stream", [True, False])
def test_hanging_up_during_prefill_frees_the_engine(tmp_path: Path, stream: bool) -> None:
    slow = ScriptedBackend(prefill_delay=0.002)
    with running(lambda: slow, tmp_path / "e.sock") as state:
        engine = Engine(tmp_path / "e.sock", state)
        with pytest.raises(httpx2.ReadTimeout):
            engine.http.post(
                "/v1/completions", json={"prompt": "x" * 4000, "suffix": "", "stream": stream}, timeout=0.3
            )
        scheduler = state.scheduler
        assert scheduler is not None
        engine.until(lambda: scheduler.totals.ended["cancelled"] == 1)
        assert sum(slow.decodes) < 2000  # eight seconds of prefill were not run to the end
        assert engine.post("/v1/completions", prompt="y", suffix="", max_tokens=64).status_code == 200


def test_a_superseded_request_says_so(tmp_path: Path) -> None:
    slow = ScriptedBackend(prefill_delay=0.0005)
    with running(lambda: slow, tmp_path / "e.sock") as state:
        engine = Engine(tmp_path / "e.sock", state)
        ours = {"client": "c", "document": "d"}
        old = {"prompt": "o" * 3000, "suffix": "", "nearside": ours, "max_tokens": 4}
        request = engine.http.build_request("POST", "/v1/completions", json=old)
        answers: list[httpx2.Response] = []
        thread = threading.Thread(target=lambda: answers.append(engine.http.send(request)))
        thread.start()
        assert slow.began.wait(5)
        assert engine.post("/v1/completions", prompt="new", suffix="", nearside=ours).status_code == 200
        thread.join(10)
        assert answers[0].status_code == 409
        assert answers[0].json()["error"]["type"] == "superseded"


def test_a_chat_only_model_is_refused_for_completion(tmp_path: Path) -> None:
    with running(lambda: ScriptedBackend(infill=False), tmp_path / "e.sock") as state:
        engine = Engine(tmp_path / "e.sock", state)
        response = engine.post("/v1/completions", prompt="a", suffix="b")
        assert response.status_code == 422
        assert response.json()["error"]["type"] == "cannot_infill"
        assert "model.completion" in response.json()["error"]["message"]


def test_a_model_that_cannot_be_loaded_is_told_by_health_and_by_requests(tmp_path: Path) -> None:
    def fail() -> ScriptedBackend:
        raise ModelUnreadable("The model was not loaded: it is a picture. Choose a GGUF file.")

    with running(fail, tmp_path / "e.sock") as state:
        engine = Engine(tmp_path / "e.sock", state)
        engine.until(lambda: engine.http.get("/health").json()["status"] != "loading")
        health = engine.http.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "error")
        assert "picture" in health.json()["message"]
        assert engine.post("/v1/completions", prompt="a").json()["error"]["type"] == "model_unreadable"


def test_health_models_and_metrics(engine: Engine) -> None:
    engine.post("/v1/completions", prompt="abc", suffix="", max_tokens=64)
    health = engine.http.get("/health").json()
    assert (health["status"], health["engine"], health["model"]["fim"]) == ("ok", "nearside", True)
    assert engine.http.get("/v1/models").json()["data"][0]["id"] == "scripted"
    metrics = dict(
        line.rsplit(" ", 1)
        for line in engine.http.get("/metrics").text.splitlines()
        if not line.startswith("#")
    )
    assert metrics["nearside_engine_up"] == "1"
    assert metrics['nearside_requests_total{priority="foreground"}'] == "1"
    assert metrics["nearside_prompt_tokens_evaluated_total"] == "6"
    assert metrics["nearside_generated_tokens_total"] == "12"


def test_the_socket_is_private(engine: Engine, tmp_path: Path) -> None:
    assert (tmp_path / "e.sock").stat().st_mode & 0o777 == 0o600
