"""An engine process with the real lock, socket and wire over scripted logits; it crashes or stalls as told.

usage: engine_script.py SOCKET IDLE_TIMEOUT. A file `behaviour` beside the socket is read at every start, and
each start adds a line to `starts` there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from inference import engine_process
from inference.backend import Backend
from inference.types import ModelTooLarge
from settings.schema import Model
from tests.scripted_backend import ScriptedBackend

SOCKET = Path(sys.argv[1])


def behaviour() -> dict[str, object]:
    file = SOCKET.with_name("behaviour")
    return json.loads(file.read_text()) if file.exists() else {}


def script(prompt: bytes) -> bytes:
    if b"CRASH" in prompt:
        os.kill(os.getpid(), signal.SIGKILL)
    return b"return x"


def load(_: Model) -> Backend:
    while behaviour().get("loads when told") and not SOCKET.with_name("go").exists():
        time.sleep(0.01)
    if behaviour().get("dies while loading"):
        print("ggml_abort: out of luck", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour().get("too large"):
        raise ModelTooLarge("The model was not loaded: it needs 9 GiB.")
    return ScriptedBackend(script)


if __name__ == "__main__":
    with SOCKET.with_name("starts").open("a") as starts:
        starts.write(f"{os.getpid()}\n")
    if behaviour().get("dies at once"):
        print("ImportError: no libllama", file=sys.stderr, flush=True)
        sys.exit(1)
    engine_process._load = load
    sys.exit(engine_process.run(Model(idle_timeout=int(sys.argv[2])), SOCKET, None))
