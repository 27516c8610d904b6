"""The plugin in real Neovims: 0.12 (native ghost text) and 0.11 (ours), with a scripted and a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import neovim
from tests.e2e.editor import NATIVE, OURS, REPOSITORY, Editor, Script

Open = Callable[..., Editor]
RETURN = {"after": "retu", "items": ["rn a + b", "rn sum((a, b))", "rn b + a"]}
FUNCTION = "def add(a, b):\n    \n"


@pytest.fixture(scope="session")
def programs() -> dict[str, Path | neovim.Unavailable]:
    """The Neovims there are, looked for once and before any test has a cache folder of its own."""
    found: dict[str, Path | neovim.Unavailable] = {}
    for version, find in (("0.12", neovim.neovim), ("0.11", neovim.neovim_legacy)):
        try:
            found[version] = find()
        except neovim.Unavailable as reason:
            found[version] = reason
    return found


@pytest.fixture(params=["0.12", "0.11"])
def program(request: pytest.FixtureRequest, programs: dict[str, Path | neovim.Unavailable]) -> Path:
    """A Neovim of each version the plugin supports."""
    found = programs[request.param]
    if isinstance(found, neovim.Unavailable):
        request.applymarker(pytest.mark.skip)  # so that pytest reports all of them in one line
        pytest.skip(f"no Neovim {request.param} to test with: {found}")
    return found


@pytest.fixture
def native(program: Path) -> bool:
    """Whether Neovim itself draws the ghost text."""
    return neovim.version_of(program) >= (0, 12)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


@pytest.fixture
def open_file(program: Path, script: Script, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens text in a fresh editor and presses keys, `A` on line 2 by default."""
    editors: list[Editor] = []

    def open_file(text: str = FUNCTION, name: str = "add.py", keys: str = "2GA", **arguments: Any) -> Editor:
        options = {"cmd": script.command, "env": script.environment, **arguments.pop("options", {})}
        editor = Editor(program, tmp_path, options=options, **arguments)
        editors.append(editor)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        editor.open(path)
        editor.keys(keys)
        return editor

    yield open_file
    for editor in editors:
        editor.close()


def shows(editor: Editor, text: str) -> None:
    editor.until(f"ghost text {text!r}", lambda: editor.ghost() == text)


def reads(editor: Editor, *lines: str) -> None:
    editor.until(f"the buffer reads {lines}", lambda: editor.lines() == list(lines))


def has_messages(editor: Editor) -> bool:
    return editor.messages().strip() != ""


# Seeing and accepting


def test_ghost_text_appears_where_the_user_types(open_file: Open, script: Script, native: bool) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    assert editor.marks(NATIVE if native else OURS) == ["rn a + b"]
    assert editor.lines() == ["def add(a, b):", "    retu"]


