"""What the Neovim tests share: the Neovims there are, a script for the server, files opened in an editor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import neovim, plugins
from tests.e2e.editor import Editor, Open, Script
from tests.e2e.fetched import Unavailable

EDITOR = "editor"
"""The property of a test that names the editor it drove, with its version."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what ran against which version."""
    ran: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            editors = {text for name, text in report.user_properties if name == EDITOR}
            ran.update((str(editor), outcome) for editor in editors)
    if ran:
        terminalreporter.section("editors")
    for (editor, outcome), count in sorted(ran.items()):
        terminalreporter.line(f"{editor}: {count} {outcome}")


@pytest.fixture(scope="session")
def nvims() -> dict[str, Path | neovim.Unavailable]:
    """The Neovims there are, looked for once and before any test has a cache folder of its own."""
    found: dict[str, Path | neovim.Unavailable] = {}
    for version, find in (("0.12", neovim.neovim), ("0.11", neovim.neovim_legacy)):
        try:
            found[version] = find()
        except neovim.Unavailable as reason:
            found[version] = reason
    return found


@pytest.fixture(scope="session")
def others() -> dict[str, Path | Unavailable]:
    """Other people's plugins there are, looked for as early."""
    found: dict[str, Path | Unavailable] = {}
    for name in plugins.WANTED:
        try:
            found[name] = plugins.plugin(name)
        except Unavailable as reason:
            found[name] = reason
    return found


@pytest.fixture(params=["0.12", "0.11"])
def nvim(
    request: pytest.FixtureRequest,
    nvims: dict[str, Path | neovim.Unavailable],
    record_property: Callable[[str, object], None],
) -> Path:
    """A Neovim of each version the plugin supports."""
    found = nvims[request.param]
    if isinstance(found, neovim.Unavailable):
        request.applymarker(pytest.mark.skip)  # so that pytest reports all of them in one line
        pytest.skip(f"no Neovim {request.param} to test with: {found}")
    record_property(EDITOR, f"Neovim {'.'.join(map(str, neovim.version_of(found)))}")
    return found


@pytest.fixture
def newest(nvim: Path) -> bool:
    """Whether this Neovim has what came with 0.12."""
    return neovim.version_of(nvim) >= (0, 12)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


@pytest.fixture
def open_file(nvim: Path, script: Script, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens text in a fresh editor and presses keys, `A` on line 2 by default."""
    editors: list[Editor] = []

    def open_file(
        text: str = "def add(a, b):\n    \n", name: str = "add.py", keys: str = "2GA", **arguments: Any
    ) -> Editor:
        options = {"cmd": script.command, "env": script.environment, **arguments.pop("options", {})}
        editor = Editor(nvim, tmp_path, options=options, **arguments)
        editors.append(editor)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        editor.open(path)
        editor.keys(keys)
        return editor

    yield open_file
    for editor in editors:
        editor.close()
