"""Neovim as its page says: pipx, two lines of Lua, a file of this repository's, typing."""

from __future__ import annotations

import re

from benchmarks.first_run.home import GaveUp, Home, Shell
from benchmarks.first_run.timeline import Timeline
from benchmarks.first_run.typing import Watched, put_neovim, type_until_ghost
from tests.e2e import neovim

PAGE = "editors/nvim/README.md"
WRITTEN = ('runtimepath:prepend("~/src', "vim.o.statusline =")
"""In what the page has a user write: the plugin by hand, and a status line."""


def snippet(page: str, with_: str) -> str:
    """Return the first Lua of a page that has some words in it. Raises GaveUp."""
    for found in re.finditer(r"```lua\n(.*?)```", page, re.DOTALL):
        if with_ in found[1]:
            return found[1]
    raise GaveUp(f"{PAGE} has no Lua with {with_}")


def first_run(home: Home) -> Timeline:
    """Return the way to the first ghost text in Neovim. Raises GaveUp, Unavailable."""
    program = neovim.neovim()
    put_neovim(home, program)
    home.has("pipx", "pipx")
    timeline = Timeline(f"Neovim {'.'.join(map(str, neovim.version_of(program)))}")
    home.clone(timeline)
    shell = Shell(home, timeline)
    try:
        shell.run("pipx install ~/src/nearside")
        if not (home.folder / ".local/bin/nearside").exists():
            raise GaveUp(shell.terminal.screen())
        timeline.step("`pipx install ~/src/nearside`", home.megabytes())
        page = (home.checkout / PAGE).read_text(encoding="utf-8")
        parts = [snippet(page, words) for words in WRITTEN]
        home.write(".config/nvim/init.lua", "".join(parts))
        timeline.step("init.lua: the lines of the page, with a status line")
        type_until_ghost(shell, timeline, Watched.ghost, status)
        timeline.step("first suggestion", home.megabytes())
    finally:
        shell.terminal.close()
        home.stop_engine(home.folder / ".local/bin/nearside")
    return timeline


def status(editor: Watched) -> str:
    return str(editor.lua("return require('nearside').statusline()"))
