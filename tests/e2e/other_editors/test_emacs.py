"""Emacs with eglot and with lsp-mode, set up as the page says: suggestions, an action, a clean end."""

from __future__ import annotations

from tests.e2e.other_editors.conftest import ADD, DOCUMENTED, Launch, Session

EGLOT, LSP_MODE = "Emacs with eglot", "Emacs with lsp-mode"
PACKAGES = """
(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil)
(load "lsp-mode-autoloads")
"""
"""What Emacs's own package manager does at the start; compiling would only take the tests' time."""


def opened(launch: Launch, section: str, text: str) -> Session:
    early = launch.home / ".emacs.d/early-init.el"
    early.parent.mkdir()
    paths = "".join(f'(add-to-list \'load-path "{part}")\n' for part in launch.program("emacs").parts)
    early.write_text(paths + PACKAGES)
    session = launch("emacs", section, text)
    if section == LSP_MODE:
        session.terminal.shows("Select action:")
        session.terminal.type("i")  # the project's root is the folder with .git
    session.served()
    return session


def end(session: Session, text: str) -> None:
    """Save, see what was saved, and leave."""
    terminal = session.terminal
    terminal.keys("C-x", "C-s")
    session.saved(text)
    terminal.keys("C-x", "C-c")
    session.left()


def type_at_the_end(session: Session) -> None:
    session.terminal.keys("M->", "BSpace")
    session.terminal.type("retu")


def test_eglot_completes(launch: Launch) -> None:
    session = opened(launch, EGLOT, "def add(a, b):\n    \n")
    type_at_the_end(session)
    session.terminal.keys("C-M-i")
    session.terminal.shows("return a + b")
    end(session, ADD)


def test_eglot_applies_an_action(launch: Launch) -> None:
    session = opened(launch, EGLOT, ADD)
    act(session, "eglot-code-actions")
    end(session, DOCUMENTED)


def test_lsp_mode_shows_ghost_text_that_tab_takes(launch: Launch) -> None:
    session = opened(launch, LSP_MODE, "def add(a, b):\n    \n")
    type_at_the_end(session)
    session.terminal.shows("return a + b")
    assert session.file.read_text() == "def add(a, b):\n    \n"
    session.terminal.keys("Tab")
    end(session, ADD)


def test_lsp_mode_applies_an_action(launch: Launch) -> None:
    session = opened(launch, LSP_MODE, ADD)
    act(session, "lsp-execute-code-action")
    end(session, DOCUMENTED)


def act(session: Session, command: str) -> None:
    terminal = session.terminal
    terminal.keys("M-x")
    terminal.type(command)
    terminal.keys("Enter")
    terminal.shows("default Implement" if "eglot" in command else "Select code action")
    terminal.type("Document add")
    terminal.keys("Enter")
    terminal.shows("Return the sum.")
