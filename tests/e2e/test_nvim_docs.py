""":Nearside docs in real Neovims, with the real server and a package in the project's environment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.editor import REPOSITORY, Editor

STORE = 'class ParcelStore:\n    """Keeps parcels on shelves."""\n'


@pytest.fixture
def editor(nvim: Path, tmp_path: Path, home: Path) -> Iterator[Editor]:
    root = tmp_path / "project"
    site = root / ".venv" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".venv" / "pyvenv.cfg").write_text("home = /nowhere\n")
    (site / "depot.py").write_text(STORE)
    (root / "main.py").write_text("from depot import ParcelStore\n")
    command = [sys.executable, "-P", "-m", "nearside", "serve"]
    environment = {"XDG_RUNTIME_DIR": str(home / "runtime"), "PYTHONPATH": str(REPOSITORY)}
    settings = {"retrieval": {"enabled": False}, "model": {"completion": "/no/such/model.gguf"}}
    editor = Editor(nvim, tmp_path, options={"cmd": command, "settings": settings}, environment=environment)
    editor.open(root / "main.py")
    yield editor
    editor.close()


def floating(editor: Editor) -> str:
    """Return the text of the floating windows there are."""
    return editor.nvim.exec_lua(
        "local text = {}"
        " for _, window in ipairs(vim.api.nvim_list_wins()) do"
        "  if vim.api.nvim_win_get_config(window).relative ~= '' then"
        "   vim.list_extend(text, vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false))"
        "  end end return table.concat(text, '\\n')"
    )


@pytest.mark.parametrize("command", ["Nearside docs depot.ParcelStore", "Nearside docs"])
def test_the_documentation_of_a_name_opens_in_a_window(editor: Editor, command: str) -> None:
    editor.until("the server is attached", editor.is_served)
    editor.nvim.command("call cursor(1, 22)")
    editor.nvim.command(command)
    editor.until("the window is there", lambda: "Keeps parcels on shelves." in floating(editor))
