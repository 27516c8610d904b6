"""The keys of the Neovim plugin where they have nothing to act on, and mappings of one's own."""

from __future__ import annotations

from tests.e2e.editor import Open, Script

RETURN = {"after": "retu", "items": ["rn a + b", "rn sum((a, b))", "rn b + a"]}


def test_keys_do_their_ordinary_work_without_a_suggestion(open_file: Open) -> None:
    editor = open_file("one two\n", keys="gg0i")
    editor.keys("<Tab>")
    editor.reads("\tone two")
    editor.keys("<C-Right>x")
    editor.reads("\tone xtwo")


def test_a_key_falls_back_to_the_mapping_it_had(open_file: Open, script: Script) -> None:
    mapped = (
        "vim.keymap.set('i', '<Tab>', function() return 'user' end, { expr = true })\n"
        "vim.keymap.set('i', '<C-Right>', function() vim.g.moved = true end)\n"
        "vim.cmd [[imap <C-]> <Plug>(go)|inoremap <Plug>(go) went]]\n"
    )
    script.answers(RETURN)
    editor = open_file(before_setup=mapped)
    editor.keys("<Tab><C-Right><C-]>")
    editor.reads("def add(a, b):", "    userwent")
    assert editor.lua("return vim.g.moved")
    editor.keys(" retu")
    editor.shows("rn a + b")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    userwent return a + b")


def test_a_key_set_to_false_is_left_alone(open_file: Open, script: Script) -> None:
    script.answers(RETURN)
    editor = open_file(options={"keymaps": {"accept": False}})
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Tab>x")
    editor.reads("def add(a, b):", "    retu\tx")


def test_the_functions_work_in_an_expression_mapping(open_file: Open, script: Script) -> None:
    mapped = (
        "vim.keymap.set('i', '<C-y>', function()\n"
        "  return require('nearside').accept() and '' or 'nothing'\n"
        "end, { expr = true })"
    )
    script.answers(RETURN)
    editor = open_file(before_setup=mapped)
    editor.keys("<C-y> retu")
    editor.shows("rn a + b")
    editor.keys("<C-y>")
    editor.reads("def add(a, b):", "    nothing return a + b")
    assert not editor.messages().strip()
