"""Messages over stdin and stdout: the reader pygls's main loop takes its bytes from."""

from __future__ import annotations

import asyncio
import os
import threading

CHUNK = 1 << 16


class StdinReader:
    """Reads a pipe in one daemon thread, so that ending never waits for a client that says nothing."""

    def __init__(self, fd: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._stream = asyncio.StreamReader()
        threading.Thread(target=self._pump, args=(fd,), name="stdin", daemon=True).start()

    async def readline(self) -> bytes:
        # Let the handler of the message before start first: it must see the document as it is now, and
        # what is already buffered would otherwise be read, and applied, without a break.
        await asyncio.sleep(0)
        return await self._stream.readline()

    async def readexactly(self, n: int) -> bytes:
        try:
            return await self._stream.readexactly(n)
        except asyncio.IncompleteReadError:
            return b""

    def _pump(self, fd: int) -> None:
        try:
            while chunk := os.read(fd, CHUNK):
                self._loop.call_soon_threadsafe(self._stream.feed_data, chunk)
            self._loop.call_soon_threadsafe(self._stream.feed_eof)
        except (OSError, RuntimeError):
            pass  # the pipe or the loop is gone: there is nobody left to tell
