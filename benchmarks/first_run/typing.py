"""A user of Neovim who opens a file of this repository's and writes until something is suggested."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pynvim

from benchmarks.first_run.home import LOOK, GaveUp, Home, Shell
from benchmarks.first_run.timeline import Timeline
from tests.e2e.editor import Editor

FILE = "retrieval/chunks.py"
KEY_SECONDS = 0.14
"""Between two keys: a practised typist's median."""
THINKING = 1.0
"""Seconds more at the end of each line."""
TYPED = (
    "\n\nclass Span:\n"
    "def __init__(self, start, end):\n"
    "self.start = start\n"
    "self.end = end\n"
    "\n\bdef __len__(self):\n"
    "return self.end - self.start\n"
    "\n\bdef __repr__(self):\n"
    "return self.start\n"
)
"""What the user writes until something is suggested; Neovim itself indents."""
KEYS = {"\n": "Enter", "\b": "BSpace"}
LONGEST = 120.0
"""Seconds until the user has had enough."""


class Watched(Editor):
    """The Neovim that a user has open in a terminal, listened to from outside."""

    def __init__(self, socket: Path) -> None:
        self.nvim = pynvim.attach("socket", path=str(socket))


def type_until_ghost(
    shell: Shell, timeline: Timeline, ghost: Callable[[Watched], str], status: Callable[[Watched], str]
) -> None:
    """Open the file and write; note messages and the status line's words as they change. Raises GaveUp."""
    socket = Path(shell.home.environment["XDG_RUNTIME_DIR"]) / "nvim"
    shell.begin(f"cd ~/src/nearside && nvim --listen {socket} {FILE}")
    end = time.monotonic() + LONGEST
    while not socket.exists():
        if time.monotonic() > end:
            raise GaveUp(shell.terminal.screen())
        time.sleep(LOOK)
    editor = Watched(socket)
    timeline.step(f"`nvim {FILE}`: the file is open")
    shell.terminal.keys("G", "o")
    began, keys = time.monotonic(), 0

    def shown_within(seconds: float) -> bool:
        until = time.monotonic() + seconds
        while True:
            timeline.saw("messages", editor.messages().splitlines())
            timeline.saw("status line", [status(editor)])
            if ghost(editor).strip() or time.monotonic() > until:
                return bool(ghost(editor).strip())
            time.sleep(0.02)

    for key in TYPED:
        shell.terminal.keys(KEYS[key]) if key in KEYS else shell.terminal.type(key)
        keys += 1
        if shown_within(KEY_SECONDS + (THINKING if key == "\n" else 0)):
            break
    if not shown_within(end - time.monotonic()):  # a user who waits for what was promised
        raise GaveUp(shell.terminal.screen() + editor.messages())
    timeline.saw("ghost text", [ghost(editor)])
    timeline.step(f"typed {keys} keys in {time.monotonic() - began:.0f} s")


def put_neovim(home: Home, program: Path) -> None:
    """Give the user a Neovim."""
    (home.folder / "bin/nvim").symlink_to(program)
