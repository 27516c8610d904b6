"""Ghost text beside completion menus in Neovims: blink.cmp's, Neovim's own, and nvim-cmp's way with keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.editor import NATIVE, OURS, PLUGIN, Editor, Open, Script
from tests.e2e.fetched import Unavailable

QUICK = [sys.executable, "-P", "-S", str(Path(__file__).with_name("quick_server.py"))]
WORDS = ["return_value = 1", "retrograde = 2"]
PRESETS = ["default", "super-tab", "enter"]
MENU = "return require('blink.cmp').is_menu_visible()"
LOADED = "before", "on InsertEnter", "before a late server"


def readme(plugin: str) -> str:
    """Return what the page says to write beside a plugin."""
    after = (PLUGIN / "README.md").read_text(encoding="utf-8").partition(f"**{plugin}**")[2]
    found = re.search(r"```lua\n(.*?)```", after, re.DOTALL)
    assert found, plugin
    return found[1].rstrip().removesuffix(",")


Beside = Callable[..., Editor]


@pytest.fixture
def blink(open_file: Open, others: dict[str, Path | Unavailable], tmp_path: Path) -> Beside:
    """Return a function that opens a file beside blink.cmp, which completes words of the buffer."""
    blink_folder = others["blink.cmp"]
    if isinstance(blink_folder, Unavailable):
        pytest.skip(f"no blink.cmp to test with: {blink_folder}")

    def opened(keymap: str, loaded: str = "before", more: str = "") -> Editor:
        words = "cmdline = { enabled = false }, sources = { default = { 'buffer' } }"
        setup = (
            f"vim.opt.runtimepath:prepend('{blink_folder}')\n"
            "require('blink.cmp').setup({ fuzzy = { implementation = 'lua' },\n"
            f"  {words}, {keymap}, {more} }})\n"
        )
        if loaded == "on InsertEnter":
            setup = (
                "vim.api.nvim_create_autocmd('InsertEnter', { once = true, callback = function()\n"
                f"{setup} end }})"
            )
        late = loaded == "before a late server"
        go = tmp_path / "go"
        wait = f"while [ ! -e {go} ]; do sleep 0.02; done; " if late else ""
        if late:
            setup += (
                "vim.api.nvim_create_autocmd('BufEnter', { pattern = 'add.py', once = true,\n"
                "  callback = function() vim.api.nvim_input('Go') end })\n"
                "vim.api.nvim_create_autocmd('InsertEnter', { once = true, callback = function()\n"
                f"  vim.schedule(function() io.open('{go}', 'w'):close() end) end }})"
            )
        server = {"cmd": ["sh", "-c", f'{wait}exec "$@"', "sh", *QUICK]}
        return open_file("\n".join(WORDS), options=server, before_setup=setup, keys="" if late else "Go")

    return opened


def preset(name: str) -> str:
    return f"keymap = {{ preset = '{name}' }}"


def menu_and_ghost(editor: Editor) -> None:
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.lua("require('blink.cmp').show({ providers = { 'buffer' } })")
    editor.until("the menu is open", lambda: editor.lua(MENU))
    assert editor.ghost() == "rn a + b"


@pytest.mark.parametrize("loaded", LOADED)
@pytest.mark.parametrize("name", PRESETS)
def test_tab_beside_blink(blink: Beside, name: str, loaded: str) -> None:
    """The menu's own Tab comes first; without one, or a menu, Tab takes the suggestion; else it is a Tab."""
    editor = blink(preset(name), loaded)
    menu_and_ghost(editor)
    taken = "return_value" if name == "super-tab" else "return a + b"
    editor.keys("<Tab>")
    if name == "super-tab":  # its menu puts the item in later; what is typed meanwhile would come before it
        editor.reads(*WORDS, taken)
    editor.keys(" # end")
    editor.reads(*WORDS, f"{taken} # end")
    editor.keys("<CR>retu")
    editor.shows("rn a + b")
    editor.lua("require('blink.cmp').hide()")
    editor.until("the menu is closed", lambda: not editor.lua(MENU))
    editor.keys("<Tab>+ 1")
    editor.reads(*WORDS, f"{taken} # end", "return a + b+ 1")
    editor.keys("<CR><Tab>x<Tab>")
    editor.reads(*WORDS, f"{taken} # end", "return a + b+ 1", "\tx\t")
    assert editor.messages() == ""


@pytest.mark.parametrize(("name", "accept"), [("enter", "<CR>"), ("default", "<C-y>")])
def test_an_item_of_blinks_menu_is_taken_while_a_suggestion_shows(
    blink: Beside, name: str, accept: str
) -> None:
    editor = blink(preset(name))
    menu_and_ghost(editor)
    editor.keys(accept)
    editor.reads(*WORDS, "return_value")
    editor.shows("")


def test_blinks_ghost_text_gives_way_where_ours_is_on(blink: Beside) -> None:
    editor = blink(preset("default"), more="completion = { ghost_text = { enabled = true } }")
    menu_and_ghost(editor)
    theirs = "return require('blink.cmp').is_ghost_text_visible()"
    assert not editor.lua(theirs)
    editor.nvim.command("Nearside toggle")
    editor.keys("<Esc>oretr")
    editor.until("blink's own ghost text", lambda: editor.lua(theirs))


