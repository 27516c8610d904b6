"""A hosted model on loopback that speaks both wire formats, keeps every byte it gets, and writes bills.

It counts a token for each four characters, caches by prefix as its originals do, and fails when told to.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from settings.schema import Price

HAIKU, TERRA = "claude-haiku-5-5", "gpt-6.1-terra"
PRICES = {
    HAIKU: Price(HAIKU, Decimal("0.80"), Decimal("4"), Decimal("0.08"), Decimal("1")),
    TERRA: Price(TERRA, Decimal("1.10"), Decimal("4.40"), Decimal("0.275"), Decimal("1.10")),
    "spare": Price("spare", Decimal("2"), Decimal("8"), Decimal("0.2"), Decimal("2.5")),
}
KEY = "sk-test-0123456789"

How = Literal[
    "status", "stall", "pings", "half", "not json", "error in the stream", "no usage", "nonsense", "endless"
]


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of an answer."""

    how: How = "status"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    code: str = "api_error"
    message: str = "something happened"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    raw: bytes
    """From the first byte of its request line to the last of its body."""
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class FakeCloud:
    """Use as a context manager. `faults` are used up one a request; then `answer` is given."""

    def __init__(self, answer: str = "return first + second\n", chunk: int = 6) -> None:
        self.answer = answer
        self.chunk = chunk
        self.prices = dict(PRICES)
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.hold = False
        """Nothing is answered until `go_on` is set."""
        self.received: list[Received] = []
        self.bill = Decimal(0)
        """US dollars."""
        self.hang_up = threading.Event()
        """A client closed the connection in the middle of an answer."""
        self.reached = threading.Event()
        """A request is here."""
        self.go_on = threading.Event()
        """What stalls goes on."""
        self._prefixes: set[str] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.cloud = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FakeCloud:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """For Anthropic's format; the other one wants /v1 behind it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, received: Received) -> Fault | None:
        with self._lock:
            self.received.append(received)
            self.reached.set()
            return self.faults.popleft() if self.faults else self.always

    def charge(self, model: str, usage: dict[str, int]) -> None:
        rate = self.prices[model]
        plain = usage["input"] - usage["read"] - usage["write"]
        total = plain * rate.input + usage["output"] * rate.output
        total += usage["read"] * (rate.input if rate.cache_read is None else rate.cache_read)
        total += usage["write"] * (rate.input if rate.cache_write is None else rate.cache_write)
        with self._lock:
            self.bill += total / 1_000_000

    def used(self, stable: str, rest: str, text: str, writes: bool) -> dict[str, int]:
        known = stable in self._prefixes
        with self._lock:
            if stable:
                self._prefixes.add(stable)
        cached = tokens(stable) if stable else 0
        return {
            "input": cached + tokens(rest),
            "read": cached if known else 0,
            "write": cached if writes and not known else 0,
            "output": tokens(text),
        }


def tokens(text: str) -> int:
    return (len(text) + 3) // 4


class _Tee:
    """Reads from a connection and keeps what was read."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.kept = bytearray()

    def readline(self, *args: int) -> bytes:
        line = self._stream.readline(*args)
        self.kept += line
        return line

    def read(self, *args: int) -> bytes:
        data = self._stream.read(*args)
        self.kept += data
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def setup(self) -> None:
        super().setup()
        self.rfile = _Tee(self.rfile)  # type: ignore[assignment]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        cloud: FakeCloud = self.server.cloud
        tee: Any = self.rfile
        body = tee.read(int(self.headers.get("content-length", 0)))
        raw, tee.kept = bytes(tee.kept), bytearray()
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = cloud.take(Received(raw, self.path, headers, body))
        if cloud.hold:
            cloud.go_on.wait(30)
        try:
            self._answer(cloud, json.loads(body), fault)
        except (BrokenPipeError, ConnectionResetError):
            cloud.hang_up.set()
            self.close_connection = True

    def _answer(self, cloud: FakeCloud, asked: dict[str, Any], fault: Fault | None) -> None:
        claude = self.path.endswith("/messages")
        key = self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")
        if key != KEY:
            return self._refuse(401, "authentication_error", f"wrong key {key}", {})
        if asked["model"] not in cloud.prices:
            return self._refuse(404, "not_found_error" if claude else "model_not_found", "no such model", {})
        if fault and fault.how == "status":
            return self._refuse(fault.status, fault.code, fault.message, fault.headers)
        if fault and fault.how == "not json":
            return self._send(200, b"<html>maintenance</html>", "application/json")
        if fault and fault.how == "nonsense":
            return self._send(200, b'data: {"type": \n\ndata: \xff\xfe\n\n', "text/event-stream")
        if claude:
            stable, rest = self._claude_parts(asked)
        else:
            stable, rest = self._openai_parts(asked)
        usage = cloud.used(stable, rest, cloud.answer, writes=claude)
        if not asked.get("stream"):
            whole = self._claude_whole if claude else self._openai_whole
            cloud.charge(asked["model"], usage)
            return self._send(200, json.dumps(whole(cloud.answer, usage)).encode(), "application/json")
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        events = list(
            self._claude_events(cloud, usage) if claude else self._openai_events(cloud, usage, fault)
        )
        try:
            self._stream(cloud, events, fault, claude)
        finally:  # what was worked out is charged, whether it arrived or not
            cloud.charge(asked["model"], usage)

    def _stream(self, cloud: FakeCloud, events: list[bytes], fault: Fault | None, claude: bool) -> None:
        for number, event in enumerate(events):
            if fault and number == 3:
                match fault.how:
                    case "half":
                        self.close_connection = True
                        return
                    case "stall":
                        cloud.go_on.wait(30)
                    case "pings":
                        while not cloud.go_on.wait(0.02):
                            self._chunk(b'event: ping\ndata: {"type": "ping"}\n\n' if claude else b": hm\n\n")
                    case "endless":
                        while not cloud.go_on.is_set():
                            self._chunk(event * 200)
                    case "error in the stream":
                        error = {"type": "error", "error": {"type": fault.code, "message": fault.message}}
                        self._chunk(b"event: error\ndata: " + json.dumps(error).encode() + b"\n\n")
                        break
            self._chunk(event)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _refuse(self, status: int, code: str, message: str, headers: dict[str, str]) -> None:
        body = {"type": "error", "error": {"type": code, "code": code, "message": message}}
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "content-type": kind,
            "content-length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _claude_parts(self, asked: dict[str, Any]) -> tuple[str, str]:
        """Return what stands before the mark of the cache, and what behind it."""
        blocks = [*asked.get("system", []), *(b for m in asked["messages"] for b in m["content"])]
        marks = [number for number, block in enumerate(blocks) if "cache_control" in block]
        cut = marks[-1] + 1 if marks else 0
        texts = [block["text"] for block in blocks]
        return "".join(texts[:cut]), "".join(texts[cut:])

    def _openai_parts(self, asked: dict[str, Any]) -> tuple[str, str]:
        """Return the longest beginning that could be known, all but the last part, and the rest."""
        texts = []
        for message in asked["messages"]:
            content = message["content"]
            texts += [content] if isinstance(content, str) else [part["text"] for part in content]
        return "".join(texts[:-1]), texts[-1]

    def _claude_whole(self, text: str, usage: dict[str, int]) -> dict[str, Any]:
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None,
            "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
            "usage": self._claude_usage(usage),
        }  # fmt: skip

    def _claude_usage(self, usage: dict[str, int]) -> dict[str, int]:
        return {
            "input_tokens": usage["input"] - usage["read"] - usage["write"],
            "cache_read_input_tokens": usage["read"],
            "cache_creation_input_tokens": usage["write"],
            "output_tokens": usage["output"],
        }

    def _claude_events(self, cloud: FakeCloud, usage: dict[str, int]) -> Iterator[bytes]:
        def event(kind: str, **rest: Any) -> bytes:
            return f"event: {kind}\ndata: {json.dumps({'type': kind, **rest})}\n\n".encode()

        begun = {**self._claude_whole("", usage), "content": [], "stop_reason": None}
        yield event("message_start", message={**begun, "usage": {**begun["usage"], "output_tokens": 1}})
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for part in _parts(cloud):
            yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": part})
        yield event("content_block_stop", index=0)
        end = {"stop_reason": "end_turn", "stop_sequence": None}
        yield event("message_delta", delta=end, usage={"output_tokens": usage["output"]})
        yield event("message_stop")

    def _openai_whole(self, text: str, usage: dict[str, int]) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {
            "id": "c-1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": self._openai_usage(usage),
        }  # fmt: skip

    def _openai_usage(self, usage: dict[str, int]) -> dict[str, Any]:
        return {
            "prompt_tokens": usage["input"],
            "completion_tokens": usage["output"],
            "total_tokens": usage["input"] + usage["output"],
            "prompt_tokens_details": {"cached_tokens": usage["read"]},
        }

    def _openai_events(self, cloud: FakeCloud, usage: dict[str, int], fault: Fault | None) -> Iterator[bytes]:
        def event(choices: list[Any], **rest: Any) -> bytes:
            chunk = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            return f"data: {json.dumps({**chunk, 'choices': choices, **rest})}\n\n".encode()

        def choice(delta: dict[str, Any], finish: str | None = None) -> list[Any]:
            return [{"index": 0, "delta": delta, "finish_reason": finish}]

        yield event(choice({"role": "assistant", "content": ""}))
        for part in _parts(cloud):
            yield event(choice({"content": part}))
        yield event(choice({}, "stop"))
        if not (fault and fault.how == "no usage"):
            yield event([], usage=self._openai_usage(usage))
        yield b"data: [DONE]\n\n"


def _parts(cloud: FakeCloud) -> list[str]:
    return [cloud.answer[at : at + cloud.chunk] for at in range(0, len(cloud.answer), cloud.chunk)]
