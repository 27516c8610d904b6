"""Ghost text in real Neovims: seen, accepted in parts, cycled, dismissed, and what is asked for it."""

from __future__ import annotations

from tests.e2e.editor import OURS, Open, Script

RETURN = {"after": "retu", "items": ["rn a + b", "rn sum((a, b))", "rn b + a"]}


def test_ghost_text_appears_where_the_user_types(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    assert editor.marks(OURS) == ["rn a + b"]
    assert editor.lines() == ["def add(a, b):", "    retu"]


def test_tab_inserts_the_suggestion_and_tells_the_server(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")
    assert editor.ghost() == ""
    assert editor.cursor() == (2, 16)
    editor.until("the server was told", lambda: script.events("accepted"))
    assert [event["text"] for event in script.events("accepted")] == ["rn a + b"]


def test_a_suggestion_of_several_lines_is_drawn_and_inserted_whole(open_file: Open, script: Script) -> None:
    script.answers({"after": "if a:", "items": ["\n        return b\n    return a"]})
    editor = open_file()
    editor.keys("if a:")
    editor.shows("\n        return b\n    return a")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    if a:", "        return b", "    return a")
    assert editor.cursor() == (4, 12)


def test_keys_typed_right_after_tab_follow_the_suggestion(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Tab> + 1")
    editor.reads("def add(a, b):", "    return a + b + 1")


def test_one_undo_removes_the_suggestion_and_keeps_what_was_typed(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")
    editor.keys("<Esc>u")
    editor.reads("def add(a, b):", "    retu")


def test_accepting_a_word_keeps_the_rest_on_screen(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    script.answers({"after": "", "hold": True, "items": []})
    editor.keys("<C-Right>")
    editor.reads("def add(a, b):", "    return")
    assert editor.ghost() == " a + b"
    editor.keys("<C-Right>")
    editor.reads("def add(a, b):", "    return a")
    assert editor.ghost() == " + b"
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")
    assert editor.ghost() == ""
    editor.until("the server was told once", lambda: script.events("accepted"))
    assert len(script.events("accepted")) == 1


def test_the_rest_of_a_word_accept_gives_way_to_the_next_answer(open_file: Open, script: Script) -> None:
    script.answers(RETURN, {"after": "return x", "items": [" * 2"]})
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<C-Right>")
    editor.reads("def add(a, b):", "    return")
    editor.keys(" x")
    editor.shows(" * 2")


def test_the_next_answer_does_not_draw_the_rest_of_a_word_accept_twice(
    open_file: Open, script: Script
) -> None:
    script.answers(RETURN, {"after": "return", "items": [" a + b"]})
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<C-Right>")
    editor.until("it was answered again", lambda: len(script.events("answered")) == 2)
    editor.lua(  # its reply comes after the answer, so that the answer is drawn by then
        "local client = vim.lsp.get_clients({ name = 'nearside' })[1]\n"
        "client:request_sync('workspace/executeCommand', { command = 'scripted.release' }, 5000)"
    )
    editor.shows(" a + b")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")


def test_accepting_a_line_keeps_the_lines_below_on_screen(open_file: Open, script: Script) -> None:
    script.answers({"after": "if a:", "items": ["\n        return b\n    return a"]})
    editor = open_file(options={"keymaps": {"accept_line": "<C-l>"}})
    editor.keys("if a:")
    editor.shows("\n        return b\n    return a")
    script.answers({"after": "", "hold": True, "items": []})
    editor.keys("<C-l>")
    editor.reads("def add(a, b):", "    if a:", "        return b")
    assert editor.ghost() == "\n    return a"
    editor.keys("<C-l>")
    editor.reads("def add(a, b):", "    if a:", "        return b", "    return a")


def test_next_and_previous_walk_through_the_suggestions(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<M-]>")
    editor.shows("rn sum((a, b)) (2/3)")
    editor.keys("<M-]>")
    editor.shows("rn b + a (3/3)")
    editor.keys("<M-[><M-[>")
    editor.shows("rn a + b (1/3)")
    editor.keys("<M-[>")
    editor.shows("rn b + a (3/3)")
    assert [event["by_hand"] for event in script.events("inlineCompletion")].count(True) == 1
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return b + a")
    editor.until("the server was told", lambda: script.events("accepted"))
    assert script.events("accepted")[0]["text"] == "rn b + a"


def test_dismiss_hides_the_suggestion_and_gives_tab_back(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<C-]>")
    editor.shows("")
    editor.keys("<Tab>x")
    editor.reads("def add(a, b):", "    retu\tx")


def test_a_burst_of_keys_is_one_request(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(keys="2GAretu")
    editor.shows("rn a + b")
    assert [event["before"] for event in script.events("inlineCompletion")] == ["    retu"]


def test_an_older_request_is_cancelled(open_file: Open, script: Script) -> None:
    script.answers({"after": "retur", "items": ["n a"]}, {"after": "retu", "hold": True, "items": []})
    editor = open_file()
    editor.keys("retu")
    editor.until("a request was made", lambda: script.events("inlineCompletion"))
    editor.keys("r")
    editor.until("the first was withdrawn", lambda: script.events("cancelled"))
    assert script.events("cancelled")[0]["before"] == "    retu"


def test_with_auto_off_only_a_key_asks(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(options={"auto": False})
    editor.keys("retu<M-]>")
    editor.shows("rn a + b (1/3)")
    assert [event["by_hand"] for event in script.events("inlineCompletion")] == [True]
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")


def test_asking_where_there_is_no_suggestion_says_so(open_file: Open) -> None:
    editor = open_file()
    editor.keys("<M-]>")
    editor.until("a message", lambda: "Nearside has no suggestion here" in editor.messages())


def test_toggle_stops_and_resumes_suggestions(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file()
    editor.nvim.command("Nearside toggle")
    editor.keys("retu<M-]>")
    editor.shows("rn a + b (1/3)")
    assert [event["by_hand"] for event in script.events("inlineCompletion")] == [True]
    editor.nvim.command("Nearside toggle")
    editor.keys("<BS>u")
    editor.shows("rn a + b")
