"""What real Neovims tell the server of a suggestion: shown, taken in part, put away, accepted."""

from __future__ import annotations

import pytest

from tests.e2e.editor import Editor, Open, Script

RETURN = {"after": "retu", "items": ["rn a + b", "rn sum((a, b))"]}
NOTHING = {"after": "", "hold": True, "items": []}


def told(script: Script) -> list[tuple[str, str]]:
    """Return what the server was told, in order, and of which suggestion."""
    kinds = ("shown", "partial", "dismissed", "accepted")
    return [(event["event"], event["text"]) for event in script.events(*kinds)]


def showing(open_file: Open, script: Script) -> Editor:
    """Return an editor with a suggestion on the screen."""
    script.answers(RETURN, NOTHING)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.until("the server was told that it is shown", lambda: told(script))
    return editor


def test_a_suggestion_on_the_screen_is_told_once(open_file: Open, script: Script) -> None:
    editor = showing(open_file, script)
    editor.keys("rn")
    editor.reads("def add(a, b):", "    return")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")
    editor.until("the server was told", lambda: script.events("accepted"))
    assert told(script) == [("shown", "rn a + b"), ("accepted", "rn a + b")]


def test_an_answer_that_comes_too_late_is_told_only_where_it_is_drawn(
    open_file: Open, script: Script
) -> None:
    script.answers({"after": "retu", "items": ["rn a"], "hold": True}, NOTHING)
    editor = open_file()
    editor.keys("retu")
    editor.until("a request was made", lambda: script.events("inlineCompletion"))
    editor.keys("x")
    editor.reads("def add(a, b):", "    retux")
    editor.command_server("scripted.release")
    editor.until("it was answered", lambda: script.events("answered"))
    editor.keys("y")
    editor.until(
        "it was asked again", lambda: script.events("inlineCompletion")[-1]["before"] == "    retuxy"
    )
    assert told(script) == []


def test_taking_it_word_by_word_tells_how_far_and_then_that_it_was_accepted(
    open_file: Open, script: Script
) -> None:
    editor = showing(open_file, script)
    editor.keys("<C-Right>")
    editor.reads("def add(a, b):", "    return")
    editor.keys("<C-Right>")
    editor.reads("def add(a, b):", "    return a")
    editor.keys("<Tab>")
    editor.until("the server was told", lambda: script.events("accepted"))
    assert [event["length"] for event in script.events("partial")] == [2, 4]
    assert [kind for kind, _ in told(script)] == ["shown", "partial", "partial", "accepted"]


def test_a_part_is_measured_in_utf16_and_from_the_start_of_the_item(open_file: Open, script: Script) -> None:
    script.answers({"after": "s = ", "items": ['"😀é" + x']}, NOTHING)
    editor = open_file(options={"keymaps": {"accept_line": "<C-l>"}})
    editor.keys("s = ")
    editor.shows('"😀é" + x')
    editor.keys('"')
    editor.shows('😀é" + x')
    editor.keys("<C-Right>")
    editor.reads("def add(a, b):", '    s = "😀é')
    editor.until("the server was told", lambda: script.events("partial"))
    assert [event["length"] for event in script.events("partial")] == [4]


@pytest.mark.parametrize("key", ["<C-]>", "<Esc>"])
def test_putting_it_away_and_leaving_are_told(open_file: Open, script: Script, key: str) -> None:
    editor = showing(open_file, script)
    editor.keys(key)
    editor.until("the server was told", lambda: script.events("dismissed"))
    editor.keys("<Esc>")
    editor.until("insert mode was left", lambda: editor.nvim.api.get_mode()["mode"] == "n")
    assert told(script) == [("shown", "rn a + b"), ("dismissed", "rn a + b")]


def test_leaving_after_an_acceptance_dismisses_nothing(open_file: Open, script: Script) -> None:
    editor = showing(open_file, script)
    editor.keys("<Tab><Esc>")
    editor.until("the server was told", lambda: script.events("accepted"))
    editor.until("insert mode was left", lambda: editor.nvim.api.get_mode()["mode"] == "n")
    editor.command_server("scripted.message", 4, "later")
    assert told(script) == [("shown", "rn a + b"), ("accepted", "rn a + b")]


def test_each_alternative_that_is_looked_at_is_told(open_file: Open, script: Script) -> None:
    editor = showing(open_file, script)
    editor.keys("<M-]>")
    editor.shows("rn sum((a, b)) (2/2)")
    editor.until("the server was told", lambda: len(told(script)) == 2)
    assert told(script) == [("shown", "rn a + b"), ("shown", "rn sum((a, b))")]
