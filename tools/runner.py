"""Running a command that a model may have written: bounded in time, output and reach, and gone when unwanted.

The command runs below a supervisor (supervisor.py), which outlives it and never outlives us.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.types import NearsideError
from settings import paths
from tools.environment import cleaned

START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tools.supervisor import main; main()"
KILL_SECONDS = 0.1
"""How long the supervisor may take to kill everything before it is killed itself, and the command with it."""
NAMESPACES = True
"""Whether to ask the system for them at all."""
NICE = 10
FILE_BYTES = 1 << 30
PROCESSES = 512
"""Alive at once; a parallel build of a large machine has about 200."""
KEEP_FREE_BYTES = 256 << 20
"""A command that uses up the disk is stopped when so little is left."""
LEAST_MEMORY_BYTES = 2 << 30
LONGEST_LINE = 4096
"""Characters of one line that `on_line` sees."""
LINES_AT_ONCE = 200
"""Lines that `on_line` sees of one read of at most 64 KiB: who floods does not hold the event loop up."""

STOPPED = {
    "processes": f"it had more than {PROCESSES:,} processes",
    "memory": "it took more memory than it may",
    "disk": "it filled the disk",
}


class RunError(NearsideError):
    """A command could not be started."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command."""

    status: int | None
    """Its exit status, -N where signal N ended it; None where it was stopped."""
    output: str
    """Standard output and error as they came; where it was too much, its beginning and its end."""
    seconds: float
    timed_out: bool = False
    cut: bool = False
    """Whether `output` is not all of it."""
    stopped: str = ""
    """Why it was stopped although there was time, to follow "because"."""
    sandbox: tuple[str, ...] = ()
    """What held: "processes" (none gets away), "network" (only loopback), "files" (all else read-only)."""


