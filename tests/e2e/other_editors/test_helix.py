"""Helix, set up as the page says: a suggestion taken from the menu, actions, a clean end."""

from __future__ import annotations

from tests.e2e.other_editors.conftest import ADD, DOCUMENTED, Launch
from tests.e2e.other_editors.terminal import Terminal


def choose(terminal: Terminal, title: str) -> None:
    """Choose an action of the open menu, counted from its end; the last line below it is the status line."""
    terminal.shows(title)
    below = terminal.screen().partition(title)[2].splitlines()[1:]
    back = [line for line in below if line.strip(" ~")]
    terminal.keys(*["BTab"] * len(back), "Enter")


def test_a_suggestion_is_taken_from_the_menu(launch: Launch) -> None:
    session = launch("helix", "Helix", "def add(a, b):\n    \n")
    terminal = session.terminal
    session.served()
    terminal.type("2gglA")
    terminal.type("retu")
    terminal.keys("C-x")
    terminal.shows("return a + b")
    terminal.keys("Tab")
    terminal.keys("Escape")
    terminal.type(":w")
    terminal.keys("Enter")
    session.saved(ADD)
    terminal.type(":q")
    terminal.keys("Enter")
    session.left()


def test_an_action_from_the_menu_changes_the_code(launch: Launch) -> None:
    session = launch("helix", "Helix", ADD)
    session.served()
    terminal = session.terminal
    terminal.type(" a")
    choose(terminal, "Document add")
    terminal.shows("Return the sum.")
    terminal.type(":wq")
    terminal.keys("Enter")
    session.saved(DOCUMENTED)
    session.left()


def test_code_is_explained_in_a_window(launch: Launch) -> None:
    session = launch("helix", "Helix", ADD)
    session.served()
    terminal = session.terminal
    terminal.type(" a")
    choose(terminal, "Explain add")
    terminal.shows("Explain-add.md")
    terminal.type(":qa")
    terminal.keys("Enter")
    session.left()
