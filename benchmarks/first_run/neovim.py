"""Neovim as its page says: pipx, two lines of Lua, a file of this repository's, typing."""

from __future__ import annotations

import re

from benchmarks.first_run.home import GaveUp, Home, Shell
from benchmarks.first_run.timeline import Timeline
from benchmarks.first_run.typing import Watched, put_neovim, type_until_ghost
from tests.e2e import neovim

PAGE = "editors/nvim/README.md"


def snippet(page: str, title: str) -> str:
    """Return the first Lua of a page after a title."""
    found = re.search(r"```lua\n(.*?)```", page.partition(title)[2], re.DOTALL)
    if found is None:
        raise GaveUp(f"the page has no Lua after {title!r}")
    return found[1]


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
        parts = [snippet(page, title) for title in ("**By hand**", "## In a status line")]
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
