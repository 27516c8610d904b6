"""Neovim tells the server what was copied and what is wrong, by place, and not more often than it helps."""

from __future__ import annotations

from tests.e2e.editor import Open, Script

DIAGNOSE = """
local space, found = vim.api.nvim_create_namespace("test"), {}
for number = 1, 60 do
  found[number] = { lnum = 0, col = 2, message = "trouble " .. number, severity = number == 60 and 1 or 3 }
end
for _ = 1, 5 do
  vim.diagnostic.set(space, 0, found)
end
"""


def test_lines_that_are_copied_are_named(open_file: Open, script: Script) -> None:
    editor = open_file()
    editor.keys("<Esc>ggyG")
    editor.until("the server was told", lambda: script.events("yanked"))
    assert script.events("yanked") == [{"event": "yanked", "first": 0, "last": 1}]
    editor.keys("ggdd")
    editor.keys("ggyy")
    editor.until("the next copy was told", lambda: len(script.events("yanked")) == 2)
    assert script.events("yanked")[1] == {"event": "yanked", "first": 0, "last": 0}


def test_diagnostics_are_told_once_after_they_changed_the_worst_first(
    open_file: Open, script: Script
) -> None:
    editor = open_file()
    editor.lua(DIAGNOSE)
    editor.until("the server was told", lambda: script.events("diagnostics"))
    told = script.events("diagnostics")
    assert len(told) == 1
    assert told[0]["messages"][0] == "trouble 60" and len(told[0]["messages"]) == 50
    editor.lua("vim.diagnostic.reset()")
    editor.until("the server was told that all is well", lambda: len(script.events("diagnostics")) == 2)
    assert script.events("diagnostics")[1]["messages"] == []
