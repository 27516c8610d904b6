"""Neovim's own LSP client without our plugin, set up as the page says: ghost text, an action, a clean end."""

from __future__ import annotations

from tests.e2e.other_editors.conftest import ADD, DOCUMENTED, Launch
from tests.e2e.other_editors.terminal import Terminal

SECTION = "Neovim without the plugin"


def write_and_quit(terminal: Terminal) -> None:
    terminal.type(":wq")
    terminal.keys("Enter")


def test_ghost_text_is_shown_and_taken(launch: Launch) -> None:
    session = launch("neovim", SECTION, "def add(a, b):\n    \n")
    terminal = session.terminal
    session.served()
    terminal.type("2GA")
    terminal.type("retu")
    terminal.shows("return a + b")
    assert session.file.read_text() == "def add(a, b):\n    \n"
    terminal.keys("Tab")
    terminal.keys("Escape")
    write_and_quit(terminal)
    session.saved(ADD)
    session.left()


def test_tab_stays_a_tab_where_nothing_is_suggested(launch: Launch) -> None:
    session = launch("neovim", SECTION, "x = 1\n")
    terminal = session.terminal
    session.served()
    terminal.type("oy")
    terminal.keys("Tab")
    terminal.keys("Escape")
    write_and_quit(terminal)
    session.saved("x = 1\ny   \n")  # as its own settings for Python have it
    session.left()


def test_an_action_from_the_menu_changes_the_code(launch: Launch) -> None:
    session = launch("neovim", SECTION, ADD)
    session.served()
    terminal = session.terminal
    terminal.type("gra")
    terminal.shows("Document add")
    line = next(line for line in terminal.screen().splitlines() if "Document add" in line)
    terminal.type(line.strip().partition(":")[0])
    terminal.keys("Enter")
    terminal.shows("Return the sum.")
    terminal.keys("Enter")
    write_and_quit(terminal)
    session.saved(DOCUMENTED)
    session.left()
