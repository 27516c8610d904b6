"""The way to a retrieval process from an asyncio program: start it, ask it, tell it, end it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inference.types import NearsideError
from retrieval.protocol import (
    LONGEST_LINE,
    Answer,
    Cancel,
    Notification,
    Request,
    decode,
    encode,
)
from settings import paths
from settings.schema import Retrieval

CLOSE_SECONDS = 3.0
"""Until a process that was told to end is ended."""
GRACE = 0.05
"""Seconds beyond a deadline in which the process itself may say that it is late."""

log = logging.getLogger("nearside.retrieval")

OnNotification = Callable[[str, dict[str, Any]], None]
"""Called with the method and parameters of what the process tells: progress, ready, note."""


class RetrievalUnavailable(NearsideError):
    """There is no retrieval process, or it ended, or it cannot answer this."""


class RetrievalLate(RetrievalUnavailable):
    """The answer was not there by its deadline."""


def log_path() -> Path:
    return paths.state_dir() / "retrieval.log"


def command(root: Path, settings: Retrieval) -> list[str]:
    """Return the command that serves the index of one workspace over its standard streams."""
    run = [sys.executable, "-P", "-m", "nearside", "index", "--stdio", str(root)]
    return [*run, "--settings", json.dumps(asdict(settings))]


async def start(root: Path, settings: Retrieval, told: OnNotification) -> RetrievalClient:
    """Start the process for one workspace. Raises RetrievalUnavailable."""
    environment = dict(os.environ)
    home = str(Path(__file__).resolve().parents[1])
    if home not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):  # a checkout
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [home, environment.get("PYTHONPATH")]))
    try:
        with log_path().open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command(root, settings),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                cwd=os.path.abspath(os.sep),  # the workspace can be moved away and mounts let go of
                env=environment,
                limit=LONGEST_LINE,
                start_new_session=True,  # Ctrl-C in a terminal is for whoever runs in front
            )
    except OSError as error:
        raise RetrievalUnavailable(
            f"The workspace is not indexed, because the process for it was not started "
            f"({(error.strerror or str(error)).lower()}). Run `nearside index` to see why."
        ) from None
    return RetrievalClient(process, told)


class RetrievalClient:
    """One process. When it ends, what is asked fails at once and `ended` is set; start another one then."""

    def __init__(self, process: asyncio.subprocess.Process, told: OnNotification) -> None:
        self.ended = asyncio.Event()
        self._process, self._told = process, told
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.get_running_loop().create_task(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    async def request(self, method: str, params: dict[str, Any], deadline: float) -> Any:
        """Return the result. `deadline` is in seconds. Raises RetrievalLate and RetrievalUnavailable.

        Cancelling the caller withdraws the request.
        """
        if self.ended.is_set():
            raise RetrievalUnavailable("Nothing was looked up, because the retrieval process has ended.")
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send(Request(number, method, params, max(1, int(deadline * 1000))))
            async with asyncio.timeout(deadline + GRACE):
                return await future
        except TimeoutError:
            self._send(Cancel(number))
            raise RetrievalLate(f"{method} was not answered within {deadline:.2f} s.") from None
        except asyncio.CancelledError:
            self._send(Cancel(number))
            raise
        finally:
            self._waiting.pop(number, None)

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tell the process something; it is lost if there is none."""
        self._send(Notification(method, params))

    async def close(self) -> None:
        """End the process; it finishes what it writes."""
        stdin = self._process.stdin
        if stdin:
            with contextlib.suppress(OSError, RuntimeError):
                stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), CLOSE_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reading, return_exceptions=True)

    def _send(self, message: Request | Cancel | Notification) -> None:
        stdin = self._process.stdin
        if stdin and not stdin.is_closing() and not self.ended.is_set():
            with contextlib.suppress(OSError, RuntimeError):
                stdin.write(encode(message))

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout
        try:
            while line := await stdout.readline():
                try:
                    message = decode(line)
                except ValueError:
                    log.warning("The retrieval process said something that is no message.")
                    continue
                if isinstance(message, Notification):
                    try:
                        self._told(message.method, message.params)
                    except Exception:  # whoever listens must not end the conversation
                        log.exception(
                            "A notification of the retrieval process was not taken: %s", message.method
                        )
                elif isinstance(message, Answer):
                    self._answered(message)
        except (OSError, ValueError):  # broken, or a line beyond any limit
            log.warning("The retrieval process is ended, because what it says cannot be read.")
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        finally:
            self.ended.set()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(
                        RetrievalUnavailable("Nothing was looked up, because the retrieval process ended.")
                    )

    def _answered(self, answer: Answer) -> None:
        future = self._waiting.get(answer.id)
        if future is None or future.done():
            return
        if answer.code is None:
            future.set_result(answer.result)
        elif answer.code == "late":
            future.set_exception(RetrievalLate(answer.message))
        else:
            future.set_exception(RetrievalUnavailable(answer.message))
