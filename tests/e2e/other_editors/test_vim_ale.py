"""Vim with ALE, set up as the page says: a suggestion taken from the menu, an explanation, a clean end."""

from __future__ import annotations

from tests.e2e.other_editors.conftest import ADD, Launch, Session


def opened(launch: Launch, text: str) -> Session:
    start = launch.home / ".vim/pack/plugins/start"
    start.mkdir(parents=True)
    (start / "ale").symlink_to(launch.program("vim").parts[0])
    session = launch("vim", "Vim with ALE", text)
    session.served()
    return session


def test_a_suggestion_is_taken_from_the_menu(launch: Launch) -> None:
    session = opened(launch, "def add(a, b):\n    \n")
    terminal = session.terminal
    terminal.type("2GA")
    terminal.type("retu")
    terminal.shows("return a + b")
    terminal.keys("C-n")
    terminal.keys("C-y")
    terminal.keys("Escape")
    terminal.type(":wq")
    terminal.keys("Enter")
    session.saved(ADD)
    session.left()


def test_code_is_explained(launch: Launch) -> None:
    session = opened(launch, ADD)
    terminal = session.terminal
    terminal.type(":ALECodeAction")
    terminal.keys("Enter")
    terminal.shows("Explain add")
    terminal.type("1")
    terminal.keys("Enter")
    terminal.shows("The explanation is in ")
