"""A user's home with a `nearside` on its PATH, and editors opened there as the page says."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from tests.e2e.conftest import EDITOR
from tests.e2e.editor import REPOSITORY
from tests.e2e.fetched import Unavailable
from tests.e2e.other_editors import programs
from tests.e2e.other_editors.page import configuration
from tests.e2e.other_editors.programs import Program
from tests.e2e.other_editors.terminal import Terminal
from tests.lsp_server.test_actions import fenced
from tests.processes import runs
from tests.scripted_engine import Script

ADD = "def add(a, b):\n    return a + b\n"
DOCUMENTED = 'def add(a, b):\n    """Return the sum."""\n    return a + b\n'
Found = dict[str, Program | Unavailable]
READY = "Connected to nearside with model scripted"
SETTINGS = "[retrieval]\nenabled = false\n[routing.actions]\nchecks = ['parse']\n"


@dataclass
class Session:
    """An editor under way."""

    terminal: Terminal
    file: Path
    home: Path

    def served(self) -> None:
        """Wait until the server that the editor started has its model."""
        log = self.home / ".local/state/nearside/nearside.log"
        self.terminal.until("the server is ready", lambda: log.exists() and READY in log.read_text())

    @property
    def servers(self) -> list[int]:
        """The process numbers of all servers that the editor started."""
        log = self.home / "servers"
        return [int(line) for line in log.read_text().split()] if log.exists() else []

    def saved(self, text: str) -> None:
        """Wait until the file holds exactly this."""
        self.terminal.until(f"the file holds {text!r}, not {self.file.read_text()!r}", self._holds(text))

    def _holds(self, text: str) -> Callable[[], bool]:
        return lambda: self.file.read_text(encoding="utf-8") == text

    def left(self) -> None:
        """Wait until the editor has ended and has left no server behind."""
        self.terminal.until("the editor has ended", self.terminal.ended)
        numbers = self.servers
        assert numbers, "no server was ever started"
        self.terminal.until("its server has ended", lambda: not any(map(runs, numbers)))


@dataclass
class Launch:
    """Opens a file in an editor that is set up as a section of the page says."""

    home: Path
    found: Found
    record: Callable[[str, object], None]
    opened: list[Terminal] = field(default_factory=list)

    def program(self, editor: str) -> Program:
        """Return an editor by its name in `programs.EDITORS`; skip the test where it cannot be had."""
        program = self.found[editor]
        if isinstance(program, Unavailable):
            pytest.skip(f"no {editor} to test with: {program}")
        return program

    def __call__(self, editor: str, section: str, text: str) -> Session:
        program = self.program(editor)
        self.record(EDITOR, f"{editor.capitalize()} {program.version}")
        for name, content in configuration(section).items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        project = self.home / "project"
        (project / ".git").mkdir(parents=True)
        file = project / "add.py"
        file.write_text(text, encoding="utf-8")
        environment = {
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            **program.environment,
        }
        tmux = [*self.program("tmux").command, "-S", str(self.home / "tmux")]
        terminal = Terminal(tmux, [*program.command, str(file)], environment, project)
        self.opened.append(terminal)
        return Session(terminal, file, self.home)


@pytest.fixture(scope="session")
def found() -> Found:
    """The editors there are, looked for once and before any test has a cache folder of its own."""
    found: Found = {}
    for name, find in programs.EDITORS.items():
        try:
            found[name] = find()
        except Unavailable as reason:
            found[name] = reason
    return found


@pytest.fixture
def launch(found: Found, home: Path, record_property: Callable[[str, object], None]) -> Iterator[Launch]:
    """Return what opens an editor; the server's model knows how `add` goes on, and documents it."""
    launch = Launch(home, found, record_property)
    script = home / "engine.json"
    script.write_text(json.dumps(asdict(Script(follow=ADD, chats=[fenced(DOCUMENTED.rstrip())]))))
    settings = home / ".config/nearside/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS)
    nearside = home / "bin/nearside"
    nearside.parent.mkdir()
    nearside.write_text(
        "#!/bin/sh\n"
        '[ "$*" = serve ] || exit 2\n'
        "trap '' HUP\n"  # it is to end because its editor ended, not because the terminal did
        f"echo $$ >> {home}/servers\n"
        f"export PYTHONPATH={shlex.quote(str(REPOSITORY))} SCRIPTED_ENGINE={script}\n"
        f"exec {shlex.quote(sys.executable)} -P -m tests.serve_scripted 2>>{home}/server.err\n"
    )
    nearside.chmod(0o755)
    yield launch
    for terminal in launch.opened:
        terminal.close()
