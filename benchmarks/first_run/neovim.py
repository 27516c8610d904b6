"""Neovim as its page says: pipx, two lines of Lua, a file of this repository's, typing."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pynvim

from benchmarks.first_run.home import LOOK, GaveUp, Home, Shell
from benchmarks.first_run.timeline import Timeline
from tests.e2e import neovim
from tests.e2e.editor import Editor

PAGE = "editors/nvim/README.md"
FILE = "retrieval/chunks.py"
KEY_SECONDS = 0.14
"""Between two keys: a practised typist's median."""
TYPED = (
    "\n\n\nclass Span:\n",
    "def __init__(self, start, end):\n",
    "self.start = start\n",
    "self.end = end\n",
    "\n\bdef __len__(self):\n",
    "return self.end - self.start\n",
    "\n\bdef __repr__(self):\n",
    "return self.start\n",
)
"""What the user writes, with the editor's own indentation switched off, until something is suggested."""
LONGEST_TYPING = 120.0
"""Seconds until the user has had enough."""


def snippet(page: str, title: str) -> str:
    """Return the first Lua of a page after a title."""
    found = re.search(r"```lua\n(.*?)```", page.partition(title)[2], re.DOTALL)
    if found is None:
        raise GaveUp(f"the page has no Lua after {title!r}")
    return found[1]


class Watched(Editor):
    """The Neovim a user has open in a terminal, listened to from outside."""

    def __init__(self, socket: Path) -> None:
        self.nvim = pynvim.attach("socket", path=str(socket))

    def note(self, timeline: Timeline) -> None:
        timeline.saw("messages", self.messages().splitlines())
        timeline.saw("status line", [str(self.lua("return require('nearside').statusline()"))])


def first_run(home: Home) -> Timeline:
    """Return the way to the first ghost text in Neovim. Raises GaveUp, Unavailable."""
    (home.folder / "bin/nvim").symlink_to(neovim.neovim())
    home.has("pipx", "pipx")
    timeline = Timeline(f"Neovim {'.'.join(map(str, neovim.version_of(neovim.neovim())))}")
    home.clone(timeline)
    shell = Shell(home, timeline)
    try:
        shell.run("pipx install ~/src/nearside")
        if not (home.folder / ".local/bin/nearside").exists():
            raise GaveUp(shell.terminal.screen())
        timeline.step("`pipx install ~/src/nearside`", home.megabytes())
        page = (home.checkout / PAGE).read_text(encoding="utf-8")
        parts = [snippet(page, title) for title in ("**By hand**", "## In a status line")]
        home.write(".config/nvim/init.lua", "vim.cmd('filetype indent off')\n" + "".join(parts))
        timeline.step("init.lua: the lines of the page, with a status line")
        _use(shell, home, timeline)
    finally:
        shell.terminal.close()
        home.stop_engine(home.folder / ".local/bin/nearside")
    return timeline


def _use(shell: Shell, home: Home, timeline: Timeline) -> None:
    socket = home.folder / "run/nvim"
    shell.begin(f"cd ~/src/nearside && nvim --listen {socket} {FILE}")
    end = time.monotonic() + LONGEST_TYPING
    while not socket.exists():
        if time.monotonic() > end:
            raise GaveUp(shell.terminal.screen())
        time.sleep(LOOK)
    editor = Watched(socket)
    timeline.step(f"`nvim {FILE}`: the file is open")
    shell.terminal.keys("G", "o")
    keys = 0
    began = time.monotonic()
    for key in "".join(TYPED):
        shell.terminal.keys({"\n": "Enter", "\b": "BSpace"}[key]) if key in "\n\b" else shell.terminal.type(
            key
        )
        keys += 1
        pause = time.monotonic() + KEY_SECONDS
        while time.monotonic() < pause or (
            key == "\n" and time.monotonic() < pause + 1 and not editor.ghost()
        ):
            editor.note(timeline)
            time.sleep(0.02)
        if editor.ghost().strip():
            break
    while not editor.ghost().strip() and time.monotonic() < end:  # a user who waits for what was promised
        editor.note(timeline)
        time.sleep(LOOK)
    if not editor.ghost().strip():
        raise GaveUp(shell.terminal.screen() + editor.messages())
    timeline.saw("ghost text", [editor.ghost()])
    timeline.step(f"typed {keys} keys in {time.monotonic() - began:.0f} s", home.megabytes())
    timeline.saw("messages", editor.messages().splitlines())
