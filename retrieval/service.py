"""The retrieval process: one workspace's index, asked and told over standard streams (protocol.py).

The loop only passes messages on; whatever takes more than a millisecond runs on a thread.

context   {path, language, prefix, suffix, budget, text?}
          -> {signatures: [{path, text, line, symbol, score, why}], similar: [as hits],
              members: {receiver: [name]}, imports: [{name, path, text, line}]}
search    {query, limit?}           -> {hits: [{path, line, end_line, symbol, score, why, text}], words_only?}
symbols   {query, limit?}           -> {symbols: [{path, name, owner, kind, line, end_line}]}
map       {budget, focus?}          -> {files: [{path, text}]}
symbol    {name}                    -> {symbols: [...]}, of exactly this name
references {name}                   -> {paths: [...]}
status    {}                        -> what there is, in figures
Notifications it takes: edited {path, text, language}, saved {path}, closed {path}, changed_files {paths}.
Notifications it sends: progress {stage, done, total, seconds_left}, note {message}, ready {stage, message}:
once when every name is known, and once when everything is searchable by meaning too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from retrieval.pace import Progress
from retrieval.protocol import (
    Answer,
    Cancel,
    Invalid,
    Message,
    Notification,
    Request,
    Unknown,
    decode,
    encode,
)
from settings.schema import Endpoint, Retrieval
from settings.values import KEYS, accepted

SWITCH_SECONDS = 0.0005
"""How long a thread keeps the GIL from another: Python's 5 ms, several times, are too long for an answer."""
PROGRESS_SECONDS = 0.2
LAST_SECONDS = 2.5
"""Until a process that should end does, whatever it is doing; an index stands this."""

if TYPE_CHECKING:
    from retrieval.answers import Answers

log = logging.getLogger("nearside.service")


def main(arguments: Sequence[str]) -> int:
    """Serve the workspace at PATH (`--stdio PATH --settings JSON`) until standard input closes."""
    import argparse

    parser = argparse.ArgumentParser(prog="nearside index --stdio", allow_abbrev=False)
    parser.add_argument("--stdio", type=Path, required=True, metavar="PATH")
    parser.add_argument("--settings", type=settings_from_json, metavar="JSON")
    try:
        given = parser.parse_args(arguments)
    except SystemExit as done:
        return int(done.code or 0)
    settings = given.settings
    if settings is None:
        from settings.layers import load

        settings = load(given.stdio).settings.retrieval
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # What is printed by accident, in C too, must not end up between our lines.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.run(serve(given.stdio, settings, sys.stdin.buffer, output, _end_soon))
    os._exit(0)  # nothing is left to do, and libraries' threads need not be waited for


def settings_from_json(text: str) -> Retrieval:
    """Read the settings a server hands over. Raises ValueError, which argparse reports."""
    try:
        values = json.loads(text)
        return Retrieval(
            **{name: accepted(KEYS[f"retrieval.{name}"], _given(value)) for name, value in values.items()}
        )
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError from error


def _given(value: object) -> object:
    if isinstance(value, dict):  # an endpoint as `asdict` writes it
        return {name: value[name] for name in value if name in Endpoint.__dataclass_fields__}
    return value


def _end_soon() -> None:
    """Whoever asked is gone; nothing may keep this process."""
    last = threading.Timer(LAST_SECONDS, os._exit, (0,))
    last.daemon = True
    last.start()


async def serve(
    root: Path,
    settings: Retrieval,
    lines: BinaryIO,
    output: BinaryIO,
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Answer what comes in `lines` on `output` until the first ends; `ending` is called then."""
    from retrieval.answers import Answers

    conversation = Conversation(output)
    answers = Answers(root, settings, conversation.report, conversation.say)
    inbox: asyncio.Queue[Message | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    threading.Thread(
        target=_listen, args=(lines, lambda m: loop.call_soon_threadsafe(inbox.put_nowait, m)), daemon=True
    ).start()
    await answers.start()
    running: dict[int, asyncio.Task[None]] = {}
    while (message := await inbox.get()) is not None:
        match message:
            case Request():
                task = asyncio.create_task(conversation.answer(message, answers))
                running[message.id] = task
                task.add_done_callback(lambda _, number=message.id: running.pop(number, None))
            case Cancel(id=number):
                if task := running.get(number):
                    task.cancel()
            case Notification():
                try:
                    answers.told(message.method, message.params)
                except (Unknown, Invalid) as error:
                    log.warning("%s is not taken in: %s", message.method, error)
    ending()
    for task in running.values():
        task.cancel()
    await asyncio.to_thread(answers.stop)
    conversation.close()


def _listen(lines: BinaryIO, take: Callable[[Message | None], object]) -> None:
    """Hand on each message of a file, and None at its end."""
    try:
        for line in lines:
            try:
                message = decode(line)
            except ValueError as error:
                log.warning("A line is no message: %s", error)
            else:
                take(message)
    except (OSError, ValueError):
        pass
    finally:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            take(None)


class Conversation:
    """What is said to whoever started this process, in order, without ever waiting for them."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._reported: tuple[str, float] = ("", 0.0)
        self._writing = threading.Thread(target=self._write, daemon=True)
        self._writing.start()

    def send(self, message: Message) -> None:
        self._lines.put(encode(message))

    def say(self, line: str) -> None:
        self.send(Notification("note", {"message": line}))

    def report(self, progress: Progress) -> None:
        """Tell how far the work is: not more often than anybody looks."""
        now = time.monotonic()
        stage, at = self._reported
        if progress.stage in ("known", "ready"):
            self._reported = (progress.stage, now)
            message = f"{progress.total} files are {'indexed' if progress.stage == 'ready' else 'known'}."
            self.send(Notification("ready", {"message": message, "stage": progress.stage}))
        elif stage != progress.stage or now - at > PROGRESS_SECONDS:
            self._reported = (progress.stage, now)
            left = progress.seconds_left
            self.send(
                Notification(
                    "progress",
                    {
                        "stage": progress.stage,
                        "done": progress.done,
                        "total": progress.total,
                        "seconds_left": None if left is None else round(left, 1),
                    },
                )
            )

    async def answer(self, request: Request, answers: Answers) -> None:
        """Answer one request, whatever happens."""
        try:
            async with asyncio.timeout(request.deadline_ms / 1000):
                self.send(Answer(request.id, await answers.answer(request.method, request.params)))
        except TimeoutError:
            self.send(Answer(request.id, code="late", message=f"{request.method} took too long."))
        except asyncio.CancelledError:
            self.send(Answer(request.id, code="cancelled", message=""))
        except Unknown:
            self.send(Answer(request.id, code="unknown", message=f"There is no method {request.method}."))
        except Invalid as error:
            self.send(Answer(request.id, code="invalid", message=f"{request.method} was not asked: {error}."))
        except Exception as error:
            log.exception("%s failed", request.method)
            self.send(Answer(request.id, code="failed", message=f"{request.method} failed: {error!r}"))

    def close(self) -> None:
        self._lines.put(None)
        self._writing.join(1.0)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._output.write(line)
                if self._lines.empty():
                    self._output.flush()
            except (OSError, ValueError):
                return  # nobody listens any more; standard input says so too
