"""The floor beside us: llama_cpp.server of the same version with our bundled model, to its first answer.

No editor is in it, and the model is there already: it is what the engine alone takes, not another product.
llama.vim asks llama.cpp's own server, whose program no package index has; nothing else that completes code in
an editor could be installed here.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import version

from benchmarks.first_run.home import REPOSITORY, GaveUp, Home
from benchmarks.first_run.timeline import Timeline

MODEL = REPOSITORY / "inference/models/nearside-fim.gguf"
LONGEST_START = 120.0
PROMPT = {"prompt": "def add(a, b):\n    return ", "max_tokens": 8}


def first_run(home: Home) -> Timeline:
    """Return the way to the first answer of a bare server. Raises GaveUp."""
    timeline = Timeline("llama_cpp.server, without an editor")
    python = home.folder / "server/bin/python"
    subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True, timeout=600)
    requirement = f"llama-cpp-python[server]=={version('llama-cpp-python')}"
    install = [python, "-m", "pip", "install", "-q", requirement]
    subprocess.run(install, check=True, env=home.environment, timeout=3600, capture_output=True)
    timeline.step(f"`pip install {requirement}` in a new environment", home.megabytes())
    port = free_port()
    serve = [python, "-m", "llama_cpp.server", "--model", MODEL, "--port", str(port), "--n_threads", "1"]
    with subprocess.Popen(
        serve, env=home.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            answer = first_answer(port)
        finally:
            server.terminate()
    timeline.saw("answer", [answer])
    timeline.step("server started by hand, asked once", home.megabytes())
    return timeline


def first_answer(port: int) -> str:
    """Ask until something answers. Raises GaveUp."""
    headers = {"Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}/v1/completions"
    request = urllib.request.Request(url, json.dumps(PROMPT).encode(), headers)
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return str(json.load(answer)["choices"][0]["text"])
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise GaveUp(f"llama_cpp.server did not answer within {LONGEST_START:.0f} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
