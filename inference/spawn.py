"""Starting an engine process and waiting until it listens and has loaded its model."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from inference.client import ConnectionLost, HttpEngine
from inference.rendezvous import QUICK, check_owner, is_locked
from inference.types import EngineUnavailable, NearsideError
from settings import paths
from settings.schema import Model

log = logging.getLogger("nearside.spawn")

ALREADY_RUNNING = 3
"""Exit status of an engine that found another one holding its lock (engine_process.py)."""
START_LIMIT = 60.0
"""Seconds until a started process must answer; loading the model is not counted."""

OnStatus = Callable[[str], None]


class EngineCrashed(EngineUnavailable):
    """The engine's process ended where it should have gone on."""


def engine_command(model: Model, socket: Path) -> list[str]:
    """Return the command that runs an engine in the foreground."""
    run = [sys.executable, "-P", "-m", "nearside", "engine", "run"]
    return [*run, "--model", json.dumps(asdict(model)), "--socket", str(socket), "--log", str(log_path())]


def log_path() -> Path:
    return paths.state_dir() / "engine.log"


def output_path(socket: Path) -> Path:
    """Where the last words of an engine go that its log does not get: a native crash, a failed import."""
    return paths.state_dir() / f"{socket.stem}.out"


def last_line(socket: Path) -> str:
    """Return the last thing a dead engine said."""
    with contextlib.suppress(OSError), output_path(socket).open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
        lines = file.read().decode("utf-8", "replace").splitlines()
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
    return ""


async def answers(socket: Path) -> bool:
    """Return whether an engine listens here, whatever state it is in."""
    if not check_owner(socket):
        return False
    engine = HttpEngine(socket=socket, timeouts=QUICK)
    try:
        await engine.health()
    except ConnectionLost:
        return False
    except NearsideError:
        pass  # it runs, and says what is wrong with its model
    finally:
        await engine.close()
    return True


async def start(model: Model, socket: Path) -> None:
    """Start a process and wait until it listens. Call with the start lock."""
    process: subprocess.Popen[bytes] | None = None
    until = time.monotonic() + START_LIMIT
    while not await answers(socket):
        status = process.poll() if process else ALREADY_RUNNING
        if status == ALREADY_RUNNING and not is_locked(socket.with_suffix(".lock")):
            # Nobody holds the lock: what lies there is a dead engine's, and the new one replaces it.
            process = await asyncio.to_thread(_spawn, model, socket)
        elif status not in (None, ALREADY_RUNNING):
            said = last_line(socket)
            raise EngineCrashed(
                f"No completion: the engine ended while it started{f' ({said})' if said else ''}. "
                f"See {log_path()}."
            )
        elif time.monotonic() > until:
            raise EngineUnavailable(
                f"No completion: the engine did not answer within {START_LIMIT:.0f} s. See {log_path()}, "
                "or run `nearside engine stop`."
            )
        await asyncio.sleep(0.02)


def _spawn(model: Model, socket: Path) -> subprocess.Popen[bytes]:
    """Start an engine that outlives this process and its terminal."""
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parents[1])
    if root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):  # a checkout
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    try:
        with output_path(socket).open("wb") as output:
            process = subprocess.Popen(
                engine_command(model, socket),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
    except OSError as error:
        raise EngineUnavailable(
            f"No completion: the engine was not started ({(error.strerror or str(error)).lower()}). "
            "Run `nearside engine run` to see why."
        ) from None
    # It outlives us, or ends while we go on: then somebody must take its exit status, or it stays a zombie.
    threading.Thread(target=process.wait, name="reap", daemon=True).start()
    return process


async def loaded(engine: HttpEngine, socket: Path, on_status: OnStatus) -> None:
    """Wait until the model is loaded; raise the engine's own error, or that it died over it."""
    told = False
    try:
        while (health := await engine.health()).get("status") == "loading":
            if not told:
                name = (health.get("model") or {}).get("name", "")
                on_status(f"Loading the model {name}".rstrip() + ".")
                told = True
            await asyncio.sleep(0.05)
    except ConnectionLost:
        said = last_line(socket)
        raise EngineCrashed(
            f"No completion: the engine ended while it loaded the model{f' ({said})' if said else ''}. "
            f"See {log_path()}."
        ) from None
