"""A change no test has proved, in real Neovims: seen as a diff, applied, put away, too late, in a row."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.e2e.editor import REPOSITORY, Editor
from tests.lsp_server.acting import SUMS, python_project
from tests.lsp_server.test_actions import fenced
from tests.scripted_engine import Script

FASTER = fenced("def double(a):\n    return a + a")
AFTER = SUMS.replace("2 * a", "a + a").splitlines()
TESTS = "from sums import double\n\n\ndef test_twice():\n    assert double(2) == 4"
APPLIED, AWAY = "a, <CR> apply", "q, <Esc> put away"
PREVIEW = """
for _, win in ipairs(vim.api.nvim_list_wins()) do
  local config = vim.api.nvim_win_get_config(win)
  if config.relative ~= "" and config.title then
    local function words(chunks)
      return chunks and vim.iter(chunks):map(function(chunk) return chunk[1] end):join("") or ""
    end
    local buf = vim.api.nvim_win_get_buf(win)
    return {
      title = vim.trim(words(config.title)), footer = vim.trim(words(config.footer)),
      lines = vim.api.nvim_buf_get_lines(buf, 0, -1, false), filetype = vim.bo[buf].filetype,
      focused = win == vim.api.nvim_get_current_win(),
    }
  end
end
"""
STATUS = "return require('nearside').statusline()"
ANSWERS = """
_G.answers = {}
local apply = require("nearside.preview").apply_edit
require("nearside.preview").apply_edit = function(...)
  local answer = apply(...)
  table.insert(_G.answers, answer.applied)
  return answer
