"""The installed command line with the real engine and the bundled model."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nearside.engine import model_from_json, run
from settings.schema import Model
from tests.installed import Installed

Command = Callable[..., subprocess.CompletedProcess[str]]

SOURCE = '''"""Read and write settings."""

import json
from pathlib import Path


def read(path: Path) -> dict:
    """Return the settings in a file."""
    with path.open(
'''


@pytest.fixture
def nearside(installed: Installed, home: Path) -> Iterator[Command]:
    """Run the installed command; engines it starts end with the test."""

    def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed.script), *arguments],
            cwd=home,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=120,
        )

    yield command
    assert command("engine", "stop").returncode == 0


def printed(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_complete_starts_the_engine_and_says_what_the_suggestion_cost(nearside: Command, home: Path) -> None:
    (home / "a.py").write_text(SOURCE)
    first = printed(nearside("complete", "a.py:9:20", "--json"))
    assert {"text", "model", "confidence", "evaluated_tokens", "reused_tokens", "latency_ms"} <= first.keys()
    assert isinstance(first["text"], str) and first["model"]
    assert first["evaluated_tokens"] > 20 and first["reused_tokens"] == 0
    assert first["latency_ms"] > 0

    [engine] = printed(nearside("engine", "status", "--json"))
    assert engine["status"] == "ok" and engine["model"]["fim"]

    second = nearside("complete", "a.py:9:20")
    assert (second.returncode, second.stdout.rstrip("\n")) == (0, first["text"].rstrip("\n"))
    assert printed(nearside("engine", "start", "--json"))[0]["pid"] == engine["pid"]

    [stopped] = printed(nearside("engine", "stop", "--json"))
    assert (stopped["status"], stopped["pid"]) == ("stopped", engine["pid"])
    assert printed(nearside("engine", "status", "--json")) == []


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("missing.gguf", "there is no file"),
        ("broken.gguf", "broken.gguf"),
        ("hf:owner/repo/file.gguf", "nearside models pull hf:owner/repo/file.gguf"),
        ("qwen-coder", "Did you mean qwen2.5-coder"),
        ('{"base_url": "http://127.0.0.1:9/v1"}', "nothing answers at http://127.0.0.1:9"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_line(model: str, why: str, nearside: Command, home: Path) -> None:
    (home / "a.py").write_text(SOURCE)
    (home / "broken.gguf").write_bytes(b"GGUF\3\0\0\0 and no more")
    done = nearside("complete", "a.py:9:20", NEARSIDE_MODEL_COMPLETION=model)
    assert done.returncode == 1 and done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert why in last and "Traceback" not in done.stderr


def test_a_server_elsewhere_is_not_ours_to_start(nearside: Command) -> None:
    elsewhere = '{"base_url": "http://127.0.0.1:9/v1"}'
    for command in (("engine", "start"), ("engine", "run")):
        done = nearside(*command, NEARSIDE_MODEL_COMPLETION=elsewhere)
        assert done.returncode == 1
        assert done.stderr.startswith("No engine was started, because ") and done.stderr.count("\n") == 1


def test_the_engine_takes_the_models_settings_from_whoever_starts_it() -> None:
    assert model_from_json('{"completion": "/m/a.gguf", "threads": 2}') == Model("/m/a.gguf", threads=2)


@pytest.mark.parametrize("text", ["", "[]", "3", '{"threads": -1}', '{"nonsense": 1}', "[" * 99_999])
def test_settings_the_engine_cannot_read_are_wrong_usage(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--model", text]) == 2
    assert "argument --model" in capsys.readouterr().err
