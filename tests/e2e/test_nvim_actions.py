"""Code actions in real Neovims: chosen from the menu, asked for an instruction, shown, applied, cancelled."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.e2e.editor import REPOSITORY, Editor
from tests.lsp_server.acting import SUMS, python_project
from tests.lsp_server.test_actions import fenced
from tests.lsp_server.test_actions_stopped import processes
from tests.scripted_engine import Script

RIGHT = fenced("def add(a, b):\n    return a + b")
LONG = 60
"""Seconds for an action that runs tests several times, on a machine that does other things too."""
FIXED = SUMS.replace("a - b", "a + b").splitlines()
CHOOSE = """
local title = ...
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action) return vim.startswith(action.title, title) end,
})
"""
MENU = """
vim.ui.select = function(items, options, choose)
  _G.menu = vim.tbl_map(function(item) return item.action.title end, items)
end
vim.lsp.buf.code_action()
"""
BUFFER = """
local buf = vim.fn.bufnr(...)
return buf < 0 and {} or vim.api.nvim_buf_get_lines(buf, 0, -1, false)
"""
Edits = Callable[..., Editor]


@pytest.fixture
def edits(nvim: Path, tmp_path: Path) -> Iterator[Edits]:
    """Return a function that opens a file of a Python project; the engine gives some answers."""
    editors: list[Editor] = []

    def edits(file: str, *chats: str, before: str = "", **actions: object) -> Editor:
        script = tmp_path / "engine.json"
        script.write_text(json.dumps(asdict(Script(chats=list(chats)))))
        settings = {
            "retrieval": {"enabled": False},
            "routing": {"actions": {"checks": ["parse", "lint", "tests"], **actions}},
        }
        options = {"cmd": [sys.executable, "-P", "-m", "tests.serve_scripted"], "settings": settings}
        environment = {"PYTHONPATH": str(REPOSITORY), "SCRIPTED_ENGINE": str(script)}
        root = python_project(tmp_path / "project")
        (root / ".git").mkdir()
        editor = Editor(nvim, tmp_path, options=options, environment=environment, before_setup=before)
        editors.append(editor)
        editor.open(root / file)
        return editor

    yield edits
    for editor in editors:
        editor.close()


def ready(editor: Editor) -> None:
    """Wait until the model is known to chat."""

    def menu() -> bool:
        editor.lua(MENU)
        titles = editor.lua("return _G.menu or {}")
        return any(title.startswith("Explain") for title in titles)

    editor.until("actions are offered", menu)


def test_a_failing_test_is_fixed_from_the_menu(edits: Edits, tmp_path: Path) -> None:
    editor = edits("tests/test_sums.py", fenced("def add(a, b):\n    return 0"), RIGHT)
    editor.nvim.current.window.cursor = (5, 4)
    ready(editor)
    editor.lua(CHOOSE, "Fix the code until test_add passes")
    editor.until("the code is fixed", lambda: editor.lua(BUFFER, "project/sums.py") == FIXED, LONG)
    assert (tmp_path / "project/sums.py").read_text() == SUMS, "saving is the user's"
    assert editor.lines()[3] == "def test_add():"


def test_a_refactoring_asks_for_its_instruction(edits: Edits) -> None:
    editor = edits("sums.py", fenced("def double(a):\n    return a + a"))
    editor.lua(
        "vim.ui.input = function(options, done) _G.prompt = options.prompt; done('add it to itself') end"
    )
    editor.nvim.current.window.cursor = (6, 4)
    ready(editor)
    editor.lua(CHOOSE, "Refactor double …")
    editor.until("the code is another", lambda: "    return a + a" in editor.lines(), LONG)
    assert editor.lua("return _G.prompt") == "How should it be refactored? "
    editor.keys("u")
    editor.reads(*SUMS.splitlines())


def test_an_instruction_that_is_not_given_begins_nothing(edits: Edits) -> None:
    editor = edits("sums.py", RIGHT)
    editor.lua("vim.ui.input = function(options, done) _G.asked = true; done(nil) end")
    ready(editor)
    editor.lua(CHOOSE, "Refactor add …")
    editor.until("it was asked for", lambda: editor.lua("return _G.asked"))
    editor.nvim.command("Nearside cancel")
    editor.until("nothing runs", lambda: "no action runs" in editor.messages())


def test_an_explanation_opens_in_a_window_that_q_closes(edits: Edits) -> None:
    editor = edits("sums.py", "It **adds**.")
    ready(editor)
    editor.nvim.command("Nearside act explain")
    editor.until("a window", lambda: len(editor.nvim.windows) == 2)
    assert editor.lines() == ["# Explain add", "", "It **adds**."]
    assert editor.nvim.current.buffer.options["filetype"] == "markdown"
    editor.keys("q")
    editor.until("it is closed", lambda: len(editor.nvim.windows) == 1)


def test_tests_are_written_into_a_new_buffer(edits: Edits, tmp_path: Path) -> None:
    good = "from sums import double\n\n\ndef test_twice():\n    assert double(2) == 4"
    editor = edits("sums.py", fenced(good))
    (tmp_path / "project/tests/test_sums.py").unlink()
    editor.nvim.current.window.cursor = (6, 4)
    ready(editor)
    editor.lua(CHOOSE, "Write tests for double")
    new = "project/tests/test_sums.py$"
    editor.until("a new buffer", lambda: editor.lua(BUFFER, new)[:1] == ["from sums import double"], LONG)


def test_lines_can_be_given_and_what_fails_is_one_line(edits: Edits) -> None:
    editor = edits("sums.py", "I would rather not.")
    ready(editor)
    editor.nvim.command("5,6Nearside act optimise")
    editor.until("a reason", lambda: "Nothing was changed. scripted tried" in editor.messages())
    editor.reads(*SUMS.splitlines())
    editor.nvim.command("Nearside act nonsense")
    editor.until("a hint", lambda: 'there is no action "nonsense"' in editor.messages())
    assert editor.lua("return vim.fn.getcompletion('Nearside act ref', 'cmdline')") == ["refactor"]
    assert "act" in editor.lua("return vim.fn.getcompletion('Nearside ', 'cmdline')")


def test_cancelling_ends_the_tests_it_runs(edits: Edits) -> None:
    marker = f"nearside-test-{uuid.uuid4().hex}"
    command = f"{sys.executable} -c 'import time; time.sleep(300)' {marker}"
    editor = edits("sums.py", fenced("def double(a):\n    return a + a"), tests=command)
    ready(editor)
    editor.nvim.command("5,6Nearside act optimise")
    editor.until("its tests run", lambda: processes(marker))
    editor.nvim.command("Nearside cancel")
    editor.until("they are gone", lambda: not processes(marker))
    editor.reads(*SUMS.splitlines())
    assert "Nothing was" not in editor.messages()