async def run(
    command: Sequence[str],
    folder: Path,
    *,
    seconds: float,
    output_bytes: int,
    on_line: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run a command in `folder`, a copy from scratch.py, and wait for it.

    When this is cancelled, the command and all that it started are dead within about 100 ms. `environment`
    goes on top of a cleaned one. Raises RunError if there is no such command or folder.
    """
    folder = Path(os.path.realpath(folder))
    own = contextlib.ExitStack()
    with own:
        room = folder.parent
        if room.parent != Path(os.path.realpath(paths.cache_dir() / "scratch")):
            room = Path(os.path.realpath(own.enter_context(_temporary())))
        home, temporary = room / ".home", room / ".tmp"
        for each in (home, temporary):
            each.mkdir(exist_ok=True)
        variables = cleaned(os.environ, home, temporary, folder.parent) | dict(environment or {})
        program = _program(command, folder, variables)
        reading, writing = os.pipe()
        own.callback(os.close, reading)
        plan = {
            "command": [program, *command[1:]],
            "folder": str(folder),
            "writable": sorted({str(room), str(folder)}),
            "temporary": "" if _needs_tmp([folder, room, Path(program)]) else str(temporary),
            "namespaces": NAMESPACES,
            "report": writing,
            "nice": NICE,
            "file_bytes": FILE_BYTES,
            "memory_bytes": _memory(),
            "processes": PROCESSES,
            "keep_free_bytes": KEEP_FREE_BYTES,
        }
        started = time.monotonic()
        kept = _Kept(output_bytes, on_line)
        try:
            process = await _start(plan, variables)
        finally:
            os.close(writing)
        timed_out = False
        reader = asyncio.create_task(_read(process, kept))
        try:
            async with asyncio.timeout(seconds):
                ending = asyncio.create_task(process.wait())
                await asyncio.wait({ending, reader}, return_when="FIRST_COMPLETED")
                if not (reader.done() and reader.exception()):  # it may have closed its output and go on
                    await ending
        except TimeoutError:
            timed_out = True
        finally:
            await asyncio.shield(asyncio.create_task(_end(process, reader)))
        if not reader.cancelled() and (error := reader.exception()):
            raise error
        report = _report(reading)
        if report.get("error"):
            raise RunError(f"Did not run {command[0]}: {report['error']}. Check the command that is set.")
        why = report.get("stopped", "")
        return Ran(
            None if timed_out or why else report.get("status"),
            kept.text(),
            time.monotonic() - started,
            timed_out,
            kept.cut,
            "" if timed_out else STOPPED.get(why, "" if report else "its supervisor was killed"),
            tuple(report.get("held", ())),
        )


async def _start(plan: Mapping[str, object], variables: Mapping[str, str]) -> asyncio.subprocess.Process:
    ours = str(Path(__file__).resolve().parent.parent)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-B", "-c", START, ours, json.dumps(plan)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=(int(str(plan["report"])),),
        start_new_session=True,
        env=dict(variables),
        cwd="/",
    )


async def _read(process: asyncio.subprocess.Process, kept: _Kept) -> None:
    assert process.stdout is not None
    while read := await process.stdout.read(1 << 16):
        kept.add(read)
    kept.end()


async def _end(process: asyncio.subprocess.Process, reader: asyncio.Task[None]) -> None:
    """Leave no process; read what is still in the pipe."""
    if process.stdin is not None:
        process.stdin.close()  # the supervisor's sign to kill everything
    try:
        async with asyncio.timeout(KILL_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    await asyncio.wait({reader}, timeout=KILL_SECONDS)
    if not reader.done():  # where the system cannot keep processes together, one may still hold the pipe
        reader.cancel()
        await asyncio.wait({reader})


class _Kept:
    """The beginning and the end of what a command prints."""

    def __init__(self, limit: int, on_line: Callable[[str], None] | None) -> None:
        self._head_limit = limit // 4  # failures and summaries are printed last
        self._tail_limit = limit - self._head_limit
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = self._lost = 0
        self._on_line, self._line = on_line, b""

    @property
    def cut(self) -> bool:
        return self._lost > 0 or self._tail_bytes > self._tail_limit

    def add(self, read: bytes) -> None:
        if self._on_line:
            *lines, self._line = (self._line + read).split(b"\n")
            self._line = self._line[:LONGEST_LINE]
            for line in lines[-LINES_AT_ONCE:]:
                self._on_line(_decoded(line[:LONGEST_LINE]).rstrip("\r"))
        room = self._head_limit - len(self._head)
        self._head += read[:room]
        if rest := read[room:]:
            self._tail.append(rest)
            self._tail_bytes += len(rest)
            while self._tail_bytes - len(self._tail[0]) >= self._tail_limit:
                gone = len(self._tail.popleft())
                self._tail_bytes -= gone
                self._lost += gone

    def end(self) -> None:
        if self._on_line and self._line:
            self._on_line(_decoded(self._line).rstrip("\r"))
        self._line = b""

    def text(self) -> str:
        tail = b"".join(self._tail)
        lost = self._lost + max(0, len(tail) - self._tail_limit)
        tail = tail[max(0, len(tail) - self._tail_limit) :]
        middle = f"\n[{lost:,} bytes of output left out here]\n" if lost else ""
        if not lost:
            return _decoded(bytes(self._head) + tail)
        return _decoded(bytes(self._head)) + middle + _decoded(tail)


def _decoded(read: bytes) -> str:
    return read.decode("utf-8", "replace")


@contextlib.contextmanager
def _temporary() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="nearside-run-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> str:
    """Return the path of the program to run."""
    if not command or not command[0]:
        raise RunError("Did not run anything: the command is empty. Set one.")
    if not folder.is_dir():
        raise RunError(f"Did not run {command[0]}: there is no folder {folder}. Start again.")
    if "\0" in "".join(command):
        raise RunError(f"Did not run {command[0]}: the command holds a NUL character. Correct it.")
    name = command[0]
    found = shutil.which(str(folder / name) if "/" in name else name, path=variables.get("PATH", os.defpath))
    if found is None:
        where = "there is no such program" if "/" in name else "there is no such program on the PATH"
        raise RunError(f"Did not run {name}: {where}. Install it, or set another command.")
    return os.path.abspath(found)


def _needs_tmp(needed: Sequence[Path]) -> bool:
    """Tell whether something the command needs, or a link in the copy leads to, lies in the system's /tmp."""
    with contextlib.suppress(OSError), os.scandir(needed[0]) as entries:
        needed = [*needed, *(Path(os.path.realpath(entry)) for entry in entries if entry.is_symlink())]
    return any(path.is_relative_to("/tmp") for path in needed)


def _memory() -> int:
    """Return how many bytes a command may use: half of what the machine has."""
    try:
        return max(LEAST_MEMORY_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
    except (OSError, ValueError):
        return LEAST_MEMORY_BYTES


def _report(reading: int) -> dict[str, Any]:
    os.set_blocking(reading, False)
    try:
        return json.loads(os.read(reading, 1 << 16))
    except (OSError, ValueError):  # the supervisor was killed
        return {}
