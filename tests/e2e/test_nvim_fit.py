"""What was suggested for one text never lands in another, in real Neovims."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.editor import Editor, Open, Script

RETURN = {"after": "retu", "items": ["rn a + b", "rn sum((a, b))", "rn b + a"]}


def test_typing_along_then_tab_completes_the_rest_only(open_file: Open, script: Script) -> None:
    script.answers(RETURN, {"after": "retur", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("rn a")
    editor.shows(" + b")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")


@pytest.mark.parametrize("typed", ["x", " FU", "rnx"])
def test_tab_after_typing_something_else_is_an_ordinary_tab(
    open_file: Open, script: Script, typed: str
) -> None:
    script.answers(RETURN, {"after": "", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys(typed + "<Tab>")
    editor.reads("def add(a, b):", f"    retu{typed}\t")
    assert not editor.messages().strip()
    assert script.events("accepted") == []


def test_tab_after_moving_to_another_line_leaves_both_lines_alone(open_file: Open, script: Script) -> None:
    script.answers(RETURN, {"after": "", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Up><End><Tab>")
    editor.reads("def add(a, b):\t", "    retu")


@pytest.mark.parametrize("server_trims", [False, True])
def test_an_answer_that_comes_after_more_was_typed_is_trimmed(
    open_file: Open, script: Script, server_trims: bool
) -> None:
    script.answers({"after": "retu", "hold": True, "items": ["rn a + b"], "trims": server_trims})
    editor = open_file(options={"auto": False})  # while typing, the next key's request takes over
    editor.keys("retu<M-]>")
    editor.until("a request was made", lambda: script.events("inlineCompletion"))
    editor.keys("rn")
    editor.reads("def add(a, b):", "    return")
    editor.command_server("scripted.release")
    editor.shows(" a + b (1/1)")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")


def test_no_order_of_typing_and_accepting_loses_or_doubles_a_character(nvim: Path, tmp_path: Path) -> None:
    """Whatever was typed and deleted since, what still fits gives the line the suggestion was made for."""
    editor = Editor(nvim, tmp_path, options={"cmd": ["true"]})
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


def test_what_follows_the_cursor_is_replaced_once(open_file: Open, script: Script) -> None:
    script.answers(
        {"after": "max(", "items": ["a, b)"], "replaces": 1}, {"after": "", "hold": True, "items": []}
    )
    editor = open_file("def add(a, b):\n    return max()\n", keys="2G$i")
    editor.shows("a, b")
    editor.keys("a,<Tab>")
    editor.reads("def add(a, b):", "    return max(a, b)")


def test_columns_are_right_behind_characters_of_several_bytes(open_file: Open, script: Script) -> None:
    script.answers({"after": "é😀 = retu", "items": ["é😀 = return('ñ')"], "repeats_line": True})
    editor = open_file("# line\né😀 = \n")
    editor.keys("retu")
    editor.until("ghost text", lambda: editor.ghost().endswith("rn('ñ')"))
    editor.keys("r<Tab>")
    editor.reads("# line", "é😀 = return('ñ')")


def test_windows_line_ends_stay_out_of_the_buffer(open_file: Open, script: Script) -> None:
    script.answers({"after": "if a:", "items": ["\r\n        return b"]})
    editor = open_file()
    editor.keys("if a:")
    editor.until("ghost text", lambda: "return b" in editor.ghost())
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    if a:", "        return b")
