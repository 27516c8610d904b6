"""A server that is killed again and again while one types in Neovim costs no character, and comes back."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.e2e.editor import Open, Script

KILLS = 20
LINE = "value_{kill} = first_{kill} + second_{kill}"
SERVER = [sys.executable, "-P", "-S", str(Path(__file__).with_name("quick_server.py"))]


def test_twenty_kills_while_typing_lose_nothing(open_file: Open, script: Script) -> None:
    editor = open_file("", columns=80, keys="i", options={"cmd": SERVER})
    editor.nvim.ui_attach(80, 24, rgb=True)  # only with a screen can a message ask for Enter
    typed = []
    for kill in range(1, KILLS + 1):
        editor.until("a server serves the file", lambda kill=kill: len(script.events("didOpen")) == kill)
        line = LINE.format(kill=kill)
        typed.append(line)
        for place, character in enumerate(line):
            if place == len(line) // 2:
                os.kill(script.events("initialize")[-1]["pid"], signal.SIGKILL)
            editor.keys(character)
            assert editor.nvim.api.get_mode() == {"mode": "i", "blocking": False}
        editor.keys("<CR>")
        editor.reads(*typed, "")
    editor.until("the last server serves the file", lambda: len(script.events("didOpen")) == KILLS + 1)
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Tab>")
    editor.reads(*typed, "return a + b")
    assert len(script.events("initialize")) == KILLS + 1, "a killed server is started again, once"
    messages = editor.messages().splitlines()
    assert [line.partition("(")[0] for line in messages] == [
        "Nearside pauses: its server ended ",
        "Nearside pauses: its server keeps ending ",
    ]
    assert "Nearside is back" in editor.lua("return require('nearside').status()[2]")


def test_a_server_that_could_not_start_is_started_again(open_file: Open, tmp_path: Path) -> None:
    fails_once = 'if [ -e tried ]; then exec "$@"; else touch tried; exit 3; fi'
    editor = open_file(options={"cmd": ["sh", "-c", f"cd {tmp_path}; {fails_once}", "sh", *SERVER]})
    assert "its server ended (exit code 3)" in editor.messages()
    editor.keys("retu")
    editor.shows("rn a + b")
