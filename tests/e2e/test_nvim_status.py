"""A status line in real Neovims: what answers, how far the project is read, what runs; drawn by itself."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.editor import REPOSITORY, Editor
from tests.scripted_engine import Script

DRAW = """
vim.o.laststatus, vim.o.statusline = 2, "%{v:lua.require'nearside'.statusline()}"
vim.api.nvim_create_autocmd("User", { pattern = "NearsideStatus", callback = function()
  _G.heard = (_G.heard or 0) + 1
  _G.said = _G.said or {}
  table.insert(_G.said, require("nearside").statusline())
end })
"""
TELL = """
local client = vim.lsp.get_clients({ name = "nearside" })[1]
client.handlers["nearside/status"](nil, ..., { client_id = client.id })
"""
READY: dict[str, Any] = {
    "engine": "ready",
    "model": "/models/small.gguf",
    "hosted": "",
    "enabled": True,
    "index": {"state": "ready", "done": 0, "total": 0},
}
TOLD: list[tuple[dict[str, Any], str]] = [
    ({}, "small.gguf local"),
    ({"model": "x" * 40}, "x" * 27 + "… local"),
    ({"hosted": "terra"}, "small.gguf + terra in the cloud"),
    ({"enabled": False}, "small.gguf local · suggestions off"),
    ({"index": {"state": "reading", "done": 0, "total": 0}}, "small.gguf local · reading"),
    ({"index": {"state": "reading", "done": 3, "total": 40}}, "small.gguf local · reading 3/40"),
    ({"model": "a%=b"}, "a%=b local"),
]
EXPLAIN = """
vim.lsp.buf.code_action({ apply = true, filter = function(one) return one.title:match("^Explain") end })
"""
Starts = Callable[..., Editor]


@pytest.fixture
def starts(nvim: Path, tmp_path: Path) -> Iterator[Starts]:
    """Return a function that opens a file with the real server and an engine that keeps to a script."""
    editors: list[Editor] = []

    def starts(script: Script | None = None, before: str = DRAW, **settings: Any) -> Editor:
        file = tmp_path / "engine.json"
        file.write_text(json.dumps(asdict(script or Script())))
        environment = {"PYTHONPATH": str(REPOSITORY), "SCRIPTED_ENGINE": str(file)}
        options = {
            "cmd": [sys.executable, "-P", "-m", "tests.serve_scripted"],
            "settings": {"retrieval": {"enabled": False}, **settings},
        }
        editor = Editor(nvim, tmp_path, options=options, environment=environment, before_setup=before)
        editors.append(editor)
        editor.nvim.ui_attach(100, 20)
        path = tmp_path / "add.py"
        path.write_text("def add(a, b):\n    return a + b\n")
        editor.open(path)
        return editor

    yield starts
    for editor in editors:
        editor.close()


def server(editor: Editor) -> int:
    """Return the process number of the server, a child of Neovim."""
    children = editor.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    assert len(children) == 1
    return children[0]


def draws(editor: Editor, text: str) -> None:
    """Wait until the status line on screen is this."""
    editor.until(f"the status line {text!r}", lambda: on_screen(editor) == text)


def on_screen(editor: Editor) -> str:
    row = editor.lua("return vim.o.lines - vim.o.cmdheight")
    return "".join(editor.nvim.funcs.screenstring(row, column) for column in range(1, 100)).strip()


def test_the_model_is_shown_once_it_is_ready(starts: Starts) -> None:
    editor = starts(Script(start_delay=1.5))
    draws(editor, "model loading · no index")
    draws(editor, "scripted local · no index")
    assert editor.lua("return _G.heard") >= 2


def test_a_model_that_fails_is_told(starts: Starts) -> None:
    draws(starts(Script(fail="unavailable")), "model failed · no index")


def test_what_the_server_tells_is_put_into_few_words(starts: Starts) -> None:
    editor = starts()
    draws(editor, "scripted local · no index")
    for told, text in TOLD:
        editor.lua(TELL, {**READY, **told})
        draws(editor, text)


def test_an_action_is_shown_while_it_runs(starts: Starts) -> None:
    editor = starts(Script(chats=["It adds two numbers. " * 60], token_delay=0.05))
    draws(editor, "scripted local · no index")
    editor.lua(EXPLAIN)
    editor.until("the action is shown", lambda: on_screen(editor).endswith("· Explain add"))
    editor.nvim.command("Nearside cancel")
    draws(editor, "scripted local · no index")


def test_pausing_is_shown(starts: Starts) -> None:
    editor = starts()
    draws(editor, "scripted local · no index")
    editor.nvim.command("Nearside toggle")
    draws(editor, "scripted local · only when asked · no index")
    editor.nvim.command("Nearside toggle")
    draws(editor, "scripted local · no index")


def test_a_server_that_ended_is_told_and_so_is_its_return(starts: Starts) -> None:
    editor = starts()
    draws(editor, "scripted local · no index")
    editor.lua("_G.said = {}")
    os.kill(server(editor), signal.SIGKILL)
    editor.until("the end is told", lambda: "Nearside: no server" in editor.lua("return _G.said"))
    draws(editor, "scripted local · no index")


def test_a_buffer_that_is_no_file_has_nothing_to_tell(starts: Starts) -> None:
    editor = starts()
    draws(editor, "scripted local · no index")
    editor.nvim.command("help")
    assert editor.lua("return require('nearside').statusline()") == ""


def test_nothing_is_redrawn_for_those_who_do_not_show_it(starts: Starts) -> None:
    count = "vim.o.laststatus, vim.o.statusline = 2, '%{v:lua.count()}'\n_G.draws = 0\n"
    count += "function _G.count() _G.draws = _G.draws + 1 return 'mine' end"
    editor = starts(before=count)
    editor.until("the server is ready", lambda: on_screen(editor) == "mine")
    editor.nvim.command("redraw")
    before = editor.lua("return _G.draws")
    for _ in range(5):
        editor.lua(TELL, READY)
    editor.nvim.command("redraw")
    assert editor.lua("return _G.draws") - before <= 1
