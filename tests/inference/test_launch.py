"""One engine for all who need it: found, started, started again; never a second one, never another user's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket as sockets
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from inference import launch, rendezvous, spawn
from inference.launch import EngineConnection, engine_status, ensure_engine, socket_path, stop_engine
from inference.types import (
    ChatRequest,
    CompletionRequest,
    EngineUnavailable,
    FimPrompt,
    ModelNotFound,
    NearsideError,
    SettingsError,
)
from settings.schema import Endpoint, Model
from tests.inference.gguf_files import gguf, write
from tests.inference.servers import Fake, openai_server, serving

SCRIPT = Path(__file__).with_name("engine_script.py")


def use_script() -> None:
    """Start engine_script.py in place of `nearside engine run`."""

    def command(model: Model, socket: Path) -> list[str]:
        return [sys.executable, "-P", str(SCRIPT), str(socket), str(model.idle_timeout)]

    spawn.engine_command = command


@pytest.fixture
async def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Model]:
    """A model whose engine is the script; every engine is stopped afterwards."""
    monkeypatch.setattr(spawn, "engine_command", spawn.engine_command)
    monkeypatch.setattr(launch, "FIRST_DELAY", 0.05)
    use_script()
    yield Model(completion=str(write(tmp_path / "m.gguf", gguf())))
    await stop_engine()
    assert not [state for state in await engine_status() if state.pid]


def behave(model: Model, **behaviour: object) -> None:
    text = json.dumps({name.replace("_", " "): value for name, value in behaviour.items()})
    socket_path(model).with_name("behaviour").write_text(text)


def let_load(model: Model) -> None:
    socket_path(model).with_name("go").touch()


def starts(model: Model) -> int:
    file = socket_path(model).with_name("starts")
    return len(file.read_text().split()) if file.exists() else 0


async def answer(engine: EngineConnection, prefix: str = "def f(x):\n    ") -> str:
    text = ""
    async with aclosing(engine.complete(CompletionRequest(FimPrompt(prefix, ""), max_tokens=32))) as pieces:
        async for piece in pieces:
            text += piece.text
    return text


async def gone(model: Model) -> None:
    """Wait until the engine's process has ended."""
    while rendezvous.is_locked(socket_path(model).with_suffix(".lock")):
        await asyncio.sleep(0.01)


async def test_the_first_request_starts_an_engine_and_the_second_finds_it(model: Model):
    said: list[str] = []
    behave(model, loads_when_told=True)

    def hear(line: str) -> None:
        said.append(line)
        if line.startswith("Loading"):
            let_load(model)

    first, second = EngineConnection(model, hear), EngineConnection(model, hear)
    assert await answer(first) == "return x"
    assert await answer(second) == "return x"
    assert starts(model) == 1
    assert said == ["Starting the engine.", "Loading the model."]
    info = await first.info()
    assert (info.engine, info.model, info.infill) == ("nearside", "scripted", True)
    await first.close()
    await second.close()


async def test_an_engine_outlives_its_starter_and_hears_nothing_from_its_terminal(model: Model):
    engine = await ensure_engine(model)
    pid = (await engine.health())["pid"]
    await engine.close()
    assert os.getsid(pid) == pid  # a session of its own: no signal to the editor's group reaches it
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{pid}/cwd") == "/"


async def test_socket_and_folder_are_private(model: Model):
    await (await ensure_engine(model)).close()
    socket = socket_path(model)
    assert socket.stat().st_mode & 0o777 == 0o600
    assert socket.parent.stat().st_mode & 0o777 == 0o700


