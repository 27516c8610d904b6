"""Reads a page of HTML in a process of its own: one made to be hard to read takes down nothing, knows no key
of the environment, and is ended when its time or memory is used up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys

from tools.web.guard import WebError

CPU_SECONDS = 4
"""A page of two megabytes takes one or two."""
MOST_ANSWER = 16 * 1024 * 1024
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tools.web.extract import main; main()"
_NEEDED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP")


class Unread(WebError):
    """A page could not be read; the text is the rest of a sentence."""


async def read(page: str, media: str, most: int) -> tuple[str, str]:
    """Return a page's title and what it says as Markdown, at most so many characters. Raises Unread.

    Cancelling it ends the process.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-B", "-c", _START, json.dumps(sys.path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=os.path.abspath(os.sep),
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
            limit=MOST_ANSWER,
            start_new_session=True,  # Ctrl-C in a terminal is for whoever runs in front
        )
    except OSError as error:
        raise Unread(f"the process that reads it did not start ({error.strerror or error})") from None
    try:
        asked = json.dumps({"page": page, "media": media, "most": most, "seconds": CPU_SECONDS})
        said, _ = await process.communicate(asked.encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    try:
        answer = json.loads(said)
        return str(answer["title"]), str(answer["text"])
    except (ValueError, KeyError, TypeError):
        ended = process.returncode is not None and process.returncode < 0  # by its limit of time
        why = "it is made so that it cannot be read in reasonable time" if ended else "reading it failed"
        raise Unread(why) from None
