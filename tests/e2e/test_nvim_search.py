""":Nearside search in real Neovims, with the real server and the real index of a small project."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.editor import REPOSITORY, Editor

STORE = '''class ParcelStore:
    def fetch_parcel(self, number):
        """Read one parcel from the shelf."""
        return b""


def weigh_everything(store):
    """Add up what all parcels weigh."""
    return 0
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "store.py").write_text(STORE)
    (root / "main.py").write_text("from store import ParcelStore\n")
    return root


@pytest.fixture
def editor(nvim: Path, tmp_path: Path, home: Path, project: Path) -> Iterator[Editor]:
    command = [sys.executable, "-P", "-m", "nearside", "serve"]
    environment = {"XDG_RUNTIME_DIR": str(home / "runtime"), "PYTHONPATH": str(REPOSITORY)}
    settings = {"retrieval": {"embedder": "none"}, "model": {"completion": "/no/such/model.gguf"}}
    options = {"cmd": command, "settings": settings}
    editor = Editor(nvim, tmp_path, options=options, environment=environment)
    editor.open(project / "main.py")
    yield editor
    editor.close()


def quickfix(editor: Editor) -> list[dict[str, Any]]:
    return editor.nvim.exec_lua(
        "return vim.tbl_map(function(item)"
        " local name = vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ':t')"
        " return { name = name, line = item.lnum, text = item.text }"
        " end, vim.fn.getqflist())"
    )


def test_what_is_found_is_a_quickfix_list(editor: Editor) -> None:
    editor.until("the server is attached", editor.is_served)

    def searched() -> bool:  # the project is read while we ask
        editor.nvim.command("Nearside search read one parcel from the shelf")
        return bool(quickfix(editor))

    editor.until("the search finds something", searched, limit=60)
    first = quickfix(editor)[0]
    assert (first["name"], first["text"]) == ("store.py", "ParcelStore.fetch_parcel")
    assert STORE.splitlines()[first["line"] - 1].strip().startswith("def fetch_parcel")


def test_a_search_without_words_says_what_to_do(editor: Editor) -> None:
    editor.until("the server is attached", editor.is_served)
    editor.nvim.command("Nearside search")
    editor.until("a line", lambda: "no words were given" in editor.messages())
    assert quickfix(editor) == []
