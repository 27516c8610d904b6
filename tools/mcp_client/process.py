"""A server that is a program: started with a bare environment, read within limits, and gone at the end.

The SDK's own transport holds lines of any length and waits up to four seconds for who does not end; this one
does neither, and leaves no process of the server's group.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from tools.mcp_client.limits import LONGEST_MESSAGE, Allowance, Fault

INHERITED = ("PATH", "HOME", "LANG")
END_SECONDS = 1.0
"""From closing its standard input until a server is asked to end, and again until it is killed."""
GONE_SECONDS = 0.3
"""Until what was killed is gone; its new parent may never take leave of it."""
LAST_WORDS = 2_000
"""Bytes of its standard error that are kept, for the line that says why it did not start."""
READ = 1 << 16

Streams = tuple[Any, Any]
"""What the SDK's session reads from and writes to."""


def environment(named: Sequence[str], ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a server sees of our environment: little, and what the user named."""
    return {name: ours[name] for name in (*INHERITED, *named) if name in ours}


@asynccontextmanager
async def piped(command: Sequence[str], variables: Mapping[str, str], fault: Fault) -> AsyncIterator[Streams]:
    """Start a program and yield its streams. Raises OSError; what is wrong later goes to `fault`."""
    program = shutil.which(command[0], path=variables.get("PATH", os.defpath))
    if program is None:
        raise FileNotFoundError(f"there is no program {command[0]}")
    process = await asyncio.create_subprocess_exec(
        program,
        *command[1:],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(variables),
        cwd=variables.get("HOME") or "/",  # programs look for their parts there, and a project may plant some
        start_new_session=True,
    )
    incoming, reading = anyio.create_memory_object_stream[Any](0)
    writing, outgoing = anyio.create_memory_object_stream[Any](0)
    allowance, said = Allowance(), bytearray()
    tasks = [
        asyncio.create_task(_listen(process, incoming, allowance, fault, said)),
        asyncio.create_task(_speak(process, outgoing, allowance)),
        asyncio.create_task(_overhear(process, said)),
    ]
    try:
        yield reading, writing
    finally:
        fault.ending = True
        await asyncio.shield(asyncio.create_task(_end(process, tasks)))
        for stream in (incoming, reading, writing, outgoing):
            stream.close()


async def _listen(
    process: asyncio.subprocess.Process, incoming: Any, allowance: Allowance, fault: Fault, said: bytearray
) -> None:
    """Hand on what the program says, until it ends or goes too far; then the session sees an end."""
    assert process.stdout
    line = bytearray()
    try:
        while read := await process.stdout.read(READ):
            allowance.take(len(read))
            *whole, rest = read.split(b"\n")
            for part in whole:
                line += part
                if line.strip():
                    await _take(bytes(line), incoming, allowance)
                line.clear()
            line += rest
            if len(line) > LONGEST_MESSAGE:
                raise OverflowError(f"one message of it is longer than {LONGEST_MESSAGE >> 20} MB")
        if not fault.ending:
            with contextlib.suppress(TimeoutError):  # its standard error may say why
                await asyncio.wait_for(process.wait(), END_SECONDS)
            fault.found("it ended" + _last(said))
    except OverflowError as error:
        fault.found(str(error))
        _signal(process, signal.SIGKILL)
    except (OSError, anyio.ClosedResourceError, anyio.BrokenResourceError):
        pass  # our own end
    finally:
        incoming.close()


async def _take(line: bytes, incoming: Any, allowance: Allowance) -> None:
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValueError:
        allowance.no_message()
        return
    allowance.message()
    await incoming.send(SessionMessage(message))


async def _speak(process: asyncio.subprocess.Process, outgoing: Any, allowance: Allowance) -> None:
    """Pass on what the session says. What a program does not read is not waited for by anybody else."""
    assert process.stdin
    with contextlib.suppress(OSError, RuntimeError, anyio.ClosedResourceError):
        async for message in outgoing:
            if hasattr(message.message, "method"):  # an answer of ours to it renews nothing
                allowance.renew()
            process.stdin.write(
                message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
            )
            await process.stdin.drain()


async def _overhear(process: asyncio.subprocess.Process, said: bytearray) -> None:
    """Keep the last of standard error; a full pipe would stop the program."""
    assert process.stderr
    with contextlib.suppress(OSError):
        while read := await process.stderr.read(READ):
            said += read
            del said[:-LAST_WORDS]


def _last(said: bytearray) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    words = "".join(sign for sign in (lines or [""])[-1] if sign.isprintable())
    return f" (it said: {words[:160]})" if words else ""


async def _end(process: asyncio.subprocess.Process, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Leave no process of the program's group."""
    if process.stdin:
        with contextlib.suppress(OSError, RuntimeError):
            process.stdin.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_exited(process), END_SECONDS)
        _signal(process, number)  # also where it ended by itself: what it started is of its group
    with contextlib.suppress(TimeoutError):  # one that cannot be killed is left to the system
        await asyncio.wait_for(_exited(process), END_SECONDS)
        await asyncio.wait_for(_dispersed(process), GONE_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    transport = getattr(process, "_transport", None)
    if transport:  # a process that left the group may still hold a pipe
        transport.close()


async def _exited(process: asyncio.subprocess.Process) -> None:
    """Wait for the process alone: `wait` also waits for pipes, which others may hold."""
    while process.returncode is None:
        await asyncio.sleep(0.01)


async def _dispersed(process: asyncio.subprocess.Process) -> None:
    """Wait until the system knows no process of the group."""
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.killpg(process.pid, 0)
            await asyncio.sleep(0.005)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
