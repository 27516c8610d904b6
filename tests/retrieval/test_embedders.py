"""Embedders give unit vectors that mean something, name themselves wholly, and fail in one clear line."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any, cast

import numpy as np
import pytest

from retrieval.embedders import EmbedderUnavailable, embedder_for
from retrieval.embedders import endpoint as endpoint_module
from retrieval.embedders.endpoint import EndpointModel
from retrieval.embedders.minilm import MODELS, MiniLm
from settings.schema import Endpoint


@pytest.fixture(scope="module")
def minilm() -> MiniLm:
    return MiniLm(threads=1)


def test_the_bundled_model_puts_an_answer_near_its_question(minilm: MiniLm) -> None:
    texts = [
        "def read_settings(path):\n    return toml.load(path)",
        "def rotate(image, degrees):\n    return image.turn(degrees)",
        "class Socket:\n    def close(self): self._handle.shutdown()",
    ]
    questions = ["where is the configuration file read", "turn a picture", "shut down a network connection"]
    scores = minilm.embed(questions, query=True) @ minilm.embed(texts).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_vectors_have_length_one_whatever_the_text(minilm: MiniLm) -> None:
    texts = ["", " ", "x", "\0", "\udc80 half", "日本語", "a" * 100_000, "word " * 5000]
    vectors = minilm.embed(texts)
    assert vectors.shape == (len(texts), minilm.dimensions) and vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5
    assert minilm.embed([]).shape == (0, minilm.dimensions)


def test_a_text_s_vector_hardly_depends_on_its_neighbours(minilm: MiniLm) -> None:
    texts = [f"def function_{number}(): return " + "value + " * (number % 40) + "1" for number in range(300)]
    together = minilm.embed(texts)
    for place in (0, 1, 39, 255, 256, 299):
        assert together[place] @ minilm.embed([texts[place]])[0] > 0.98


def test_the_bundled_model_s_identity_follows_its_files(minilm: MiniLm, tmp_path: Path) -> None:
    for file in MODELS.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert MiniLm(folder=tmp_path).identity == minilm.identity
    assert "length=128" in minilm.identity and "int8" in minilm.identity
    with (tmp_path / "tokenizer.json").open("a") as file:
        file.write("\n")
    assert MiniLm(folder=tmp_path).identity != minilm.identity


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_a_bundled_model_that_is_broken_is_one_clear_line(tmp_path: Path, content: bytes | None) -> None:
    for file in MODELS.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if content is None:
        (tmp_path / "minilm-int8.onnx").unlink()
    else:
        (tmp_path / "minilm-int8.onnx").write_bytes(content)
    with pytest.raises(EmbedderUnavailable, match="reinstall") as caught:
        MiniLm(folder=tmp_path).embed(["x"])
    assert "\n" not in str(caught.value)


def test_naming_an_embedder_loads_nothing_heavy() -> None:
    script = (
        "import sys; from retrieval.embedders import embedder_for\n"
        "embedder_for('minilm').identity; embedder_for('some/model')\n"
        "heavy = {'onnxruntime', 'tokenizers', 'torch', 'sentence_transformers', 'httpx2'}\n"
        "assert not heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_none_is_no_embedder() -> None:
    assert embedder_for("none") is None
    assert isinstance(embedder_for("minilm"), MiniLm)


def test_without_sentence_transformers_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    embedder = embedder_for("some/model")
    assert embedder
    with pytest.raises(EmbedderUnavailable, match="not installed"):
        embedder.embed(["x"])


def test_a_sentence_transformers_model_gets_questions_and_documents_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Scripted:
        max_seq_length, prompts = 256, {"query": "q: ", "document": ""}

        def __init__(self, name: str, **options: Any) -> None:
            assert options["local_files_only"] is True

        def modules(self) -> list[Any]:
            return [types.SimpleNamespace(config=types.SimpleNamespace(_commit_hash="abc"))]

        def parameters(self) -> Iterator[Any]:
            return iter([types.SimpleNamespace(dtype="torch.float32")])

        def get_embedding_dimension(self) -> int:
            return 2

        def encode_query(self, texts: list[str], **_: Any) -> np.ndarray:
            return np.array([[1.0, 0.0]] * len(texts))

        def encode_document(self, texts: list[str], **_: Any) -> np.ndarray:
            return np.array([[0.0, 1.0]] * len(texts))

    fake = types.SimpleNamespace(SentenceTransformer=Scripted)
    monkeypatch.setitem(sys.modules, "sentence_transformers", fake)
    embedder = embedder_for("some/model")
    assert embedder
    assert embedder.embed(["x"], query=True).tolist() == [[1, 0]]
    assert embedder.embed(["x"]).tolist() == [[0, 1]]
    for part in ("some/model@abc", "float32", "length=256", "dimensions=2", "q: "):
        assert part in embedder.identity


Answer = Callable[[dict[str, Any]], tuple[int, dict[str, str], Any]]


def vectors(body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    """Answer as a server does, in any order, with vectors that are not yet of length one."""
    rows = [{"index": at, "embedding": [3.0, len(text)]} for at, text in enumerate(body["input"])]
    return 200, {}, {"data": rows[::-1], "model": "served"}


class Server:
    """A server on loopback or a unix socket that answers from a script, then with vectors."""

    def __init__(self, path: Path | None = None) -> None:
        self.script: list[Answer] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/embeddings"
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.bodies.append(body)
                outer.keys.append(self.headers["authorization"])
                status, headers, answer = (outer.script.pop(0) if outer.script else vectors)(body)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *_: Any) -> None: ...

            def address_string(self) -> str:
                return "socket"

        class UnixServer(ThreadingMixIn, UnixStreamServer):
            daemon_threads = True

        local = ("127.0.0.1", 0)
        self.server = UnixServer(str(path), Handler) if path else ThreadingHTTPServer(local, Handler)
        port = cast(Any, self.server.server_address)[1]
        self.url = "" if path else f"http://127.0.0.1:{port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(endpoint_module.time, "sleep", slept.append)
    return slept


def status(code: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda body: (code, named, {"error": {"message": "no"}})


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/embeddings"])
def test_a_server_is_asked_in_batches_and_its_vectors_get_length_one(server: Server, path: str) -> None:
    embedder = EndpointModel(Endpoint(server.url + path, "wanted"))
    found = embedder.embed(["x" * number for number in range(150)])
    assert [len(body["input"]) for body in server.bodies] == [64, 64, 22]
    assert found.shape == (150, 2) and np.allclose(np.linalg.norm(found, axis=1), 1)
    assert found[4, 1] / found[4, 0] == pytest.approx(4 / 3)
    assert server.bodies[0]["model"] == "wanted" and server.keys[0] is None
    assert embedder.dimensions == 2 and "served" in embedder.identity and len(server.bodies) == 3


def test_a_unix_socket_is_spoken_to_as_well(tmp_path: Path) -> None:
    server = Server(tmp_path / "s")
    try:
        embedder = embedder_for(Endpoint(model="e"), socket=tmp_path / "s")
        assert embedder and embedder.embed(["abc"]).shape == (1, 2)
    finally:
        server.close()


def test_the_key_comes_from_the_variable_that_was_named(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = EndpointModel(Endpoint(server.url, "m", "SOME_KEY"))
    with pytest.raises(EmbedderUnavailable, match="SOME_KEY"):
        embedder.embed(["x"])
    assert server.bodies == []
    monkeypatch.setenv("SOME_KEY", "secret")
    embedder.embed(["x"])
    assert server.keys == ["Bearer secret"] and "secret" not in embedder.identity


def test_a_busy_server_is_asked_again_when_it_says(server: Server, pauses: list[float]) -> None:
    server.script = [status(429, retry_after="7"), status(503), status(429, retry_after="9999")]
    assert len(EndpointModel(Endpoint(server.url)).embed(["x"])) == 1
    assert pauses == [7, 1, 30]


def test_a_server_that_stays_busy_is_given_up(server: Server, pauses: list[float]) -> None:
    server.script = [status(503)] * 10
    with pytest.raises(EmbedderUnavailable, match="503"):
        EndpointModel(Endpoint(server.url)).embed(["x"])
    assert len(server.bodies) == 4


@pytest.mark.parametrize(
    "answer",
    [
        status(401),
        lambda body: (200, {}, b"<html>"),
        lambda body: (200, {}, []),
        lambda body: (200, {}, {"data": []}),
        lambda body: (200, {}, {"data": [{"index": 0, "embedding": [0.0, 0.0]}]}),
        lambda body: (200, {}, {"data": [{"index": 0, "embedding": ["a"]}]}),
    ],
)
def test_a_server_that_does_not_embed_is_one_clear_line(
    server: Server, answer: Answer, pauses: list[float]
) -> None:
    server.script = [answer]
    with pytest.raises(EmbedderUnavailable, match="does not embed") as caught:
        EndpointModel(Endpoint(server.url)).embed(["x"])
    assert "\n" not in str(caught.value) and len(server.bodies) == 1 and pauses == []


def test_nobody_there_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(EmbedderUnavailable, match="nothing answers"):
            EndpointModel(Endpoint(f"http://127.0.0.1:{taken.getsockname()[1]}")).embed(["x"])


def test_vectors_of_another_size_than_before_are_refused(server: Server) -> None:
    embedder = EndpointModel(Endpoint(server.url))
    embedder.embed(["x"])
    server.script = [lambda body: (200, {}, {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]})]
    with pytest.raises(EmbedderUnavailable, match="3 numbers instead of 2"):
        embedder.embed(["x"])
