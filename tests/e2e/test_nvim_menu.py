"""What :Nearside menu says and does in real Neovims, and the commands behind its entries."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.editor import REPOSITORY, Editor
from tests.e2e.test_nvim_preview import PREVIEW, preview
from tests.e2e.test_nvim_status import READY, TELL
from tests.scripted_engine import Script

CHOOSE = """
local start = ...
vim.ui.select = function(items, options, choose)
  _G.menu = { prompt = options.prompt, kind = options.kind, texts = vim.tbl_map(options.format_item, items) }
  choose(vim.iter(items):find(function(item) return vim.startswith(item.text, start) end))
end
vim.cmd("Nearside menu")
return _G.menu
"""
CLIENT = (
    "local client = vim.lsp.get_clients({ name = 'nearside', bufnr = 0 })[1]; return client and client.id"
)
GONE = "return vim.lsp.get_client_by_id(...) == nil"
DONE = ["> Go offline (restarts the server)", "> Explain the last decision", "> Open the cost report",
        "> Restart the server", "> Open the log"]  # fmt: skip
NONE = "none of them"
Opens = Callable[..., Editor]


@pytest.fixture
def opens(nvim: Path, tmp_path: Path) -> Iterator[Opens]:
    """Return a function that opens a file with the real server and an engine that keeps to a script."""
    editors: list[Editor] = []

    def opens(**options: Any) -> Editor:
        file = tmp_path / "engine.json"
        file.write_text(json.dumps(asdict(Script())))
        options = {
            "cmd": [sys.executable, "-P", "-m", "tests.serve_scripted"],
            "settings": {"retrieval": {"enabled": False}},
            **options,
        }
        environment = {"PYTHONPATH": str(REPOSITORY), "SCRIPTED_ENGINE": str(file)}
        editor = Editor(nvim, tmp_path, options=options, environment=environment)
        editors.append(editor)
        editor.nvim.ui_attach(130, 30)
        (tmp_path / "add.py").write_text("def add(a, b):\n    return a + b\n")
        editor.nvim.command(f"edit {tmp_path / 'add.py'}")
        return editor

    yield opens
    for editor in editors:
        editor.close()


def ready(editor: Editor) -> Editor:
    status = "return require('nearside').statusline()"
    editor.until("the model is ready", lambda: "scripted" in editor.lua(status))
    return editor


def test_it_says_what_there_is_to_know_and_offers_what_can_be_done(opens: Opens) -> None:
    editor = ready(opens())
    menu = editor.lua(CHOOSE, NONE)
    assert menu["prompt"] == "Nearside:" and menu["kind"] == "nearside"
    assert menu["texts"] == [
        "Model: scripted (is ready)", "Local only: no hosted model is asked", "The project is not indexed",
        "Spent today: $0.00", "> Pause suggestions", *DONE,
    ]  # fmt: skip
    figures = {"hosted": "terra", "index": {"state": "reading", "done": 3, "total": 40}}
    for today, said in (("0.0012", "$0.0012"), ("0.5", "$0.50")):
        editor.lua(TELL, {**READY, **figures, "spent": {"today": today, "budget": "2"}})
        assert editor.lua(CHOOSE, NONE)["texts"][1:4] == [
            "Hosted model where the local one will not do: terra",
            "The project is being read: 3 of 40",
            f"Spent today: {said} of $2.00",
        ]
    editor.lua(TELL, {**READY, "enabled": False, "engine": "failed", "model": "", "index": READY["index"]})
    texts = editor.lua(CHOOSE, NONE)["texts"]
    assert texts[:2] == ["Suggestions are off (completion.enabled)", "The model does not answer"]
    assert texts[3] == "The project's index is ready"


def test_pausing_and_resuming(opens: Opens) -> None:
    editor = ready(opens())
    editor.lua(CHOOSE, "> Pause")
    assert editor.lua("return require('nearside').paused()")
    assert editor.lua(CHOOSE, NONE)["texts"][0] == "Suggestions are paused"
    editor.nvim.command("Nearside pause")
    assert editor.lua("return require('nearside').paused()"), "said twice, it stays"
    assert "suggests only when asked" in editor.lua("return require('nearside').status()[1]")
    editor.lua(CHOOSE, "> Resume")
    assert not editor.lua("return require('nearside').paused()")
    editor.nvim.command("Nearside toggle")
    assert editor.lua("return require('nearside').paused()")
    editor.nvim.command("Nearside resume")
    assert "suggests while you type" in editor.lua("return require('nearside').status()[1]")


def test_going_offline_reaches_the_server_by_a_restart(opens: Opens, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "serve"
    program.write_text(
        f'#!/bin/sh\necho "${{NEARSIDE_OFFLINE-unset}}" >> {seen}\n'
        f"exec {sys.executable} -P -m tests.serve_scripted\n"
    )
    program.chmod(0o755)
    editor = ready(opens(cmd=[str(program)]))
    first = editor.lua(CLIENT)
    editor.lua(CHOOSE, "> Go offline")
    editor.until("another server is ready", lambda: len(seen.read_text().split()) == 2)
    editor.until("the first one is gone", lambda: editor.lua(GONE, first))
    ready(editor)
    texts = editor.lua(CHOOSE, NONE)["texts"]
    assert "Offline: nothing leaves this machine" in texts and "> Go online (restarts the server)" in texts
    editor.nvim.command("Nearside online")
    editor.until("a third", lambda: seen.read_text().split() == ["unset", "1", "0"])
    assert "ended" not in editor.messages()


def test_a_command_that_says_offline_stays_so(opens: Opens) -> None:
    editor = opens(cmd=["no-such-nearside", "--offline", "serve"])
    editor.nvim.command("Nearside online")
    editor.until("why", lambda: "stays offline, because its cmd says --offline" in editor.messages())


def test_without_a_server_one_line_says_so_and_the_rest_is_offered(opens: Opens) -> None:
    editor = opens(cmd=["no-such-nearside"])
    texts = editor.lua(CHOOSE, NONE)["texts"]
    assert texts[0] == "The server is not installed: see :checkhealth nearside"
    assert texts[1:] == ["> Pause suggestions", DONE[0], *DONE[3:]]
    editor.nvim.command("messages clear")
    for command, said in (("restart", 'Nearside is off: "no-such-nearside"'), ("report", "no server runs")):
        editor.nvim.command(f"Nearside {command}")
        editor.until(said, lambda said=said: said in editor.messages())
    assert len(editor.messages().splitlines()) == 2


def test_a_restart_serves_the_open_files_anew(opens: Opens) -> None:
    editor = ready(opens())
    first = editor.lua(CLIENT)
    editor.lua(CHOOSE, "> Restart")
    editor.until("another", lambda: editor.lua(CLIENT) not in (None, first) and editor.is_served())
    ready(editor)
    assert "ended" not in editor.messages()


def test_the_report_is_read_in_neovim_and_o_opens_its_page(opens: Opens) -> None:
    editor = ready(opens())
    editor.lua("vim.ui.open = function(uri) _G.opened = uri; return nil, 'no browser' end")
    editor.lua(CHOOSE, "> Open the cost report")
    shown = preview(editor)
    assert shown["title"] == "Cost of the last 30 days"
    assert shown["footer"] == "o open in the browser · q, <Esc> close"
    lines = shown["lines"]
    assert isinstance(lines, list) and lines[0].startswith("By project. Amounts in")
    editor.keys("o")
    editor.until("the page", lambda: str(editor.lua("return _G.opened or ''")).endswith("/cost.html"))
    editor.until("it is closed", lambda: not editor.lua(PREVIEW))
    editor.nvim.command("Nearside report")
    preview(editor)
    editor.keys("q")
    editor.until("it is closed", lambda: not editor.lua(PREVIEW))


def test_the_log_opens_at_its_end(opens: Opens) -> None:
    editor = ready(opens())
    editor.nvim.command("Nearside log")
    name = "return vim.api.nvim_buf_get_name(0)"
    editor.until("the log", lambda: editor.lua(name).endswith("/nearside/nearside.log"))
    assert editor.lua("return vim.bo.readonly and vim.fn.line('.') == vim.fn.line('$')")


def test_every_command_completes_and_another_is_named(opens: Opens) -> None:
    editor = opens(cmd=["no-such-nearside"])
    commands = ["log", "menu", "offline", "online", "pause", "report", "restart", "resume"]
    found = editor.lua("return vim.fn.getcompletion('Nearside ', 'cmdline')")
    assert set(commands) < set(found) and found == sorted(found)
    assert editor.lua("return vim.fn.getcompletion('Nearside re', 'cmdline')") == [
        "report",
        "restart",
        "resume",
    ]
    editor.nvim.command("Nearside nonsense")
    editor.until("it is named", lambda: 'cannot do "nonsense": try :Nearside menu' in editor.messages())
