"""What the page of the plugin tells users to write makes Neovim find it: by hand, and with vim.pack."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.editor import PLUGIN
from tests.e2e.fetched import run

ADDRESS = "<the repository's address>"
SAY = """
lua io.stdout:write(vim.json.encode({
  set_up = require("nearside").options() ~= nil,
  file = vim.uv.fs_realpath(vim.api.nvim_get_runtime_file("lua/nearside/init.lua", false)[1]),
  command = vim.fn.exists(":Nearside"),
  help = #vim.api.nvim_get_runtime_file("doc/nearside.txt", true),
}))
"""


def snippet(title: str) -> str:
    """Return the first Lua of the page after a title."""
    after = (PLUGIN / "README.md").read_text(encoding="utf-8").partition(f"**{title}**")[2]
    found = re.search(r"```lua\n(.*?)```", after, re.DOTALL)
    assert found, title
    return found[1]


def started(nvim: Path, folder: Path, configuration: str) -> dict[str, object]:
    """Start a Neovim whose whole configuration this is, and return what it knows of the plugin."""
    init = folder / "init.lua"
    yes = "vim.fn.confirm = function() return 1 end\n"  # what a user answers who is asked whether to install
    init.write_text(yes + configuration, encoding="utf-8")
    folders = [f"XDG_{kind}_HOME={folder / kind.lower()}" for kind in ("CONFIG", "DATA", "STATE", "CACHE")]
    command = ["env", "-i", f"PATH={os.environ['PATH']}", f"HOME={folder}", *folders]
    say = " ".join(SAY.split())
    said = run([*command, nvim, "--headless", "-n", "-i", "NONE", "-u", init, "-c", say, "-c", "qall!"])
    return json.loads(said[said.index("{") :])


def test_the_plugin_is_found_by_hand(nvim: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "src/nearside/editors"
    checkout.mkdir(parents=True)
    shutil.copytree(PLUGIN, checkout / "nvim")
    told = started(nvim, tmp_path, snippet("By hand"))
    file = checkout / "nvim/lua/nearside/init.lua"
    assert told == {"set_up": True, "file": str(file), "command": 2, "help": 1}


def test_vim_pack_clones_the_repository_and_finds_the_plugin(
    nvim: Path, native: bool, tmp_path: Path
) -> None:
    if not native:
        pytest.skip("vim.pack came with Neovim 0.12")
    repository = tmp_path / "remote/nearside"
    shutil.copytree(PLUGIN, repository / "editors/nvim")
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "All"]):
        run(["git", "-C", repository, *words])
    told = started(nvim, tmp_path, snippet("vim.pack").replace(ADDRESS, repository.as_uri()))
    clone = tmp_path / "data/nvim/site/pack/core/opt/nearside"
    file = clone / "editors/nvim/lua/nearside/init.lua"
    assert told == {"set_up": True, "file": str(file), "command": 2, "help": 1}