end
"""
Opens = Callable[..., Editor]


@pytest.fixture
def opens(nvim: Path, tmp_path: Path) -> Iterator[Opens]:
    """Return a function that opens a file where only parsing is checked; the engine gives some answers."""
    editors: list[Editor] = []

    def opens(*chats: str, file: str = "sums.py", checks: tuple[str, ...] = ("parse",)) -> Editor:
        script = tmp_path / "engine.json"
        script.write_text(json.dumps(asdict(Script(chats=list(chats)))))
        settings = {"retrieval": {"enabled": False}, "routing": {"actions": {"checks": checks}}}
        options = {"cmd": [sys.executable, "-P", "-m", "tests.serve_scripted"], "settings": settings}
        environment = {"PYTHONPATH": str(REPOSITORY), "SCRIPTED_ENGINE": str(script)}
        root = python_project(tmp_path / "project")
        (root / ".git").mkdir()
        editor = Editor(nvim, tmp_path, options=options, environment=environment, before_setup=ANSWERS)
        editors.append(editor)
        editor.nvim.ui_attach(100, 30)
        editor.nvim.command(f"cd {root}")
        editor.open(root / file)
        editor.until("the model is ready", lambda: "scripted" in editor.lua(STATUS))
        return editor

    yield opens
    for editor in editors:
        editor.close()


def preview(editor: Editor) -> dict[str, object]:
    """Wait until a change is shown and its keys work."""

    def shown() -> dict[str, object] | None:
        found = editor.lua(PREVIEW)
        return found if found and found["footer"] else None

    found = editor.until("a preview whose keys work", shown, 30)
    assert found
    return found


def gone(editor: Editor) -> None:
    editor.until("no preview", lambda: not editor.lua(PREVIEW))


def act(editor: Editor, kind: str = "optimise", line: int = 5) -> None:
    editor.nvim.command(f"{line}Nearside act {kind}")


def test_the_diff_is_shown_with_who_wrote_it_and_what_was_checked(opens: Opens) -> None:
    editor = opens(FASTER)
    act(editor)
    shown = preview(editor)
    assert shown["title"] == "Make double faster" and shown["filetype"] == "diff" and shown["focused"]
    assert shown["footer"] == f"{APPLIED} · {AWAY}"
    lines = shown["lines"]
    assert isinstance(lines, list)
    assert lines[:4] == ["# scripted · local · parses, not tested", "", "--- sums.py", "+++ sums.py"]
    assert lines[4].startswith("@@ -3,7 +3,7 @@")
    assert [line for line in lines[5:] if line[:1] in "+-"] == ["-    return 2 * a", "+    return a + a"]
    assert not editor.nvim.api.get_mode()["blocking"]


@pytest.mark.parametrize("key", ["a", "<CR>"])
def test_applied_it_is_in_the_text_and_one_undo_takes_it_back(opens: Opens, key: str) -> None:
    editor = opens(FASTER)
    editor.keys("9Gomore<Esc>")
    before = [*SUMS.splitlines()[:9], "more", *SUMS.splitlines()[9:]]
    editor.reads(*before)
    act(editor)
    preview(editor)
    editor.keys(key)
    gone(editor)
    editor.reads(*(line.replace("2 * a", "a + a") for line in before))
    editor.until("the server is told", lambda: editor.lua("return _G.answers") == [True])
    assert "Nearside changed sums.py; u takes it back" in editor.messages()
    editor.keys("u")
    editor.reads(*before)


@pytest.mark.parametrize("key", ["q", "<Esc>", ":q<CR>", "<C-w>c"])
def test_put_away_nothing_is_changed(opens: Opens, key: str) -> None:
    editor = opens(FASTER)
    act(editor)
    preview(editor)
    editor.keys(key)
    gone(editor)
    editor.until("the server is told", lambda: editor.lua("return _G.answers") == [False])
    assert editor.lines() == SUMS.splitlines()
    assert "Nothing was changed" not in editor.messages()


def test_a_text_that_changed_while_it_was_looked_at_is_left_alone(opens: Opens) -> None:
    editor = opens(FASTER)
    act(editor)
    preview(editor)
    editor.keys("<C-w>pggOmore<Esc><C-w>p")
    editor.keys("a")
    editor.until("why", lambda: "Nothing was changed, because sums.py was changed" in editor.messages())
    gone(editor)
    assert editor.lines() == ["more", *SUMS.splitlines()]
    assert editor.lua("return _G.answers") == [False]


def test_who_changed_it_and_took_that_back_may_still_apply_it(opens: Opens) -> None:
    editor = opens(FASTER)
    act(editor)
    preview(editor)
    editor.keys("<C-w>pggOmore<Esc>u<C-w>p")
    editor.keys("a")
    gone(editor)
    editor.reads(*AFTER)


def test_an_edit_of_an_older_version_is_not_even_shown(opens: Opens) -> None:
    editor = opens(FASTER)
    editor.lua(
        "local client = vim.lsp.get_clients({ name = 'nearside' })[1]\n"
        "local edit = { documentChanges = { { textDocument = { uri = vim.uri_from_bufnr(0), version = 1 },\n"
        "  edits = {} } }, changeAnnotations = { nearside = { label = 'x', needsConfirmation = true } } }\n"
        "vim.api.nvim_buf_set_lines(0, 0, 0, false, { 'more' })\n"
        "_G.answer = client.handlers['workspace/applyEdit'](nil, { edit = edit }, { client_id = client.id })"
    )
    assert editor.lua("return _G.answer") == {"applied": False}
    editor.until("why", lambda: "Nothing was changed, because sums.py was changed" in editor.messages())


def test_a_new_file_is_made_when_it_is_applied(opens: Opens, tmp_path: Path) -> None:
    editor = opens(fenced(TESTS), fenced(TESTS))
    new = tmp_path / "project/tests/test_sums.py"
    new.unlink()
    act(editor, "write-tests")
    shown = preview(editor)
    lines = shown["lines"]
    assert isinstance(lines, list) and lines[2:4] == ["--- /dev/null", "+++ tests/test_sums.py"]
    assert [line[1:] for line in lines[5:]] == TESTS.splitlines() and not new.exists()
    editor.keys("a")
    gone(editor)
    editor.nvim.command(f"edit {new}")
    editor.reads(*TESTS.splitlines())
    assert editor.lua("return vim.bo.modified and vim.bo.buflisted"), "saving is the user's"


def test_a_file_that_came_to_be_meanwhile_is_not_overwritten(opens: Opens, tmp_path: Path) -> None:
    editor = opens(fenced(TESTS), fenced(TESTS))
    new = tmp_path / "project/tests/test_sums.py"
    new.unlink()
    act(editor, "write-tests")
    preview(editor)
    new.write_text("mine\n")
    editor.keys("a")
    editor.until("why", lambda: "because tests/test_sums.py was made meanwhile" in editor.messages())
    assert new.read_text() == "mine\n"


def test_two_at_once_are_shown_one_after_the_other(opens: Opens, tmp_path: Path) -> None:
    editor = opens(FASTER, FASTER)
    other = tmp_path / "project/other.py"
    other.write_text(SUMS)
    act(editor)
    preview(editor)
    editor.keys("<C-w>p")
    editor.open(other)
    act(editor)
    editor.until("both are there", lambda: str(preview(editor)["footer"]).endswith("· 1 more"))
    editor.keys("<C-w>pq")
    editor.until("the other is shown", lambda: "+++ other.py" in str(editor.lua(PREVIEW)))
    assert preview(editor)["footer"] == f"{APPLIED} · {AWAY}"
    editor.keys("a")
    gone(editor)
    editor.reads(*AFTER)
    assert (tmp_path / "project/sums.py").read_text() == SUMS
    assert editor.lua("return _G.answers") == [False, True]
    editor.nvim.command("buffer sums.py")
    assert editor.lines() == SUMS.splitlines()


def test_cancelling_puts_away_what_is_shown_and_what_waits(opens: Opens) -> None:
    editor = opens(FASTER)
    act(editor)
    preview(editor)
    editor.nvim.command("Nearside cancel")
    gone(editor)
    assert editor.lines() == SUMS.splitlines() and editor.lua("return _G.answers") == [False]
    editor.nvim.command("Nearside cancel")
    editor.until("nothing runs", lambda: "no action runs" in editor.messages())


def test_who_types_is_not_interrupted(opens: Opens) -> None:
    editor = opens(FASTER)
    act(editor)
    editor.keys(":new<CR>i")
    editor.until("it waits", lambda: "when you are back in Normal mode" in editor.messages(), 30)
    editor.keys("aqa")
    editor.reads("aqa")
    assert not editor.lua(PREVIEW)
    editor.keys("<Esc>")
    assert preview(editor)["title"] == "Make double faster"


def test_a_key_pressed_as_it_opens_does_nothing(opens: Opens) -> None:
    editor = opens(FASTER)
    editor.lua(
        "vim.api.nvim_create_autocmd('FileType', { pattern = 'diff', once = true, callback = function()\n"
        "  vim.schedule(function() vim.api.nvim_input('a') end)\n"
        "end })"
    )
    act(editor)
    preview(editor)
    assert editor.lua("return _G.answers") == []


def test_what_tests_have_proved_is_applied_without_a_look(opens: Opens) -> None:
    editor = opens(FASTER, checks=("parse", "tests"))
    act(editor)
    editor.until("it is applied", lambda: editor.lines() == AFTER, 60)
    assert not editor.lua(PREVIEW)


def test_a_change_from_the_menu_is_looked_at_too(opens: Opens) -> None:
    editor = opens(FASTER)
    editor.nvim.current.window.cursor = (5, 4)
    filter = "function(one) return one.title:match('faster') end"
    choose = f"vim.lsp.buf.code_action({{ apply = true, filter = {filter} }})"

    def chosen() -> bool:
        if not editor.lua(PREVIEW):
            editor.lua(choose)
        return bool(editor.lua(PREVIEW))

    editor.lua("vim.notify = function() end")  # while the model is not known to chat there is no action
    editor.until("the menu has it", chosen, 60)
    assert preview(editor)["title"] == "Make double faster"