@pytest.mark.parametrize("loaded", LOADED)
def test_the_suggestion_comes_first_as_the_page_has_it(blink: Beside, loaded: str) -> None:
    editor = blink(readme("blink.cmp"), loaded)
    menu_and_ghost(editor)
    editor.keys("<Tab> # end")
    editor.reads(*WORDS, "return a + b # end")
    editor.keys("<CR>retr")
    editor.until("the menu is open", lambda: editor.lua(MENU))
    editor.keys("<Tab>")
    editor.reads(*WORDS, "return a + b # end", "retrograde")
    editor.keys("<CR><Tab>x")
    editor.reads(*WORDS, "return a + b # end", "retrograde", "\tx")


def nvim_cmps_way(mapping: str) -> str:
    """Return Lua that maps a key on InsertEnter over what it finds, and falls back to that, as nvim-cmp does.

    Where the buffer has a mapping it maps the buffer, else all; text is typed again, a function is called.
    """
    return (
        "local function falls_back_to(found) return function()\n"
        "  if found and found.callback and found.expr == 0 then return found.callback() end\n"
        "  local keys = found and (found.callback and found.callback() or found.rhs) or '<Tab>'\n"
        "  vim.api.nvim_feedkeys(vim.keycode(keys), 'in', true)\n"
        "end end\n"
        f"local mapping = ({{ {mapping} }})['<Tab>']\n"
        "vim.api.nvim_create_autocmd('InsertEnter', { callback = function()\n"
        "  local found = vim.fn.maparg('<Tab>', 'i', false, true)\n"
        "  if found.desc == 'stand-in' then return end\n"
        "  local fallback = falls_back_to(next(found) and found)\n"
        "  vim.keymap.set('i', '<Tab>', function() mapping(fallback) end,\n"
        "    { desc = 'stand-in', buffer = found.buffer == 1 and 0 or nil })\n"
        "end })\n"
    )


def test_the_suggestion_comes_first_beside_nvim_cmps_way_of_mapping(open_file: Open) -> None:
    editor = open_file(options={"cmd": QUICK}, before_setup=nvim_cmps_way(readme("nvim-cmp")))
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Tab>+ 1<Tab>x")
    editor.reads("def add(a, b):", "    return a + b+ 1\tx")


def test_a_menus_key_comes_first_beside_nvim_cmps_way_of_mapping(open_file: Open) -> None:
    menu = "['<Tab>'] = function(fallback) if vim.g.menu then vim.g.taken = 1 else fallback() end end"
    editor = open_file(options={"cmd": QUICK}, before_setup=nvim_cmps_way(menu))
    editor.lua("vim.g.menu = true")
    editor.keys("retu")
    editor.shows("rn a + b")
    editor.keys("<Tab>")
    editor.until("the menu had the key", lambda: editor.lua("return vim.g.taken"))
    editor.shows("rn a + b")
    editor.lua("vim.g.menu = nil")
    editor.keys("<Tab>+ 1<Tab>x")
    editor.reads("def add(a, b):", "    return a + b+ 1\tx")


def test_neovims_own_menu_and_the_suggestion_stand_side_by_side(open_file: Open) -> None:
    one_is_a_menu = "vim.o.completeopt = 'menuone'"
    editor = open_file("\n".join(WORDS), options={"cmd": QUICK}, before_setup=one_is_a_menu, keys="Go")
    visible = "return vim.fn.pumvisible() == 1"
    editor.keys("retu<C-x><C-n><C-p>")  # a menu of words, none of them chosen
    editor.until("the menu is open", lambda: editor.lua(visible))
    editor.shows("rn a + b")
    editor.keys("<Tab>x")
    editor.reads(*WORDS, "return a + bx")
    assert not editor.lua(visible)
    editor.keys("<CR>retu<C-x><C-n>")
    editor.reads(*WORDS, "return a + bx", "return_value")
    editor.keys("<C-y> = 2<Tab>x")
    editor.reads(*WORDS, "return a + bx", "return_value = 2\tx")


def test_autocomplete_and_the_suggestion_stand_side_by_side(open_file: Open, newest: bool) -> None:
    if not newest:
        pytest.skip("'autocomplete' came with Neovim 0.12")
    editor = open_file(
        "\n".join(WORDS), options={"cmd": QUICK}, before_setup="vim.o.autocomplete = true", keys="Go"
    )
    for end in range(1, len("retu") + 1):  # it opens its menu where no key waits to be read
        editor.keys("retu"[end - 1])
        editor.reads(*WORDS, "retu"[:end])
    editor.until("the menu is open", lambda: editor.lua("return vim.fn.pumvisible() == 1"))
    editor.shows("rn a + b")
    assert editor.marks(OURS) == ["rn a + b"]
    editor.keys("<Tab>x")
    editor.reads(*WORDS, "return a + bx")


def test_inline_completion_of_neovim_that_is_on_for_other_servers_leaves_ours_alone(
    open_file: Open, script: Script, newest: bool
) -> None:
    if not newest:
        pytest.skip("vim.lsp.inline_completion came with Neovim 0.12")
    script.answers({"after": "retu", "items": ["rn a + b"]})
    editor = open_file(before_setup="vim.lsp.inline_completion.enable()")
    editor.keys("retu")
    editor.shows("rn a + b")
    assert editor.marks(NATIVE) == [] and editor.marks(OURS) == ["rn a + b"]
    assert editor.lua("return vim.lsp.inline_completion.is_enabled({ bufnr = 0 })")
    editor.keys("<Tab>")
    editor.reads("def add(a, b):", "    return a + b")
