"""A server on loopback that chats in the OpenAI wire format and says what a test has it say."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Chats:
    """What it says and what it heard. Each answer is given once, unless a script makes them."""

    answers: list[str] = field(default_factory=list)
    script: Callable[[Any], str] | None = None
    """Makes the answer to a request's body, in place of `answers`."""
    lookups: list[str] = field(default_factory=list)
    """What it says where a schema is asked for; after the last one it wants to answer."""
    looked: list[Any] = field(default_factory=list)
    """The bodies of requests with a schema, which are not among `heard`."""
    url: str = ""
    heard: list[Any] = field(default_factory=list)
    """The bodies of all requests."""
    meanwhile: Callable[[], object] = lambda: None
    """What happens before an answer."""
    usage: bool = False
    """Whether it tells what it used: a token for each four characters."""

    def answer(self, body: Any) -> str:
        if "response_format" in body:
            self.looked.append(body)
            return self.lookups.pop(0) if self.lookups else '{"tool": "answer"}'
        self.heard.append(body)
        self.meanwhile()
        return self.script(body) if self.script else self.answers.pop(0)


@contextlib.contextmanager
def serving(chats: Chats) -> Iterator[Chats]:
    """Have a server answer as `chats` says, and note its address there."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = chats.answer(body)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for part in ({"content": text[:1]}, {"content": text[1:]}, {}):
                choice = {"index": 0, "delta": part, "finish_reason": None if part else "stop"}
                self._event({"choices": [choice]})
            if chats.usage:
                asked = sum(len(turn["content"]) for turn in body["messages"])
                used = {"prompt_tokens": asked // 4, "completion_tokens": len(text) // 4}
                self._event({"choices": [], "usage": used})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, event: dict[str, Any]) -> None:
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")

        def log_message(self, format: str, *args: Any) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    chats.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield chats
    finally:
        http.shutdown()
        http.server_close()
