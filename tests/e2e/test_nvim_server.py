"""The server of the Neovim plugin: settings, project, death, absence, and what is said of it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.e2e.editor import Editor, Open, Script

RETURN = {"after": "retu", "items": ["rn a + b", "rn sum((a, b))", "rn b + a"]}
FUNCTION = "def add(a, b):\n    \n"


def test_settings_reach_the_server_at_start_and_when_they_change(open_file: Open, script: Script) -> None:
    editor = open_file(options={"settings": {"completion": {"max_lines": 4}}})
    assert script.events("initialize")[0]["options"] == {"completion": {"max_lines": 4}}
    assert script.events("initialize")[0]["inline"] is True
    editor.until("the settings were sent", lambda: script.events("didChangeConfiguration"))
    assert script.events("didChangeConfiguration")[0]["settings"] == {
        "nearside": {"completion": {"max_lines": 4}}
    }
    editor.lua(
        "local options = require('nearside').options()\n"
        "options.settings = { completion = { max_lines = 2 } }\n"
        "require('nearside').setup(options)"
    )
    editor.until("the new settings were sent", lambda: len(script.events("didChangeConfiguration")) == 2)
    assert script.events("didChangeConfiguration")[1]["settings"] == {
        "nearside": {"completion": {"max_lines": 2}}
    }


def test_the_project_is_the_folder_with_a_marker(open_file: Open, script: Script, tmp_path: Path) -> None:
    (tmp_path / ".nearside.toml").touch()
    (tmp_path / "package").mkdir()
    open_file(name="package/add.py")
    assert script.events("initialize")[0]["root"] == tmp_path.as_uri()


def test_a_file_without_a_filetype_is_served_too(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(name="NOTES_OF_MINE")
    assert editor.lua("return vim.bo.filetype") == ""
    editor.keys("retu")
    editor.shows("rn a + b")


def test_a_killed_server_is_one_line_and_comes_back(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(columns=80)
    editor.keys("retu")
    editor.shows("rn a + b")
    os.kill(script.events("initialize")[0]["pid"], signal.SIGKILL)
    editor.until("the user is told", lambda: "Nearside pauses" in editor.messages())
    assert editor.messages().count("\n") == 0
    assert editor.ghost() == ""
    editor.keys("<Tab>x")
    editor.reads("def add(a, b):", "    retu\tx")
    editor.until("a new server runs", lambda: len(script.events("didOpen")) == 2)
    editor.keys("<BS><BS><BS>u")
    editor.shows("rn a + b")
    assert editor.messages().count("\n") == 0
    assert "Nearside is back" in editor.lua("return require('nearside').status()[2]")


def test_a_server_that_ends_at_once_is_one_line(nvim: Path, tmp_path: Path) -> None:
    editor = Editor(nvim, tmp_path, options={"cmd": ["false"]}, columns=80)
    try:
        file = tmp_path / "add.py"
        file.write_text(FUNCTION)
        editor.nvim.command(f"edit {file}")
        editor.keys("2GAretu<Tab>x")
        editor.reads("def add(a, b):", "    retu\tx")
        editor.until("the user is told", lambda: "its server ended (exit code 1)" in editor.messages())
        assert all(line.startswith("Nearside") for line in editor.messages().splitlines())
    finally:
        editor.close()


def test_a_missing_server_is_one_clear_line(nvim: Path, tmp_path: Path) -> None:
    editor = Editor(nvim, tmp_path, options={"cmd": ["no-such-nearside", "serve"]}, columns=80)
    try:
        file = tmp_path / "add.py"
        file.write_text(FUNCTION)
        editor.nvim.command(f"edit {file}")
        editor.keys("2GAretu<Tab>x")
        editor.reads("def add(a, b):", "    retu\tx")
        told = 'Nearside is off: "no-such-nearside" is not on PATH.'
        editor.until("the user is told", lambda: told in editor.messages())
        assert editor.messages().count("\n") == 0
    finally:
        editor.close()


def test_a_long_error_from_the_server_does_not_ask_for_enter(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(columns=60)
    editor.command_server(
        "scripted.message", 1, "The model was not loaded: " + "very " * 40 + "long\nand more"
    )
    editor.until("a message", lambda: "The model was not loaded" in editor.messages())
    editor.keys("retu")
    editor.shows("rn a + b")
    assert "very long and more" in editor.lua("return require('nearside').status()[2]").replace("\n", " ")


def test_an_unusable_option_keeps_its_default_and_is_named(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(options={"auto": "yes", "keymap": {}})
    editor.until("a message", lambda: "auto must be a boolean, not a string" in editor.messages())
    assert "keymap is not an option" in editor.lua("return require('nearside').status()[2]")
    editor.keys("retu")
    editor.shows("rn a + b")


def health(editor: Editor) -> str:
    editor.keys("<Esc>")
    editor.nvim.command("checkhealth nearside")
    editor.until(
        "the report", lambda: "last message" in "\n".join(editor.lines()) or "not set up" in editor.lines()
    )
    return "\n".join(editor.lines())


def test_checkhealth_reports_version_server_client_answer_and_last_message(
    open_file: Open, script: Script
) -> None:
    script.answers({"after": "", "items": ["one", "two"]})
    editor = open_file()
    editor.command_server("scripted.message", 3, "the model is ready")
    editor.until("a message", lambda: "the model is ready" in editor.messages())
    report = health(editor)
    assert "OK Neovim 0.1" in report
    assert f"server program: {script.command[0]}" in report
    assert "server 1.2.3 is attached to" in report
    assert "server answers: 2 suggestion(s)" in report
    assert "Nearside: the model is ready" in report or "the model is ready" in report
    assert "ERROR" not in report


def test_checkhealth_names_a_missing_server(nvim: Path, tmp_path: Path) -> None:
    editor = Editor(nvim, tmp_path, options={"cmd": ["no-such-nearside"]})
    try:
        report = health(editor)
        assert '"no-such-nearside" is not on PATH, so there are no suggestions' in report
        assert "from a checkout of Nearside: pipx install" in report
    finally:
        editor.close()


def test_status_says_whether_the_buffer_is_served(open_file: Open) -> None:
    editor = open_file()
    assert editor.nvim.command_output("Nearside status").startswith(
        "Nearside 1.2.3 is attached and suggests while you type"
    )