def test_tab_inserts_the_suggestion_and_tells_the_server(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return a + b")
    assert editor.ghost() == ""
    assert editor.cursor() == (2, 16)
    editor.until("the server was told", lambda: script.events("accepted"))
    assert [event["text"] for event in script.events("accepted")] == ["rn a + b"]


def test_a_suggestion_of_several_lines_is_drawn_and_inserted_whole(open_file: Open, script: Script) -> None:
    script.answers({"after": "if a:", "items": ["\n        return b\n    return a"]})
    editor = open_file()
    editor.keys("if a:")
    shows(editor, "\n        return b\n    return a")
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    if a:", "        return b", "    return a")
    assert editor.cursor() == (4, 12)


def test_keys_typed_right_after_tab_follow_the_suggestion(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<Tab> + 1")
    reads(editor, "def add(a, b):", "    return a + b + 1")


def test_one_undo_removes_the_suggestion_and_keeps_what_was_typed(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return a + b")
    editor.keys("<Esc>u")
    reads(editor, "def add(a, b):", "    retu")


def test_accepting_a_word_keeps_the_rest_on_screen(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    script.answers({"after": "", "hold": True, "items": []})
    editor.keys("<C-Right>")
    reads(editor, "def add(a, b):", "    return")
    assert editor.ghost() == " a + b"
    editor.keys("<C-Right>")
    reads(editor, "def add(a, b):", "    return a")
    assert editor.ghost() == " + b"
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return a + b")
    assert editor.ghost() == ""
    editor.until("the server was told once", lambda: script.events("accepted"))
    assert len(script.events("accepted")) == 1


def test_the_rest_of_a_word_accept_gives_way_to_the_next_answer(open_file: Open, script: Script) -> None:
    script.answers(RETURN, {"after": "return x", "items": [" * 2"]})
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<C-Right>")
    reads(editor, "def add(a, b):", "    return")
    editor.keys(" x")
    shows(editor, " * 2")


def test_the_next_answer_does_not_draw_the_rest_of_a_word_accept_twice(
    open_file: Open, script: Script
) -> None:
    script.answers(RETURN, {"after": "return", "items": [" a + b"]})
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<C-Right>")
    editor.until("it was answered again", lambda: len(script.events("answered")) == 2)
    editor.lua(  # its reply comes after the answer, so that the answer is drawn by then
        "local client = vim.lsp.get_clients({ name = 'nearside' })[1]\n"
        "client:request_sync('workspace/executeCommand', { command = 'scripted.release' }, 5000)"
    )
    shows(editor, " a + b")
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return a + b")


def test_accepting_a_line_keeps_the_lines_below_on_screen(open_file: Open, script: Script) -> None:
    script.answers({"after": "if a:", "items": ["\n        return b\n    return a"]})
    editor = open_file(options={"keymaps": {"accept_line": "<C-l>"}})
    editor.keys("if a:")
    shows(editor, "\n        return b\n    return a")
    script.answers({"after": "", "hold": True, "items": []})
    editor.keys("<C-l>")
    reads(editor, "def add(a, b):", "    if a:", "        return b")
    assert editor.ghost() == "\n    return a"
    editor.keys("<C-l>")
    reads(editor, "def add(a, b):", "    if a:", "        return b", "    return a")


def test_next_and_previous_walk_through_the_suggestions(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<M-]>")
    shows(editor, "rn sum((a, b)) (2/3)")
    editor.keys("<M-]>")
    shows(editor, "rn b + a (3/3)")
    editor.keys("<M-[><M-[>")
    shows(editor, "rn a + b (1/3)")
    editor.keys("<M-[>")
    shows(editor, "rn b + a (3/3)")
    assert [event["by_hand"] for event in script.events("inlineCompletion")].count(True) == 1
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return b + a")
    editor.until("the server was told", lambda: script.events("accepted"))
    assert script.events("accepted")[0]["text"] == "rn b + a"


def test_dismiss_hides_the_suggestion_and_gives_tab_back(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<C-]>")
    shows(editor, "")
    editor.keys("<Tab>x")
    reads(editor, "def add(a, b):", "    retu\tx")


# What was suggested for one text never lands in another


def test_typing_along_then_tab_completes_the_rest_only(open_file: Open, script: Script) -> None:
    script.answers(RETURN, {"after": "retur", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("rn a")
    shows(editor, " + b")
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return a + b")


@pytest.mark.parametrize("typed", ["x", " FU", "rnx"])
def test_tab_after_typing_something_else_is_an_ordinary_tab(
    open_file: Open, script: Script, typed: str
) -> None:
    script.answers(RETURN, {"after": "", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys(typed + "<Tab>")
    reads(editor, "def add(a, b):", f"    retu{typed}\t")
    assert not has_messages(editor)
    assert script.events("accepted") == []


def test_tab_after_moving_to_another_line_leaves_both_lines_alone(open_file: Open, script: Script) -> None:
    script.answers(RETURN, {"after": "", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<Up><End><Tab>")
    reads(editor, "def add(a, b):\t", "    retu")


@pytest.mark.parametrize("server_trims", [False, True])
def test_an_answer_that_comes_after_more_was_typed_is_trimmed(
    open_file: Open, script: Script, server_trims: bool
) -> None:
    script.answers({"after": "retu", "hold": True, "items": ["rn a + b"], "trims": server_trims})
    editor = open_file()
    editor.keys("retu")
    editor.until("a request was made", lambda: script.events("inlineCompletion"))
    script.answers({"after": "", "hold": True, "items": []})
    editor.keys("rn")
    reads(editor, "def add(a, b):", "    return")
    editor.command_server("scripted.release")
    shows(editor, " a + b")
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return a + b")


def test_no_order_of_typing_and_accepting_loses_or_doubles_a_character(program: Path, tmp_path: Path) -> None:
    """Whatever was typed and deleted since, what still fits gives the line the suggestion was made for."""
    editor = Editor(program, tmp_path, options={"cmd": ["true"]})
    try:
        fitted, wrong = editor.lua(RANDOM_TYPING, 10_000, 20261120)
    finally:
        editor.close()
    assert wrong == []
    assert fitted > 2_000


RANDOM_TYPING = """
local cases, seed = ...
local fit = require("nearside.fit")
local letters = { "a", "b", "(", ")", " ", "é" }
math.randomseed(seed)
local function text(length)
  local parts = {}
  for index = 1, math.random(0, length) do parts[index] = letters[math.random(#letters)] end
  return table.concat(parts)
end
local fitted, wrong = 0, {}
for _ = 1, cases do
  local before, after, repeated, added = text(4), text(3), text(2), text(6)
  local origin = { row = 0, col = #before + #repeated, line = before .. repeated .. after }
  local replaced = math.random(0, #after)
  local item =
    { place = origin, text = repeated .. added, start_col = #before, end_col = origin.col + replaced }
  local wanted = before .. item.text .. after:sub(replaced + 1)
  local col, line = origin.col, origin.line
  for _ = 1, math.random(0, 5) do
    if math.random() < 0.2 and col > 0 then
      line, col = line:sub(1, col - 1) .. line:sub(col + 1), col - 1
    else
      local along = math.random() < 0.8 and added:sub(col - origin.col + 1, col - origin.col + 1) or ""
      local typed = along ~= "" and along or letters[math.random(#letters)]
      line, col = line:sub(1, col) .. typed .. line:sub(col + 1), col + #typed
    end
  end
  local edit = fit.edit(item, { row = 0, col = col, line = line })
  if edit then
    fitted = fitted + 1
    local got = line:sub(1, edit.col) .. edit.text .. line:sub(edit.end_col + 1)
    if got ~= wanted and #wrong < 5 then
      wrong[#wrong + 1] = { item = item, line = line, col = col, got = got, wanted = wanted }
    end
  end
end
return { fitted, wrong }
"""


def test_what_follows_the_cursor_is_replaced_once(open_file: Open, script: Script, native: bool) -> None:
    script.answers(
        {"after": "max(", "items": ["a, b)"], "replaces": 1}, {"after": "", "hold": True, "items": []}
    )
    editor = open_file("def add(a, b):\n    return max()\n", keys="2G$i")
    shows(editor, "a, b)" if native else "a, b")
    editor.keys("a,<Tab>")
    reads(editor, "def add(a, b):", "    return max(a, b)")


def test_columns_are_right_behind_characters_of_several_bytes(open_file: Open, script: Script) -> None:
    script.answers({"after": "é😀 = retu", "items": ["é😀 = return('ñ')"], "repeats_line": True})
    editor = open_file("# line\né😀 = \n")
    editor.keys("retu")
    editor.until("ghost text", lambda: editor.ghost().endswith("rn('ñ')"))
    editor.keys("r<Tab>")
    reads(editor, "# line", "é😀 = return('ñ')")


def test_windows_line_ends_stay_out_of_the_buffer(open_file: Open, script: Script) -> None:
    script.answers({"after": "if a:", "items": ["\r\n        return b"]})
    editor = open_file()
    editor.keys("if a:")
    editor.until("ghost text", lambda: "return b" in editor.ghost())
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    if a:", "        return b")


# Requests


def test_a_burst_of_keys_is_one_request(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(keys="2GAretu")
    shows(editor, "rn a + b")
    assert [event["before"] for event in script.events("inlineCompletion")] == ["    retu"]


def test_an_older_request_is_cancelled(open_file: Open, script: Script, native: bool) -> None:
    script.answers({"after": "retur", "items": ["n a"]}, {"after": "retu", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    editor.until("a request was made", lambda: script.events("inlineCompletion"))
    editor.keys("<Esc>" if native else "r")  # Neovim 0.12 itself cancels only on leaving insert mode
    editor.until("the first was withdrawn", lambda: script.events("cancelled"))
    assert script.events("cancelled")[0]["before"] == "    retu"


def test_with_auto_off_only_a_key_asks(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(options={"auto": False})
    editor.keys("retu<M-]>")
    shows(editor, "rn a + b (1/3)")
    assert [event["by_hand"] for event in script.events("inlineCompletion")] == [True]
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    return a + b")


def test_asking_where_there_is_no_suggestion_says_so(open_file: Open) -> None:
    editor = open_file()
    editor.keys("<M-]>")
    editor.until("a message", lambda: "Nearside has no suggestion here" in editor.messages())


def test_toggle_stops_and_resumes_suggestions(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.nvim.command("Nearside toggle")
    editor.keys("retu<M-]>")
    shows(editor, "rn a + b (1/3)")
    assert [event["by_hand"] for event in script.events("inlineCompletion")] == [True]
    editor.nvim.command("Nearside toggle")
    editor.keys("<BS>u")
    shows(editor, "rn a + b")


# Keys that have nothing to act on


def test_keys_do_their_ordinary_work_without_a_suggestion(open_file: Open) -> None:
    editor = open_file("one two\n", keys="gg0i")
    editor.keys("<Tab>")
    reads(editor, "\tone two")
    editor.keys("<C-Right>x")
    reads(editor, "\tone xtwo")


def test_a_key_falls_back_to_the_mapping_it_had(open_file: Open, script: Script) -> None:
    mapped = (
        "vim.keymap.set('i', '<Tab>', function() return 'user' end, { expr = true })\n"
        "vim.keymap.set('i', '<C-Right>', function() vim.g.moved = true end)\n"
        "vim.cmd [[imap <C-]> <Plug>(go)|inoremap <Plug>(go) went]]\n"
    )
    script.answers(RETURN)
    editor = open_file(before_setup=mapped)
    editor.keys("<Tab><C-Right><C-]>")
    reads(editor, "def add(a, b):", "    userwent")
    assert editor.lua("return vim.g.moved")
    editor.keys(" retu")
    shows(editor, "rn a + b")
    editor.keys("<Tab>")
    reads(editor, "def add(a, b):", "    userwent return a + b")


def test_a_key_set_to_false_is_left_alone(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(options={"keymaps": {"accept": False}})
    editor.keys("retu")
    shows(editor, "rn a + b")
    editor.keys("<Tab>x")
    reads(editor, "def add(a, b):", "    retu\tx")


def test_the_functions_work_in_an_expression_mapping(open_file: Open, script: Script) -> None:
    mapped = (
        "vim.keymap.set('i', '<C-y>', function()\n"
        "  return require('nearside').accept() and '' or 'nothing'\n"
        "end, { expr = true })"
    )
    script.answers(RETURN)
    editor = open_file(before_setup=mapped)
    editor.keys("<C-y> retu")
    shows(editor, "rn a + b")
    editor.keys("<C-y>")
    reads(editor, "def add(a, b):", "    nothing return a + b")
    assert not has_messages(editor)


# The server's life


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
    shows(editor, "rn a + b")


def test_a_killed_server_is_one_line_and_comes_back(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(columns=80)
    editor.keys("retu")
    shows(editor, "rn a + b")
    os.kill(script.events("initialize")[0]["pid"], signal.SIGKILL)
    editor.until("the user is told", lambda: "Nearside pauses" in editor.messages())
    assert editor.messages().count("\n") == 0
    assert editor.ghost() == ""
    editor.keys("<Tab>x")
    reads(editor, "def add(a, b):", "    retu\tx")
    editor.until("a new server runs", lambda: len(script.events("didOpen")) == 2)
    editor.keys("<BS><BS><BS>u")
    shows(editor, "rn a + b")
    assert editor.messages().count("\n") == 0
    assert "Nearside is back" in editor.lua("return require('nearside').status()[2]")


def test_a_server_that_ends_at_once_is_one_line(program: Path, tmp_path: Path) -> None:
    editor = Editor(program, tmp_path, options={"cmd": ["false"]}, columns=80)
    try:
        file = tmp_path / "add.py"
        file.write_text(FUNCTION)
        editor.nvim.command(f"edit {file}")
        editor.keys("2GAretu<Tab>x")
        reads(editor, "def add(a, b):", "    retu\tx")
        editor.until("the user is told", lambda: "its server ended (exit code 1)" in editor.messages())
        assert all(line.startswith("Nearside") for line in editor.messages().splitlines())
    finally:
        editor.close()


def test_a_missing_server_is_one_clear_line(program: Path, tmp_path: Path) -> None:
    editor = Editor(program, tmp_path, options={"cmd": ["no-such-nearside", "serve"]}, columns=80)
    try:
        file = tmp_path / "add.py"
        file.write_text(FUNCTION)
        editor.nvim.command(f"edit {file}")
        editor.keys("2GAretu<Tab>x")
        reads(editor, "def add(a, b):", "    retu\tx")
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
    shows(editor, "rn a + b")
    assert "very long and more" in editor.lua("return require('nearside').status()[2]").replace("\n", " ")


def test_an_unusable_option_keeps_its_default_and_is_named(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(options={"auto": "yes", "keymap": {}})
    editor.until("a message", lambda: "auto must be a boolean, not a string" in editor.messages())
    assert "keymap is not an option" in editor.lua("return require('nearside').status()[2]")
    editor.keys("retu")
    shows(editor, "rn a + b")


# What it tells of itself


def health(editor: Editor) -> str:
    editor.keys("<Esc>")
    editor.nvim.command("checkhealth nearside")
    editor.until(
        "the report", lambda: "last message" in "\n".join(editor.lines()) or "not set up" in editor.lines()
    )
    return "\n".join(editor.lines())


def test_checkhealth_reports_version_server_client_answer_and_last_message(
    open_file: Open, script: Script, native: bool
) -> None:
    script.answers({"after": "", "items": ["one", "two"]})
    editor = open_file()
    editor.command_server("scripted.message", 3, "the model is ready")
    editor.until("a message", lambda: "the model is ready" in editor.messages())
    report = health(editor)
    assert "vim.lsp.inline_completion" in report if native else "ghost text of our own" in report
    assert f"server program: {script.command[0]}" in report
    assert "server 1.2.3 is attached to" in report
    assert "server answers: 2 suggestion(s)" in report
    assert "Nearside: the model is ready" in report or "the model is ready" in report
    assert "ERROR" not in report


def test_checkhealth_names_a_missing_server(program: Path, tmp_path: Path) -> None:
    editor = Editor(program, tmp_path, options={"cmd": ["no-such-nearside"]})
    try:
        report = health(editor)
        assert '"no-such-nearside" is not on PATH, so there are no suggestions' in report
        assert "pipx install nearside" in report
    finally:
        editor.close()


def test_status_says_whether_the_buffer_is_served(open_file: Open) -> None:
    editor = open_file()
    assert editor.nvim.command_output("Nearside status").startswith(
        "Nearside 1.2.3 is attached and suggests while you type"
    )


# The real server, engine and model


@pytest.fixture
def real_editor(program: Path, tmp_path: Path) -> Iterator[Editor]:
    """An editor with `nearside serve` as a user starts it, and an engine of its own on the bundled model."""
    with tempfile.TemporaryDirectory(
        prefix="nearside-"
    ) as runtime:  # short: a socket's path has 107 bytes at most
        command = [sys.executable, "-P", "-m", "nearside"]
        environment = {"XDG_RUNTIME_DIR": runtime, "PYTHONPATH": str(REPOSITORY)}
        editor = Editor(
            program, tmp_path, options={"cmd": [*command, "serve"]}, environment=environment, columns=80
        )
        yield editor
        editor.close()
        stop = [*command, "engine", "stop"]
        subprocess.run(stop, env=editor.environment, check=True, capture_output=True, timeout=60)


def test_real_model_ghost_text(real_editor: Editor, tmp_path: Path) -> None:
    editor = real_editor
    path = tmp_path / "shapes.py"
    path.write_text(
        "import math\n\n\nclass Circle:\n    def __init__(self, radius):\n        self.radius = radius\n\n"
        "    def area(self):\n        return math.pi * self.radius ** 2\n\n    \n"
    )
    editor.open(path)
    editor.keys("G$a")
    pieces = (
        "def perimeter(self):<CR>",
        "return self.",
        "<CR><CR>def __repr__(self):<CR>",
        "return ",
        "<CR>",
    )
    for typed in pieces * 4:
        editor.keys(typed)
        with suppress(AssertionError):  # the model is still loading, or has nothing to say in this place
            editor.until("ghost text", editor.ghost, limit=3)
            break
    ghost = editor.ghost()
    assert ghost.strip(), editor.describe()
    before, (row, column) = editor.lines(), editor.cursor()
    editor.keys("<Tab>")
    head, tail = before[row - 1][:column], before[row - 1][column:]
    after = [*before[: row - 1], *(head + ghost + tail).split("\n"), *before[row:]]
    editor.until("the ghost text is in the buffer", lambda: editor.lines() == after)
    assert not has_messages(editor)