async def test_eight_servers_that_start_at_once_share_one_engine(model: Model):
    command = [sys.executable, "-m", "tests.inference.starter", str(model.completion)]
    servers = [
        subprocess.Popen(
            command, cwd=SCRIPT.parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for server in servers:
        assert server.stdout and server.stdout.readline() == "ready\n"
    for server in servers:
        assert server.stdin
        server.stdin.write("go\n")
        server.stdin.flush()
    answers = await asyncio.gather(*(asyncio.to_thread(server.communicate) for server in servers))
    assert [server.returncode for server in servers] == [0] * 8
    assert len({output for output, _ in answers}) == 1
    assert starts(model) == 1


async def test_settings_that_differ_have_engines_of_their_own_but_for_the_idle_time_out(model: Model):
    assert socket_path(replace(model, context=2048)) != socket_path(model)
    assert socket_path(replace(model, kv_type="q8_0")) != socket_path(model)
    assert socket_path(replace(model, idle_timeout=5)) == socket_path(model)


async def test_a_model_file_that_was_replaced_gets_a_new_engine(model: Model):
    before = socket_path(model)
    write(Path(str(model.completion)), gguf(version=2) + b"\0" * 32)
    assert socket_path(model) != before


async def test_a_stale_socket_of_a_dead_engine_is_replaced(model: Model):
    engine = await ensure_engine(model)
    pid = (await engine.health())["pid"]
    await engine.close()
    os.kill(pid, signal.SIGKILL)
    await gone(model)
    assert socket_path(model).exists()
    assert [state.status for state in await engine_status()] == ["dead"]
    engine = await ensure_engine(model)
    assert (await engine.health())["pid"] != pid
    await engine.close()


async def test_what_is_no_socket_or_not_ours_is_not_talked_to(model: Model, monkeypatch: pytest.MonkeyPatch):
    socket = socket_path(model)
    socket.write_text("")
    with pytest.raises(EngineUnavailable, match="is not a socket, so no code is sent there"):
        await ensure_engine(model)
    socket.unlink()
    with sockets.socket(sockets.AF_UNIX) as listener:
        listener.bind(str(socket))
        listener.listen()
        monkeypatch.setattr(os, "getuid", lambda: os.stat(socket).st_uid + 1)
        monkeypatch.setattr(rendezvous.paths, "runtime_dir", lambda: socket.parent)
        with pytest.raises(EngineUnavailable, match="belongs to another user"):
            await ensure_engine(model)
        monkeypatch.undo()
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody has even connected
            listener.accept()
    socket.unlink()
    assert starts(model) == 0


async def test_a_crash_fails_its_request_and_the_next_one_works(model: Model):
    said: list[str] = []
    engine = EngineConnection(model, said.append)
    assert await answer(engine) == "return x"
    with pytest.raises(EngineUnavailable, match="the engine is gone"):
        await answer(engine, "CRASH")
    assert await answer(engine) == "return x"
    assert starts(model) == 2
    assert any("ended unexpectedly; it is started again" in line for line in said)
    await engine.close()


async def test_an_engine_killed_between_requests_is_started_again(model: Model):
    engine = EngineConnection(model)
    await answer(engine)
    (state,) = await engine_status()
    os.kill(state.pid, signal.SIGKILL)
    await gone(model)
    with pytest.raises(EngineUnavailable):
        await answer(engine)
    assert await answer(engine) == "return x"
    await engine.close()


async def test_an_engine_that_ended_in_good_order_is_started_again_within_the_same_request(model: Model):
    said: list[str] = []
    engine = EngineConnection(model, said.append)
    await answer(engine)
    assert len(await stop_engine()) == 1
    assert await answer(engine) == "return x"
    assert starts(model) == 2 and not any("unexpectedly" in line for line in said)
    await engine.close()


async def test_an_idle_engine_ends_and_leaves_no_socket(model: Model):
    engine = EngineConnection(model := replace(model, idle_timeout=1))
    await answer(engine)
    (state,) = await engine_status()
    await asyncio.wait_for(gone(model), 20)
    assert not socket_path(model).exists()
    assert await answer(engine) == "return x"
    await engine.close()


async def test_restarts_come_later_and_later_and_then_stop_with_the_reason(
    model: Model, monkeypatch: pytest.MonkeyPatch
):
    said: list[str] = []
    behave(model, dies_at_once=True)
    engine = EngineConnection(model, said.append)
    for _ in range(launch.FAST_CRASHES - 1):
        with pytest.raises(EngineUnavailable, match="ended while it started.*ImportError: no libllama"):
            await answer(engine)
    with pytest.raises(EngineUnavailable, match="5 times in a row.*no libllama.*engine.log"):
        await answer(engine)
    with pytest.raises(
        EngineUnavailable, match="5 times in a row"
    ):  # at once, and no process is started for it
        await answer(engine)
    assert starts(model) == launch.FAST_CRASHES
    behave(model)
    monkeypatch.setattr(engine, "_retry_at", time.monotonic())  # a minute later
    assert await answer(engine) == "return x"
    await engine.close()


def test_the_delay_doubles_up_to_a_minute_and_a_healthy_engine_starts_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    engine = EngineConnection(Model(completion=str(write(tmp_path / "m.gguf", gguf()))))
    delays: list[float] = []
    monkeypatch.setattr(launch, "FAST_CRASHES", 100)
    monkeypatch.setattr(engine, "_begin", delays.append)
    crash = spawn.EngineCrashed("x")
    for _ in range(8):
        engine._crashed(crash)
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]
    engine._healthy_since = time.monotonic() - launch.HEALTHY - 1
    engine._crashed(crash)
    assert delays[-1] == 1


async def test_a_death_while_loading_is_told_with_the_last_words(model: Model):
    behave(model, dies_while_loading=True, loads_when_told=True)
    with pytest.raises(EngineUnavailable, match="while it loaded the model.*ggml_abort: out of luck"):
        await ensure_engine(model, lambda line: let_load(model) if "Loading" in line else None)


async def test_the_engines_own_refusal_of_its_model_comes_through(model: Model):
    behave(model, too_large=True)
    engine = EngineConnection(model)
    for _ in range(2):
        with pytest.raises(NearsideError, match="it needs 9 GiB"):
            await answer(engine)
    assert starts(model) == 1
    await engine.close()


async def test_a_model_that_is_not_there_starts_nothing(model: Model):
    engine = EngineConnection(Model(completion="hf:owner/repo/m.gguf"))
    with pytest.raises(ModelNotFound, match="nearside models pull"):
        await answer(engine)
    await engine.close()
    assert await engine_status() == []


async def test_whoever_gives_up_waiting_does_not_stop_the_start(model: Model):
    behave(model, loads_when_told=True)
    engine = EngineConnection(model)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(answer(engine), 0.1)
    let_load(model)
    assert await answer(engine) == "return x"
    assert starts(model) == 1
    await engine.close()


async def test_an_engine_that_ignores_the_request_to_end_is_killed(
    model: Model, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rendezvous, "PATIENCE", 0.3)
    await (await ensure_engine(model)).close()
    (state,) = await engine_status(model)
    os.kill(state.pid, signal.SIGSTOP)
    (stopped,) = await stop_engine(model)
    assert stopped.pid == state.pid
    assert await engine_status() == []


async def test_a_server_by_base_url_is_connected_to_and_never_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOUSE_KEY", "right")
    with serving(fake := Fake(key="right"), openai_server(fake)):
        engine = EngineConnection(Model(completion=Endpoint(fake.url, fake.model, "HOUSE_KEY")))
        assert await answer(engine) == "return x"
    with pytest.raises(EngineUnavailable, match="Start the server there|broke off"):
        await answer(engine)
    await engine.close()
    engine = EngineConnection(Model(completion=Endpoint(fake.url, fake.model, "NO_SUCH_KEY")))
    with pytest.raises(SettingsError, match="NO_SUCH_KEY holds no key"):
        await answer(engine)
    assert await engine_status() == []


async def test_a_chat_starts_the_engine_and_is_answered(model: Model):
    engine = EngineConnection(model)
    text = ""
    async with aclosing(engine.chat(ChatRequest((("user", "hello"),), max_tokens=32))) as pieces:
        async for piece in pieces:
            text += piece.text
    assert text and starts(model) == 1
    await engine.close()
