"""What the page of the plugin tells users to write brings ghost text: by hand, by lazy.nvim, by vim.pack."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.editor import PLUGIN, Editor
from tests.e2e.fetched import Unavailable, run

ADDRESS = "<the repository's address>"


def snippet(title: str) -> str:
    """Return the first Lua of the page after a title."""
    after = (PLUGIN / "README.md").read_text(encoding="utf-8").partition(f"**{title}**")[2]
    found = re.search(r"```lua\n(.*?)```", after, re.DOTALL)
    assert found, title
    return found[1]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder for PATH with a `nearside` that starts in no time."""
    folder = tmp_path / "bin"
    folder.mkdir()
    quick = Path(__file__).with_name("quick_server.py")
    (folder / "nearside").write_text(f"#!/bin/sh\nexec {sys.executable} -P -S {quick}\n")
    (folder / "nearside").chmod(0o755)
    return folder


@pytest.fixture
def started(nvim: Path, program: Path, tmp_path: Path) -> Iterator[Callable[[str], Editor]]:
    """Return a function that starts a Neovim whose whole configuration is given, in a home of its own."""
    editors: list[Editor] = []

    def started(configuration: str) -> Editor:
        yes = "vim.fn.confirm = function() return 1 end\n"  # what a user answers who is asked to install
        environment = {
            "HOME": str(tmp_path),
            "PATH": f"{program}:{os.environ['PATH']}",
            "LOG": str(tmp_path / "log"),
        }
        editor = Editor(nvim, tmp_path, environment=environment, configuration=yes + configuration)
        editors.append(editor)
        return editor

    yield started
    for editor in editors:
        editor.close()


def suggests(editor: Editor, folder: Path) -> Path:
    """Type, see and take a suggestion, see the commands and the help; return where the plugin was found."""
    file = folder / "add.txt"  # Neovim looks for Python, and for long, when it opens a file of Python
    file.write_text("def add(a, b):\n    \n")
    editor.nvim.command(f"edit {file}")
    editor.until("a server is attached", editor.is_served)
    editor.keys("2GAretu")
    editor.shows("rn a + b")
    editor.keys("<Tab>x")
    editor.reads("def add(a, b):", "    return a + bx")
    assert "is attached and suggests while you type" in editor.nvim.command_output("Nearside status")
    assert editor.lua("return #vim.api.nvim_get_runtime_file('doc/nearside.txt', true)") == 1
    return Path(editor.lua("return vim.api.nvim_get_runtime_file('lua/nearside/init.lua', false)[1]"))


def checkout(home: Path) -> Path:
    """Return the plugin's folder in a checkout where the page has it."""
    folder = home / "src/nearside/editors/nvim"
    shutil.copytree(PLUGIN, folder)
    return folder


def test_by_hand(started: Callable[[str], Editor], tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    editor = started(snippet("By hand"))
    assert suggests(editor, tmp_path) == folder / "lua/nearside/init.lua"


def test_lazy_nvim(
    started: Callable[[str], Editor], others: dict[str, Path | Unavailable], tmp_path: Path
) -> None:
    lazy = others["lazy.nvim"]
    if isinstance(lazy, Unavailable):
        pytest.skip(f"no lazy.nvim to test with: {lazy}")
    shutil.copytree(lazy, tmp_path / "lazy.nvim")  # it writes its tags of help into its own folder
    folder = checkout(tmp_path)
    options = (
        "install = { missing = false }, change_detection = { enabled = false }, rocks = { enabled = false }"
    )
    editor = started(
        f"vim.opt.runtimepath:prepend('{tmp_path}/lazy.nvim')\n"
        f"require('lazy').setup({{ spec = {{ {snippet('lazy.nvim')} }}, {options} }})"
    )
    editor.nvim.ui_attach(80, 24)  # VeryLazy comes after the first screen
    assert suggests(editor, tmp_path) == folder / "lua/nearside/init.lua"


def test_vim_pack_clones_the_repository(
    started: Callable[[str], Editor], newest: bool, tmp_path: Path
) -> None:
    if not newest:
        pytest.skip("vim.pack came with Neovim 0.12")
    repository = tmp_path / "remote/nearside"
    shutil.copytree(PLUGIN, repository / "editors/nvim")
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "All"]):
        run(["git", "-C", repository, *words])
    editor = started(snippet("vim.pack").replace(ADDRESS, repository.as_uri()))
    clone = tmp_path / "data/nvim/site/pack/core/opt/nearside"
    assert suggests(editor, tmp_path) == clone / "editors/nvim/lua/nearside/init.lua"
